"""One store for all documents, so that what one of them has trained the others find."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders.docs import ROOT, python_blocks
from tests.cli.conftest import command as command
from tests.environment import with_checkout


@pytest.fixture(scope="session")
def python_md(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> tuple[Path, str]:
    """Return the folder where the blocks of docs/python.md have run as one script, and its output.

    The script has no `if __name__ == "__main__"`.
    """
    folder: Path = tmp_path_factory.mktemp("python_md")
    shutil.copytree(empty_store, folder / "mlflow_runs")
    blocks, _ = python_blocks(ROOT / "docs" / "python.md")
    (folder / "script.py").write_text("\n".join(blocks))
    run = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "script.py"],
        cwd=folder,
        env=with_checkout(),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return folder, run.stdout


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the built site; a broken link or an unknown name fails the build."""
    folder = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env=with_checkout(NO_MKDOCS_2_WARNING="1"),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return folder
