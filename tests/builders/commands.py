"""Commands that tests need run, without a look at how they end."""

from pathlib import Path

import pytest

from tests.builders.executors import run_inline
from workbench.cli.main import main


def run_here(folder: Path, *argv: str) -> None:
    """Run `workbench` with its arguments in a folder; all of it, trials too, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.chdir(folder)
        run_inline(patch)
        patch.setattr("sys.argv", ["workbench", *argv])
        with pytest.raises(SystemExit, match=r"^0$"):
            main()
