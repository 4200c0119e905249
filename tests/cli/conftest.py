"""How tests run a command: in this process, in a folder of its own."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.builders.commands import run_here
from tests.builders.executors import run_inline
from workbench.cli.main import main
from workbench.config.presets import PRESETS
from workbench.models.checkpoints import save_weights
from workbench.models.factory import build_model


@pytest.fixture(autouse=True)
def inline(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run trials in this process: worker processes take seconds of a core to load torch."""
    if not request.node.get_closest_marker("processes"):
        run_inline(monkeypatch)


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Ended]


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Return a function that runs `workbench` with its arguments in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    for variable in ("MLFLOW_TRACKING_URI", "COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)

    def run(*argv: str) -> Ended:
        monkeypatch.setattr("sys.argv", ["workbench", *argv])
        capsys.readouterr()
        with pytest.raises(SystemExit, match=r"^\d+$") as end:
            main()
        printed = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return weights of the tiny network, untrained."""
    path: Path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(path, PRESETS["tiny"], build_model(PRESETS["tiny"]).state_dict())
    return path


SMALL = (
    *("--set", "model.blocks=1", "--set", "training.stages.0.hr_patch_px=60"),
    *("--steps", "6", "--allow-overlap"),
)
"""Options of a training of a second."""


def study_command(photos: Path) -> list[str]:
    """Return the command of the study `mine`: tiny and no-lvar, seeds 1 and 2."""
    source = f"Photos={photos}"
    argv = ["ablate", "--base", "tiny", "--variant", "no-lvar", "--seeds", "2", "--study", "mine"]
    return [*argv, "--data", source, "--validation", source, "--benchmark", source, *SMALL]


@pytest.fixture(scope="session")
def trained_store(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """Return a store in which the study `mine` is finished, for copies."""
    folder: Path = tmp_path_factory.mktemp("trained")
    run_here(folder, *study_command(photos))
    return folder / "mlflow_runs"


@pytest.fixture
def finished(trained_store: Path, empty_store: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished study's store, where commands look for it by default.

    MLflow's view is empty, as MLflow keeps absolute paths; the study's command fills it.
    """
    folder = tmp_path / "mlflow_runs"
    shutil.copytree(trained_store, folder, ignore=shutil.ignore_patterns("mlflow*"))
    shutil.copyfile(empty_store / "mlflow.db", folder / "mlflow.db")
    return folder
