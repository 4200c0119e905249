"""Weights files of other people: whatever is in them, one line at once and no code."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.errors import CheckpointError
from workbench.models.checkpoints import FORMAT, to_published, weights_hash
from workbench.models.factory import build_model
from workbench.models.foreign import Foreign
from workbench.models.opening import open_foreign, open_network

TINY = PRESETS["tiny"]
STATE = build_model(TINY, seed=1).state_dict()
PUBLISHED = to_published(TINY, STATE)
FIRST = "fea_conv.weight"
State = dict[str, Tensor]


class Whole(nn.Module):
    """A module that is saved as a whole, with its class."""


def ours(path: Path, change: dict[str, Any] | str, state: State = STATE) -> None:
    """Write a file of ours with another config inside."""
    text = change if isinstance(change, str) else json.dumps(TINY.plain() | change)
    save_file(dict(state), path, {"format": FORMAT, "model": text})


CONFIGS: list[tuple[str, dict[str, Any] | str, str]] = [
    ("channels", {"channels": 10**7}, "its config cannot be read .channels: should be less than"),
    (
        "blocks",
        {"blocks": 10**6},
        "its config cannot be read .blocks: should be less than",
    ),
    ("900", {"blocks": 900}, "the config says 900 blocks, the tensors are of 2"),
    ("4096", {"channels": 4_096}, r"must have the shape \(4096,\), got \(8,\) .and 135 more"),
    ("nan", {"rgb_mean": [float("nan")] * 3}, "its config cannot be read .numbers must be finite"),
    ("attention", {"spatial_attention": None}, "the tensor '.*spatial_attention.*' is left over"),
    ("key", {"layers": 3}, "its config cannot be read .layers: unknown key"),
    ("json", "{", "its config cannot be read"),
    ("depth", "[" * 100_000, "its config cannot be read"),
    ("digits", "9" * 5_000, "its config cannot be read"),
    ("list", "[1]", "its config cannot be read"),
]


@pytest.mark.parametrize(
    ("change", "text"), [case[1:] for case in CONFIGS], ids=[case[0] for case in CONFIGS]
)
def test_a_config_in_a_file_is_checked_before_anything_is_built(
    change: dict[str, Any] | str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = build_model

    def on_meta_only(*argv: Any) -> nn.Module:
        assert torch.get_default_device().type == "meta", "built before it was checked"
        built: nn.Module = real(*argv)
        return built

    ours(tmp_path / "x.safetensors", change)
    monkeypatch.setattr("workbench.models.checkpoints.build_model", on_meta_only)
    refused(tmp_path / "x.safetensors", text)


def refused(path: Path, text: str) -> None:
    """Open a file and expect one short line without colours."""
    with pytest.raises(CheckpointError, match=text) as error:
        open_network(path)
    said = str(error.value)
    assert said.startswith(f"{path}: ")
    assert said.isprintable()
    assert len(said) < len(str(path)) + 300


def broken(change: Callable[[Tensor], Tensor]) -> State:
    """Return published weights of which the first tensor is another."""
    return PUBLISHED | {FIRST: change(PUBLISHED[FIRST])}


SAVED: list[tuple[str, object, str]] = [
    ("key", {1: torch.zeros(1)}, r"holds no state dict \(names and tensors\)"),
    ("text", {"params": {"x": "y"}}, r"holds no state dict \(names and tensors\)"),
    ("list", [torch.zeros(1)], "holds no state dict"),
    ("none", {}, "holds no tensors"),
    ("whole", Whole(), r"holds code \(\w+(\.\w+)*\.Whole\), which is never run; save names and"),
    ("nan", broken(lambda t: t * float("nan")), "'fea_conv.weight' holds values that are infinite"),
    ("meta", broken(lambda t: t.to("meta")), "'fea_conv.weight' has a shape but no values"),
    (
        "sparse",
        broken(lambda t: t.to_sparse()),
        "fea_conv.weight' must be dense, got a sparse_coo",
    ),
    ("integers", broken(lambda t: t.long()), "must hold floating-point numbers, got int64"),
    (
        "complex",
        broken(lambda t: t.to(torch.complex64)),
        "must hold floating-point numbers, got complex64",
    ),
    (
        "repeated",
        broken(lambda _: torch.zeros(1).expand(10**9, 3, 3, 3)),
        r"of the shape \(1000000000, 3, 3, 3\) has fewer values of its own than it shows",
    ),
    ("scalar", broken(lambda _: torch.zeros(())), "has tensors of such shapes"),
    ("nothing", broken(lambda _: torch.zeros(0, 3, 3, 3)), "(such shapes|channels: should be)"),
]


@pytest.mark.parametrize(
    ("content", "text"), [case[1:] for case in SAVED], ids=[case[0] for case in SAVED]
)
def test_what_cannot_be_weights_is_refused_with_its_tensor(
    content: object, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "spandrel", None)  # slow to import
    torch.save(content, tmp_path / "x.pth")
    refused(tmp_path / "x.pth", text)


def bomb(path: Path) -> None:
    """Write an archive whose parts unpack to much more than the file."""
    torch.save(PUBLISHED, path)
    with zipfile.ZipFile(path) as archive:
        parts = {part.filename: archive.read(part) for part in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, bytes(10**7) if name.endswith("data/0") else content)


def half(path: Path) -> None:
    torch.save(PUBLISHED, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


FILES: list[tuple[Callable[[Path], object], str]] = [
    (bomb, r"its parts unpack to more than the file's \d"),
    (half, "not a weights file, or one that was cut short"),
    (lambda path: path.write_bytes(b""), "is empty"),
    (lambda path: path.write_bytes(b"junk" * 100), "not a weights file: neither safetensors nor"),
    (lambda path: path.write_bytes(b"\x80\x02junk"), "not a weights file, or one that holds code"),
    (lambda path: path.write_bytes(b"\x09" + bytes(7) + b"{}"), "not a readable safetensors file"),
    (lambda path: path.write_bytes(b"\xff" * 8 + b"{}"), "not a readable safetensors file"),
    (lambda path: path.mkdir(), "is no weights file but a folder"),
]


@pytest.mark.parametrize(("write", "text"), FILES)
def test_damaged_files_are_refused(
    write: Callable[[Path], object], text: str, tmp_path: Path
) -> None:
    write(tmp_path / "x.pth")
    refused(tmp_path / "x.pth", text)


@pytest.mark.parametrize("write", [FILES[1][0], FILES[3][0], FILES[5][0]])
def test_weights_of_foreign_networks_are_read_as_carefully(
    write: Callable[[Path], object], tmp_path: Path
) -> None:
    write(tmp_path / "x.pth")
    plain = Foreign("tests.foreign_networks:Plain", {}, 1)
    with pytest.raises(CheckpointError, match=r"x.pth: not a (weights|readable safetensors) file"):
        open_foreign(plain, tmp_path / "x.pth")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_used(dtype: torch.dtype, tmp_path: Path) -> None:
    torch.save({name: tensor.to(dtype) for name, tensor in PUBLISHED.items()}, tmp_path / "x.pth")
    state = open_network(tmp_path / "x.pth").module.state_dict()
    assert torch.allclose(state["shallow.weight"], STATE["shallow.weight"], rtol=1e-2)
    assert state["shallow.weight"].dtype is torch.float32


def test_a_hash_does_not_depend_on_numpy_knowing_the_type() -> None:
    whole = weights_hash(STATE)
    assert weights_hash({name: tensor.bfloat16() for name, tensor in STATE.items()}) != whole
    assert weights_hash(STATE | {"extra": "state"}) == whole


def test_the_largest_config_is_checked_without_its_memory(tmp_path: Path) -> None:
    """600 million parameters that no tensor has: only names and shapes are made."""
    large = apply_overrides(TINY, {"channels": 4_096, "blocks": 2})
    ours(tmp_path / "x.safetensors", large.plain())
    refused(tmp_path / "x.safetensors", "must have the shape")
