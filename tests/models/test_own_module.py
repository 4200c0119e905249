"""Modules of the user's own, built: initial weights, versions side by side, weights files."""

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.builders.own_modules import GATE, NET, change, write_modules
from workbench.config.model import ModelConfig
from workbench.config.module import ModuleConfig
from workbench.config.presets import PRESETS
from workbench.errors import CheckpointError, InputSizeError
from workbench.models.checkpoints import load_model, load_network, save_weights
from workbench.models.complexity import cost_of, count
from workbench.models.factory import build_model
from workbench.models.opening import open_network
from workbench.models.own_module import OwnNetwork

RESETTING = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 48, 3, padding=1)
        self.gain = nn.Parameter(torch.randn(1))
        self.reset_parameters()

    def reset_parameters(self):
        with torch.no_grad():
            self.conv.weight.mul_(0.5)

    def forward(self, lr):
        return nn.functional.pixel_shuffle(self.conv(lr), 4) * self.gain
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_modules(tmp_path))
    return tmp_path


def net(**arguments: object) -> ModuleConfig:
    return ModuleConfig.parse(NET | {"arguments": arguments})


def state(config: ModuleConfig | ModelConfig, seed: int = 1) -> dict[str, Tensor]:
    return build_model(config, seed=seed).state_dict()


def test_initial_weights_depend_on_seed_and_path_only(folder: Path) -> None:
    shallow, deep = state(net(depth=2)), state(net(depth=3))
    assert shallow.keys() < deep.keys()
    assert all(torch.equal(shallow[name], deep[name]) for name in shallow)
    other = state(net(depth=2), seed=2)
    assert not torch.equal(shallow["module.body.0.weight"], other["module.body.0.weight"])


def test_what_a_constructor_sets_is_kept(folder: Path) -> None:
    built = state(net())
    assert not built["module.up.0.weight"].any()
    assert built["module.body.0.bias"].any()


def test_a_reset_of_ones_own_comes_after_the_parts(folder: Path) -> None:
    (folder / "resetting.py").write_text(RESETTING)
    config = ModuleConfig.parse({"path": "resetting:Net"})
    built, again = state(config), state(config)
    assert all(torch.equal(built[name], again[name]) for name in built)
    bound = 1 / 27**0.5  # of PyTorch's default for 27 inputs, which is halved once
    assert 0.45 * bound < built["module.conv.weight"].abs().max() <= 0.5 * bound
    assert not torch.equal(built["module.gain"], state(config, seed=2)["module.gain"])


def test_an_attention_in_a_slot_leaves_the_rest_as_it_is(folder: Path) -> None:
    plain = PRESETS["tiny"].plain()
    own = state(ModelConfig.parse(plain | {"spatial_attention": GATE}))
    ours = state(PRESETS["tiny"])
    common = {name for name in own.keys() & ours.keys() if "spatial" not in name}
    assert "blocks.1.last.pointwise.weight" in common
    assert all(torch.equal(own[name], ours[name]) for name in common)
    assert not torch.equal(
        own["blocks.0.spatial_attention.squeeze.weight"],
        own["blocks.1.spatial_attention.squeeze.weight"],
    )


def test_two_versions_of_a_module_are_built_side_by_side(folder: Path) -> None:
    before = net()
    change(folder / "my_parts.py", "nn.PixelShuffle(4)", "nn.PixelShuffle(4), nn.Identity()")
    after = net()
    for config, layers in ((before, 2), (after, 3), (before, 2)):
        network = build_model(config)
        assert isinstance(network, OwnNetwork)
        assert len(list(network.module.get_submodule("up").children())) == layers
    assert build_model(net())(torch.zeros(1, 3, 5, 7)).shape == (1, 3, 20, 28)


def test_modules_of_the_same_name_are_put_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = type(sys)("my_parts")
    monkeypatch.setitem(sys.modules, "my_parts", theirs)
    change(folder / "my_parts.py", "48", "3 * 4 * 4")
    build_model(net())
    assert sys.modules["my_parts"] is theirs


def test_a_network_in_0_to_255_is_given_that(folder: Path) -> None:
    (folder / "scaled.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Module):\n"
        "    def forward(self, x):\n"
        "        assert x.max() > 200\n"
        "        return nn.functional.interpolate(x, scale_factor=2)\n"
    )
    given = {"path": "scaled:Net", "input_range": 255, "scale": 2, "min_lr_px": 3}
    network = build_model(ModuleConfig.parse(given))
    assert torch.allclose(network(torch.ones(1, 3, 4, 4)), torch.ones(1, 3, 8, 8))
    with pytest.raises(InputSizeError, match="4 x 2 px; scaled:Net needs at least 3 x 3 LR px"):
        network(torch.ones(1, 3, 2, 4))


def test_a_weights_file_holds_the_users_own_names(folder: Path, tmp_path: Path) -> None:
    config = net(width=4)
    network = build_model(config, seed=3)
    path = tmp_path / "own.safetensors"
    save_weights(path, config, network.state_dict())
    opened = open_network(path)
    assert (opened.origin, opened.scale) == ("my_nets:Net", 4)
    lr = torch.rand(1, 3, 6, 5)
    assert torch.equal(opened.module(lr), network.eval()(lr))
    from safetensors.torch import load_file

    theirs = network.module
    assert isinstance(theirs, nn.Module)
    assert load_file(path).keys() == theirs.state_dict().keys()
    with pytest.raises(CheckpointError, match="is of a network of your own, my_nets:Net"):
        load_model(path)
    assert load_network(path).config == config


def test_parts_have_the_names_that_the_class_gives_them(folder: Path) -> None:
    found = count(net(width=4, depth=1))
    assert [(one.part, one.parameters) for one in found.parts] == [
        ("body", 3 * 4 * 9 + 4),
        ("up", 4 * 48 * 9 + 48),
    ]
    (folder / "resetting.py").write_text(RESETTING)
    parts = count(ModuleConfig.parse({"path": "resetting:Net"})).parts
    assert [(one.part, one.parameters) for one in parts] == [("conv", 27 * 48 + 48), ("rest", 1)]


def test_costs_are_counted(folder: Path) -> None:
    cost = cost_of(net(width=4, depth=1))
    assert cost.parameters == 3 * 4 * 9 + 4 + 4 * 48 * 9 + 48
    assert cost.multiply_adds == 256 * 256 * (3 * 4 * 9 + 4 * 48 * 9)
