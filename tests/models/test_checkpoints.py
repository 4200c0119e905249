"""Weights files: round trips, and refusals that name the file and the reason."""

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.errors import CheckpointError
from workbench.models.checkpoints import (
    export_published,
    load_model,
    read_weights,
    save_weights,
    to_published,
)
from workbench.models.factory import build_model
from workbench.store.keys import model_hash

TINY = PRESETS["tiny"]
IMDN_BLOCK = ("conv1.0", "conv2.0", "conv3.0", "conv4", "conv1x1")

EXPRESSIBLE: list[dict[str, object]] = [
    {},
    {"scale": 2},
    {"scale": 3},
    {"channels": 28, "spatial_attention.squeeze_ratio": 4},
    {"blocks": 1},
    {"spatial_attention.lvar": []},
    {"spatial_attention.levels": [7]},
    {"spatial_attention.levels": [3, 5], "spatial_attention.lvar": []},
    {"spatial_attention.refinement": False},
    {"spatial_attention": None},
    {"channel_attention": None},
    {"channel_attention.cca": None},
    {"distillation_steps": 1},
    {"distillation_steps": 4},
    {"distilled_fraction": 0.25},
    {"convolution": "conv3x3"},
]


LINE = [
    (name, overrides)
    for name in ("imdn", "rfdn", "efdn", "bsrn")
    for overrides in (
        {},
        {"scale": 2},
        {"scale": 3},
        {"channels": 24, "blocks": 2},
        {"distillation_steps": 2},
        {"distilled_fraction": 0.5},
    )
]
"""IMDN's weights are not at hand: its names are held by this round trip and by the table."""


@pytest.mark.parametrize(("name", "overrides"), LINE)
def test_every_network_of_the_line_round_trips_by_its_own_names(
    tmp_path: Path, name: str, overrides: dict[str, object]
) -> None:
    config = apply_overrides(PRESETS[name], overrides)
    state = build_model(config, seed=1).state_dict()
    export_published(tmp_path / "x.pth", config, state)
    weights = read_weights(tmp_path / "x.pth")
    assert model_hash(weights.config) == model_hash(config)
    assert weights.state.keys() == state.keys()
    assert all(torch.equal(weights.state[name], value) for name, value in state.items())


def test_imdn_has_the_published_names() -> None:
    names = set(to_published(PRESETS["imdn"], build_model(PRESETS["imdn"]).state_dict()))
    blocks = [f"model.1.sub.{i}.{part}" for i in range(8) for part in IMDN_BLOCK]
    modules = ["model.0", *blocks, "model.1.sub.8", "model.2"]
    assert names == {f"{module}.{kind}" for module in modules for kind in ("weight", "bias")}


@pytest.mark.parametrize("scale", [2, 3])
def test_published_weights_of_the_wide_network_load_at_every_scale(
    tmp_path: Path, scale: int
) -> None:
    config = apply_overrides(PRESETS["mdrn"], {"scale": scale})
    states = [to_published(config, build_model(config, seed=n).state_dict()) for n in (1, 2)]
    torch.save({"params": states[0], "params_ema": states[1]}, tmp_path / "x.pth")
    loaded = load_model(tmp_path / "x.pth")
    assert loaded.config == config
    assert torch.equal(loaded.state_dict()["shallow.weight"], states[1]["fea_conv.weight"])
    with torch.no_grad():
        assert loaded(torch.rand(1, 3, 20, 17)).shape == (1, 3, 20 * scale, 17 * scale)


@pytest.mark.parametrize("overrides", EXPRESSIBLE)
def test_export_to_published_names_round_trips_without_flags(
    tmp_path: Path, overrides: dict[str, object]
) -> None:
    config = apply_overrides(TINY, overrides)
    state = build_model(config, seed=1).state_dict()
    export_published(tmp_path / "x.pth", config, state)
    weights = read_weights(tmp_path / "x.pth")
    assert weights.config == config
    assert weights.state.keys() == state.keys()
    assert all(torch.equal(weights.state[name], value) for name, value in state.items())


@pytest.mark.parametrize(
    ("overrides", "part"),
    [
        ({"spatial_attention": "esa"}, "spatial_attention"),
        ({"channel_attention": "se"}, "channel_attention"),
        ({"spatial_attention.levels": [3, 9], "spatial_attention.lvar": []}, "D9"),
        ({"spatial_attention.lvar": [3]}, "D3.lvar"),
    ],
)
def test_a_part_that_the_published_code_does_not_have_is_refused(
    overrides: dict[str, object], part: str
) -> None:
    config = apply_overrides(TINY, overrides)
    with pytest.raises(CheckpointError, match=f"no name for the part .*{part}"):
        to_published(config, build_model(config).state_dict())


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        ({"activation": "relu"}, "activation is 'relu', MDRN's code has 'gelu'"),
        ({"padding": "zeros"}, "padding is 'zeros', MDRN's code has 'reflect'"),
        ({"block_skip": False}, "block_skip is False, MDRN's code has True"),
        ({"input_range": 255}, "input_range is 255, MDRN's code has 1"),
        ({"spatial_attention.variance": "global"}, "spatial_attention is .*global"),
    ],
)
def test_what_no_name_tells_is_not_lost_on_export(
    overrides: dict[str, object], reason: str
) -> None:
    """The file would be read back as another network of the same tensors."""
    config = apply_overrides(TINY, overrides)
    with pytest.raises(CheckpointError, match=f"no published code has this network: {reason}"):
        to_published(config, build_model(config).state_dict())


def test_our_files_hold_the_config_and_the_same_values(tmp_path: Path) -> None:
    config = apply_overrides(TINY, {"spatial_attention": "esa", "channel_attention": "eca"})
    model = build_model(config, seed=5).eval()
    save_weights(tmp_path / "w.safetensors", config, model.state_dict())
    loaded = load_model(tmp_path / "w.safetensors")
    assert loaded.config == config
    assert not loaded.training
    image = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        assert torch.equal(loaded(image), model(image))
    assert [path.name for path in tmp_path.iterdir()] == ["w.safetensors"]


@pytest.mark.parametrize(
    ("wrapped", "chosen"), [(("params", "params_ema"), "params_ema"), (("params",), "params")]
)
def test_the_averaged_weights_are_preferred(
    tmp_path: Path, wrapped: tuple[str, ...], chosen: str
) -> None:
    states = {
        key: to_published(TINY, build_model(TINY, seed=seed).state_dict())
        for seed, key in enumerate(wrapped)
    }
    torch.save(states, tmp_path / "x.pth")
    loaded = to_published(TINY, read_weights(tmp_path / "x.pth").state)
    assert all(torch.equal(loaded[name], value) for name, value in states[chosen].items())


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return (print, ("code ran",))


def _text(path: Path) -> None:
    path.write_text("these are no weights")


def _pickle_with_code(path: Path) -> None:
    path.write_bytes(pickle.dumps({"params": Evil()}))


def _no_tensors(path: Path) -> None:
    torch.save({"step": 3}, path)


def _other_network(path: Path) -> None:
    torch.save({"conv.weight": torch.zeros(1)}, path)


def _gap_in_blocks(path: Path) -> None:
    state = to_published(TINY, build_model(TINY).state_dict())
    torch.save({k.replace("B2.", "B3."): v for k, v in state.items()}, path)


def _surplus(path: Path) -> None:
    state = to_published(TINY, build_model(TINY).state_dict())
    torch.save(state | {"norm.weight": torch.zeros(1)}, path)


def _missing_tensor(path: Path) -> None:
    state = to_published(TINY, build_model(TINY).state_dict())
    del state["B2.c5.bias"]
    torch.save(state, path)


def _foreign_safetensors(path: Path) -> None:
    save_file({"a": torch.zeros(1)}, path)


def _truncated(path: Path) -> None:
    save_weights(path, TINY, build_model(TINY).state_dict())
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (_text, "not a weights file: neither safetensors nor a state dict of PyTorch$"),
        (_pickle_with_code, "not a weights file, or one that holds code"),
        (_no_tensors, "holds no state dict"),
        (_other_network, "no network of the line .*: the tensor 'fea_conv.weight' is missing"),
        (_gap_in_blocks, r"numbered from 1 without gaps, got \[1, 3\]"),
        (_surplus, "'norm.weight' belongs to no known part"),
        (_missing_tensor, r"'B2.c5.bias' \(blocks.1.fusion.bias\) is missing"),
        (_foreign_safetensors, "format must be 'mdrn-workbench/1', got None"),
        (_truncated, "not a readable safetensors file"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    write: Callable[[Path], None],
    reason: str,
) -> None:
    path = tmp_path / "weights.bin"
    write(path)
    with pytest.raises(CheckpointError, match=reason) as caught:
        load_model(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "code ran" not in capsys.readouterr().out


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nope.pth: no such weights file"):
        read_weights(tmp_path / "nope.pth")
