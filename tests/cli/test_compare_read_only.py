"""`workbench compare` on a store that it cannot, or need not, write to."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.stores import STUDY, make_store
from tests.builders.trees import tree
from tests.cli.conftest import Command
from workbench.experiments.declaration import read_study
from workbench.experiments.transfer import show
from workbench.tracking.mlflow_tracker import MlflowTracker


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Path:
    """Return a store with three trials that MLflow shows."""
    folder = make_store(tmp_path / "mlflow_runs")
    shutil.copyfile(empty_store / "mlflow.db", folder / "mlflow.db")
    tracker = MlflowTracker(folder)
    show((read_study(folder, STUDY),), folder, tracker)
    tracker.close()
    return folder


@pytest.fixture
def read_only(store: Path) -> Iterator[Path]:
    """Yield the store on a file system that is mounted read-only, which stops root too."""
    mount = ["mount", "--bind", str(store), str(store)]
    if os.name != "posix" or os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    subprocess.run(["mount", "-o", "remount,ro,bind", str(store)], check=True)
    yield store
    subprocess.run(["umount", "--lazy", str(store)], check=True)


def test_a_read_only_store_is_compared(command: Command, read_only: Path) -> None:
    ended = command("compare", STUDY)
    assert ended.code == 0, ended.err
    assert "all trials: http://127.0.0.1:5000/#/" in ended.out
    with pytest.raises(OSError, match="Read-only file system"):
        (read_only / "new").touch()


def test_comparing_writes_nothing(command: Command, store: Path) -> None:
    before = tree(store)
    assert command("compare", STUDY).code == 0
    assert tree(store) == before
