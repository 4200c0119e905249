"""What `convert` writes is loaded and run before it is written."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.errors import CheckpointError
from workbench.models.checkpoints import encode_published, save_weights, to_published
from workbench.models.conversion import convert_file
from workbench.models.factory import build_model

TINY = PRESETS["tiny"]
STATE = build_model(TINY, seed=1).state_dict()
METADATA = {"format": "mdrn-workbench/1"}


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    save_weights(tmp_path / "ours.safetensors", TINY, STATE)
    return tmp_path / "ours.safetensors"


def nothing_written(folder: Path) -> bool:
    return {path.name for path in folder.iterdir()} <= {"ours.safetensors", "theirs.pth"}


@pytest.mark.parametrize("side", ["out.pth", "out.safetensors"])
def test_a_changed_config_is_not_written(ours: Path, side: str) -> None:
    plain = TINY.plain() | {"channels": 12}
    save_file(dict(STATE), ours, METADATA | {"model": json.dumps(plain)})
    with pytest.raises(CheckpointError, match=r"ours.safetensors: its tensors do not fit its"):
        convert_file(ours, ours.with_name(side))
    assert nothing_written(ours.parent)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda t: t * float("nan"), "holds values that are infinite or not numbers"),
        (lambda t: t.long(), "must hold floating-point numbers, got int64"),
    ],
)
def test_nan_and_integers_are_not_written(ours: Path, change: object, text: str) -> None:
    assert callable(change)
    published = {name: change(tensor) for name, tensor in to_published(TINY, STATE).items()}
    torch.save(published, ours.with_name("theirs.pth"))
    with pytest.raises(CheckpointError, match=f"theirs.pth: .*{text}"):
        convert_file(ours.with_name("theirs.pth"), ours.with_name("out.safetensors"))
    assert nothing_written(ours.parent)


def test_a_network_that_would_be_opened_as_another_is_not_written(ours: Path) -> None:
    """The published names do not tell the activation."""
    config = apply_overrides(TINY, {"activation": "relu"})
    save_weights(ours, config, build_model(config, seed=1).state_dict())
    with pytest.raises(CheckpointError, match=r"no published code has this network: activation"):
        convert_file(ours, ours.with_name("out.pth"))
    assert nothing_written(ours.parent)


def test_an_output_that_differs_is_not_written(ours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {name: tensor + 0.1 for name, tensor in STATE.items()}
    real = encode_published
    monkeypatch.setattr(
        "workbench.models.conversion.encode_published", lambda config, _: real(config, other)
    )
    with pytest.raises(CheckpointError, match="loaded again it would give another output"):
        convert_file(ours, ours.with_name("out.pth"))
    assert nothing_written(ours.parent)


def test_a_file_that_cannot_be_loaded_again_is_not_written(
    ours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "workbench.models.conversion.encode_published", lambda *_: b"PK half of a file"
    )
    with pytest.raises(CheckpointError, match="could not be loaded again: not a weights file"):
        convert_file(ours, ours.with_name("out.pth"))
    assert nothing_written(ours.parent)
