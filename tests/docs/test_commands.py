"""Commands that the documents name, run on small images and on the store of docs/python.md."""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.builders.commands import run_here
from tests.builders.docs import DOCUMENTS, ROOT, checked_blocks, commands
from tests.cli.conftest import Command
from workbench.config.presets import preset
from workbench.models.checkpoints import save_weights
from workbench.models.factory import build_model

pytestmark = pytest.mark.xdist_group("python-md")

RUN = {
    "ablate": ("--dry-run",),
    "compare": (),
    "convert": (),
    "evaluate": (),
    "export": (),
    "report": (),
    "search best": (),
    "search front": (),
    "search optuna": (),
    "search report": (),
    "search status": (),
    "studies": (),
    "table": (),
    "upscale": (),
    "variants": (),
    "weights": (),
}
"""Commands that are run, and what is added. All others train, measure or serve, and are parsed."""
ELSEWHERE = ("results.md", "decisions.md", "your-own-block.md")
"""Documents whose commands need studies, weights or code that are not there."""
GUIDES = [path for path in DOCUMENTS if path.name not in ELSEWHERE]
PLACEHOLDERS = {
    "STUDY": "first",
    "NAME": "small",
    "FOLDER": "Set14",
    "FILE": "mdrn-s.pth",
    "IN": "Set5",
    "OUT": "enlarged",
    "A": "mdrn-s.pth",
    "B": "IN.safetensors",
}
"""Words that stand for the reader's own."""
NEEDS = ("cuda", "--arch ", "--from ", "parts.yaml", "--proxies")
"""Lines with these need a GPU, code, published weights or images that are not there, or minutes."""


def called(line: str) -> str:
    """Return which of the commands that are run a line calls; empty for the others."""
    words = shlex.split(line)[1:]
    found = [name for name in RUN if words[: len(name.split())] == name.split()]
    if not found or any(need in line for need in NEEDS) or words == ["ablate"]:
        return ""
    return found[0]


LINES = list(dict.fromkeys(line for path in GUIDES for line in commands(path) if called(line)))


@pytest.fixture(scope="module")
def folder(python_md: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store, images and weights under the names of the documents."""
    folder = tmp_path_factory.mktemp("commands")
    shutil.copytree(python_md[0] / "mlflow_runs", folder / "mlflow_runs")
    shutil.copytree(ROOT / "plans", folder / "plans")
    images = np.random.default_rng(0).integers(0, 256, (8, 60, 52, 3), dtype=np.uint8)
    for name, pixels in zip(["DIV2K", "Set5", "Set14", "BSDS100"] * 2, images, strict=True):
        (folder / name).mkdir(exist_ok=True)
        number = len(list((folder / name).iterdir()))
        Image.fromarray(pixels).save(folder / name / f"{number}.png")
    config = preset("tiny")  # whose weights stand for the published ones
    save_weights(folder / "IN.safetensors", config, build_model(config).state_dict())
    run_here(folder, "convert", "IN.safetensors", "mdrn-s.pth")
    (variant,) = (
        block
        for block in checked_blocks("yaml")
        if "\noverrides:" in block.code and block.document == "docs/extending.md"
    )
    (folder / "ablations").mkdir()
    (folder / "ablations" / "my-variant.yaml").write_text(variant.code)
    return folder


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_documents_runs(
    line: str, folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    written = {"export": {"FOLDER": "exported"}, "table": {"FOLDER": "written"}}
    own = PLACEHOLDERS | written.get(called(line), {})
    words = [own.get(word, word) for word in shlex.split(line)[1:]]
    ended = command(*words, *RUN[called(line)])
    assert ended.code == 0, ended.err
    if "--out" in words:
        assert Path(words[words.index("--out") + 1]).exists()
    else:
        assert ended.out


def test_the_rules_for_contributors_name_what_is_run() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    (named,) = re.findall(r"These commands are\s+run: (.*?);", text, re.DOTALL)
    assert re.findall(r"`([^`]+)`", named) == sorted(RUN)
