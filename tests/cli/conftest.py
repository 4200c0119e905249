"""How tests run a command: in this process, in a folder of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from workbench.cli.main import main
from workbench.config.presets import PRESETS
from workbench.models.checkpoints import save_weights
from workbench.models.factory import build_model


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
