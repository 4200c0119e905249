"""A real study, trained once for all tests of this folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.commands import run_here

SMALL = (
    *("model.channels=8", "model.blocks=1", "training.stages.0.steps=6"),
    *("training.stages.0.milestones=[]", "training.stages.0.hr_patch_px=60"),
    *("training.validate_every=2",),
)


def workbench(folder: Path, *argv: str) -> str:
    """Run a command in a process of its own, and return what it printed."""
    run = subprocess.run(
        [sys.executable, "-m", "workbench", *argv],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.fixture(scope="session")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which an ablation of two variants and two seeds was run."""
    folder = tmp_path_factory.mktemp("studied")
    settings = [f"--set={assignment}" for assignment in SMALL]
    variants = ("--variant", "relu", "--variant", "no-mdsa")
    run_here(folder, "ablate", *variants, "--seeds", "2", "--study", "mine", *settings)
    return folder
