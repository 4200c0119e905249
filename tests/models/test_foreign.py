"""Networks of the user's own, and those that spandrel opens."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from tests.foreign_networks import Nearest, Plain
from workbench.errors import CheckpointError, ForeignCodeError
from workbench.models.complexity import count_network
from workbench.models.foreign import Adapted, Foreign
from workbench.models.opening import open_foreign, open_network

HERE = "tests.foreign_networks"


def foreign(name: str, input_range: int = 1, **arguments: Any) -> Foreign:
    return Foreign(f"{HERE}:{name}", arguments, input_range)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_class_is_built_with_its_arguments_and_weights(tmp_path: Path, wrapped: bool) -> None:
    theirs = Plain(channels=5, scale=3)
    state = theirs.state_dict()
    torch.save({"params": state} if wrapped else state, tmp_path / "w.pth")
    network, file = open_foreign(foreign("Plain", channels=5, scale=3), tmp_path / "w.pth")
    assert (network.name, network.scale) == ("w.pth", 3)
    assert network.origin == f"{HERE}:Plain"
    assert file.endswith("foreign_networks.py")
    image = torch.rand(1, 3, 8, 10)
    with torch.no_grad():
        assert torch.equal(network.module(image), theirs(image))


def test_safetensors_are_weights_too(tmp_path: Path) -> None:
    state = Plain().state_dict()
    save_file(state, tmp_path / "w.safetensors")
    network, _ = open_foreign(foreign("Plain"), tmp_path / "w.safetensors")
    assert torch.equal(network.module.state_dict()["module.first.bias"], state["first.bias"])


@pytest.mark.parametrize("input_range", [1, 255])
def test_the_network_sees_its_own_range_and_we_see_ours(input_range: int) -> None:
    network, _ = open_foreign(foreign("Nearest", input_range), None)
    image = torch.rand(1, 3, 8, 8)
    out = network.module(image)
    assert torch.allclose(out, Nearest()(image))
    inner = network.module.get_submodule("module")
    assert isinstance(inner, Nearest)
    assert inner.highest == pytest.approx(input_range * float(image.max()))


def test_without_weights_it_is_the_same_network_every_time() -> None:
    first, second = (open_foreign(foreign("Plain"), None)[0].module for _ in range(2))
    image = torch.rand(1, 3, 8, 8)
    assert torch.equal(first(image), second(image))


def test_the_scale_is_found_also_where_sizes_must_be_multiples() -> None:
    assert open_foreign(foreign("Nearest", scale=2, multiple=64), None)[0].scale == 2


def test_a_foreign_network_is_counted() -> None:
    network, _ = open_foreign(foreign("Plain", channels=5), None)
    cost = count_network(network.module).cost
    assert cost.parameters == sum(p.numel() for p in Plain(channels=5).parameters())
    assert cost.multiply_adds == 256 * 256 * 9 * (3 * 5 + 5 * 48)
    assert cost.convolutions == 2


@pytest.mark.parametrize(
    ("arch", "arguments", "reason"),
    [
        (HERE, {}, "--arch must be package.module:Class, got 'tests.foreign_networks'"),
        (f"{HERE}:", {}, "--arch must be package.module:Class"),
        ("no.such:Net", {}, "no.such:Net cannot be imported: ModuleNotFoundError: No module"),
        (f"{HERE}:Plane", {}, "has no 'Plane'; did you mean 'Plain'"),
        (f"{HERE}:Plain", {"chanels": 3}, "TypeError: .*unexpected keyword argument 'chanels'"),
        (f"{HERE}:Plain", {"channels": "3"}, "cannot be built with .*TypeError"),
        (f"{HERE}:Unlucky", {}, "cannot be built with {}: RuntimeError: no luck today"),
        (f"{HERE}:no_module", {}, "must give a torch.nn.Module, got int"),
        (f"{HERE}:NO_CLASS", {}, "cannot be built with {}: TypeError"),
        (f"{HERE}:TwoChannels", {}, r"must give an image of \(N, 3, H, W\), got \(1, 2, 128"),
        (f"{HERE}:Uneven", {}, "must enlarge by a whole number in 1..8, got 48 x 96 px"),
        (f"{HERE}:Nearest", {"scale": 9}, "must enlarge by a whole number in 1..8"),
        (f"{HERE}:Nearest", {"multiple": 7}, "cannot be run on an input of .*multiple of 7"),
    ],
)
def test_what_goes_wrong_in_foreign_code_is_one_line(
    arch: str, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ForeignCodeError, match=reason) as refusal:
        open_foreign(Foreign(arch, arguments, 1), None)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"first.bias": None}, "the tensor 'first.bias' is missing"),
        ({"more": torch.zeros(1)}, "the tensor 'more' is left over"),
        ({"first.bias": torch.zeros(3)}, r"'first.bias' must have the shape \(8,\), got \(3,\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_the_tensor(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    state = {**Plain().state_dict(), **change}
    torch.save({k: v for k, v in state.items() if v is not None}, tmp_path / "w.pth")
    with pytest.raises(CheckpointError, match=reason) as refusal:
        open_foreign(foreign("Plain"), tmp_path / "w.pth")
    assert str(refusal.value).startswith(f"{tmp_path / 'w.pth'}: does not fit {HERE}:Plain")


def spandrel_file(path: Path) -> nn.Module:
    """Write the weights of a network of spandrel, as they are published, and return it."""
    pytest.importorskip("spandrel", reason="the extra `spandrel` is not installed")
    from spandrel.architectures.Compact.__arch.SRVGG import SRVGGNetCompact

    made: nn.Module = SRVGGNetCompact(num_feat=16, num_conv=2, upscale=4)
    torch.save({"params_ema": made.state_dict()}, path)
    return made


def test_spandrel_opens_what_it_knows(tmp_path: Path) -> None:
    theirs = spandrel_file(tmp_path / "compact.pth").eval()
    network = open_network(tmp_path / "compact.pth")
    assert (network.scale, network.origin) == (4, "RealESRGAN Compact, opened by spandrel")
    image = torch.rand(1, 3, 12, 9)
    with torch.no_grad():
        assert torch.allclose(network.module(image), theirs(image).clamp(0, 1), atol=1e-6)
    parameters = sum(p.numel() for p in theirs.parameters())
    assert count_network(network.module).cost.parameters == parameters


def test_what_nobody_knows_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("spandrel", reason="the extra `spandrel` is not installed")
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match=r"no network of the line .*; spandrel does not know"):
        open_network(tmp_path / "x.pth")


def test_without_spandrel_the_error_says_what_might_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "spandrel", None)
    torch.save({"conv.weight": torch.zeros(1)}, tmp_path / "x.pth")
    with pytest.raises(
        CheckpointError, match=r"no network of the line .*mdrn-workbench\[spandrel\]"
    ):
        open_network(tmp_path / "x.pth")


def test_our_own_errors_pass_through_foreign_code() -> None:
    class Ours(nn.Module):
        def forward(self, _: torch.Tensor) -> torch.Tensor:
            raise CheckpointError("ours")

    with pytest.raises(CheckpointError, match=r"^ours$"):
        Adapted(Ours(), "x", 1)(torch.rand(1, 3, 8, 8))
