"""Networks of other people that do what no network should: each works, or is one line."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.builders.state import global_state
from tests.hostile_networks import Interpolation
from workbench.config.data import ImageSource
from workbench.data.pairs import FolderPairs
from workbench.errors import ForeignCodeError
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.running import NotFiniteError, Tiling
from workbench.models.checkpoints import weights_hash
from workbench.models.complexity import count_network
from workbench.models.foreign import Foreign
from workbench.models.opening import OpenedNetwork, open_foreign
from workbench.results import DatasetScores

IMAGE = "must give an image of"
RUN = "cannot be run on an input of"


def opened(name: str, arguments: dict[str, Any]) -> OpenedNetwork:
    return open_foreign(Foreign(f"tests.hostile_networks:{name}", arguments, 1), None)[0]


def scored(module: nn.Module, photos: Path, tiling: Tiling | None = None) -> DatasetScores:
    pairs = FolderPairs(ImageSource(name="photos", folder=str(photos)), 4, "bicubic")
    return evaluate(module, pairs, tiling=tiling or Tiling())


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Interpolation", {}),
        ("Buffered", {}),
        ("As", {"dtype": "float64"}),
        ("As", {"dtype": "float16"}),
        ("Lazy", {}),
        ("Linear", {}),
        ("Extra", {}),
        ("Speaks", {}),
        ("function", {}),
    ],
)
def test_what_gives_an_image_is_scored_counted_and_hashed(
    name: str, arguments: dict[str, Any], photos: Path
) -> None:
    network = opened(name, arguments)
    assert network.scale == 4
    assert len(scored(network.module, photos).images) == 4
    assert len(weights_hash(network.module.state_dict())) == 64
    cost = count_network(network.module, 64, 64).cost
    assert cost.parameters == sum(p.numel() for p in network.module.parameters())
    if name == "Interpolation":
        counted = (cost.multiply_adds, cost.challenge_flops, cost.activations, cost.convolutions)
        assert counted == (0, 0, 0, 0)


def test_bicubic_by_a_module_of_its_own_has_about_the_scores_of_bicubic(photos: Path) -> None:
    mean = scored(opened("Interpolation", {}).module, photos).mean()
    assert 15 < mean.psnr_rgb_db < 40


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("As", {"dtype": "uint8"}, "output must hold floating-point numbers, got uint8"),
        ("As", {"dtype": "complex64"}, "must hold floating-point numbers, got complex64"),
        ("Wrapped", {"kind": "tuple"}, rf"{IMAGE} \(N, 3, H, W\), got tuple"),
        ("Wrapped", {"kind": "list"}, f"{IMAGE} .* got list"),
        ("Wrapped", {"kind": "dict"}, f"{IMAGE} .* got dict"),
        ("Wrapped", {"kind": "none"}, f"{IMAGE} .* got NoneType"),
        ("Wrapped", {"kind": "number"}, f"{IMAGE} .* got float"),
        ("Wrapped", {"kind": "flat"}, rf"{IMAGE} .* got \(786432,\)"),
        ("Wrapped", {"kind": "sparse"}, "must be a dense tensor, got sparse_coo"),
        ("Wrapped", {"kind": "grey"}, rf"{IMAGE} .* got \(1, 1, 512, 512\)"),
        ("Wrapped", {"kind": "range"}, r"got values about 128 from grey 0.5; is --input-range 255"),
        ("Wrapped", {"kind": "small"}, "must enlarge by a whole number .* got 191 x 191"),
        ("Raises", {"where": "exit"}, "cannot be built with .* SystemExit: bye"),
        ("Raises", {"where": "train"}, "cannot be put into evaluation mode: RuntimeError"),
        ("Raises", {"where": "exit in forward"}, f"{RUN} .* SystemExit: 3"),
        ("Raises", {"where": "assertion"}, f"{RUN} .* AssertionError: no text"),
        ("Raises", {"where": "colours"}, f"{RUN} .* RuntimeError: red word"),
        ("TwoInputs", {}, f"{RUN} .* missing 1 required positional argument"),
        ("NoModule", {}, "must give a torch.nn.Module, got NoModule"),
        ("nothing", {}, "must give a torch.nn.Module, got NoneType"),
        ("NUMBER", {}, "cannot be built with .* not callable"),
    ],
)
def test_what_gives_none_is_refused_in_one_line(
    name: str, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(ForeignCodeError, match=text) as refused:
        opened(name, arguments)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("kind", ["nan", "infinite"])
def test_what_is_not_finite_is_refused_with_the_image(kind: str, photos: Path) -> None:
    with pytest.raises(NotFiniteError, match="photo0: the network gives values that are infinite"):
        scored(opened("Wrapped", {"kind": kind}).module, photos)


def test_another_size_than_that_of_the_trial_image_is_refused(photos: Path) -> None:
    wanted = r"input of \(1, 3, 16, 16\) must give an image of \(1, 3, 64, 64\), got \(1, 3, 16, 16"
    with pytest.raises(ForeignCodeError, match=wanted):
        scored(opened("OtherSizes", {}).module, photos)


@pytest.mark.parametrize("tiling", [Tiling(), Tiling(8, 2)])
def test_a_network_of_another_scale_than_the_images_is_refused(
    tiling: Tiling, photos: Path
) -> None:
    with pytest.raises(ForeignCodeError, match="the network is not one of x4: an input of"):
        scored(Interpolation(2), photos, tiling)


def test_a_network_that_cannot_be_copied_is_scored_without_its_cost(photos: Path) -> None:
    network = opened("Uncopied", {})
    with pytest.raises(ForeignCodeError, match="cannot be copied to the meta device: RuntimeError"):
        count_network(network.module)
    assert scored(network.module, photos).images


def test_what_foreign_code_prints_and_changes_stays_with_it(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = global_state()
    network = opened("Speaks", {})
    scored(network.module, photos)
    changed = [name for name, value in global_state().items() if value != before[name]]
    printed = capsys.readouterr()
    assert (changed, printed.out) == ([], "")
    assert "I am being built" in printed.err
    assert "I am running" in printed.err
    assert torch.get_default_dtype() is torch.float32


def test_modules_beside_the_users_can_be_imported_while_a_network_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "late_helper.py").write_text("FACTOR = 2\n")
    (tmp_path / "late_network.py").write_text(
        "from torch import nn\n\n\nclass Late(nn.Module):\n    def forward(self, x):\n"
        "        from late_helper import FACTOR\n\n"
        "        return x.repeat_interleave(FACTOR, 2).repeat_interleave(FACTOR, 3)\n"
    )
    monkeypatch.chdir(tmp_path)
    network, file = open_foreign(Foreign("late_network:Late", {}, 1), None)
    assert (network.scale, file) == (2, str(tmp_path / "late_network.py"))
