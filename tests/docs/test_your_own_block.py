"""docs/your-own-block.md: its files and commands, run with fewer steps and smaller networks."""

import shlex
from pathlib import Path

import pytest

from tests.builders.docs import ROOT, blocks, named_files, shell_lines
from tests.builders.executors import run_inline
from tests.cli.conftest import Command

PAGE = ROOT / "docs" / "your-own-block.md"
SHORT = [
    *("--base", "tiny", "--seeds", "1", "--steps", "4", "--allow-overlap"),
    *("--set", "training.stages.0.hr_patch_px=60", "--set", "training.stages.0.batch_size=1"),
    *("--set", "training.validate_every=4", "--set", "model.blocks=1"),
]


def shortened(line: str, photos: Path) -> list[str]:
    """Return the words of a command on small photographs; other options keep their values."""
    words, kept = shlex.split(line)[1:], []
    while words:
        word = words.pop(0)
        if word in ("--seeds", "--recipe", "--data", "--benchmark"):
            words.pop(0)
        else:
            kept.append(word)
    return [*kept, "--data", f"own={photos}", "--benchmark", f"P={photos}", *SHORT]


@pytest.fixture
def page(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Write the page's files into the folder where commands run, with trials in this process."""
    run_inline(monkeypatch)
    for name, code in named_files(PAGE).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(code)
    return command


def lines() -> list[str]:
    return [
        line for one in blocks(PAGE) if one.language == "bash" for line in shell_lines(one.code)
    ]


def test_its_studies_run_with_controls_of_equal_size(page: Command, photos: Path) -> None:
    for line, name in zip(lines()[:2], ("pixel-attention", "plain"), strict=True):
        assert f"--variant {name}" in line
        ended = page(*shortened(line, photos), "--json")
        assert ended.code == 0, ended.err
        assert name in ended.out
        assert f"{name}: matched by" in ended.err or f"{name}: no width" in ended.err


def test_its_other_commands_take_the_network(page: Command, tmp_path: Path) -> None:
    ended = page(*shlex.split(lines()[2])[1:], "--json")
    assert [row["name"] for row in ended.json()] == ["mdrn-s", "my_nets:Plain"]
    assert ended.json()[1]["parameters"] == 896 + 6 * 9248 + 13872
    ended = page(*shlex.split(lines()[4])[1:], "--dry-run")
    assert ended.code == 0, ended.err
    assert "depth" in ended.out
