"""`python -m workbench` is the command `workbench`."""

import sys

from workbench.cli.resuming import STOPPED, stop_code, stopped_text
from workbench.system.process import exit_without_collection
from workbench.system.stopping import StopRequested, stop_requests


def start() -> None:
    """Load the program and run it; signals have their answer also while it loads."""
    exit_without_collection()
    with stop_requests():
        try:
            from workbench.cli.main import main
        except KeyboardInterrupt:
            _end(stopped_text(), STOPPED)
        except StopRequested as request:
            _end(stopped_text(str(request)), stop_code())
        main()


def _end(line: str, code: int) -> None:
    sys.stderr.write(f"{line}\n")
    sys.exit(code)


if __name__ == "__main__":
    start()
