"""The command `workbench`: which commands exist, and how errors leave the program."""

import contextlib
import sys
from typing import Annotated, NoReturn

import typer

from workbench import __version__
from workbench.cli.command_table import Commands
from workbench.cli.help import HELP_OPTIONS
from workbench.cli.resuming import STOPPED, stop_code, stopped_text
from workbench.cli.streams import discard_output, output_failure, prepare_streams
from workbench.errors import StoppedByUserError, WorkbenchError, own_failure
from workbench.system.digests import show
from workbench.system.stopping import StopRequested, stop_requests
from workbench.system.text import printable

app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": HELP_OPTIONS},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"workbench {__version__}\n")
        raise typer.Exit


@app.callback()
def _program(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Ablation and architecture search on MDRN for efficient image super-resolution."""
    show(_note)  # damaged files are named on stderr


def _note(text: str) -> None:
    from workbench.cli.console import note

    note(text)


def main() -> None:
    """Run the program. Errors of the user are one line on stderr and exit code 2.

    After Ctrl-C that line says "stopped", and the exit code is 130; likewise after SIGTERM and
    SIGUSR1, except that a command that trains has the exit code 0.
    """
    with stop_requests():
        code = _code()
    if code == STOPPED:  # also typer's answer to Ctrl-C
        _end(stopped_text(), STOPPED)
    if isinstance(code, StopRequested):
        _end(stopped_text(str(code)), stop_code())
    sys.exit(code if isinstance(code, int) else 0)


def _code() -> object:
    """Run the command and return its exit code, if it has one.

    What code of the user's own raises is one line wherever it is run; most commands say more there.
    """
    try:
        return _run()
    except (Exception, SystemExit) as error:
        failure = own_failure(error)
        if not failure:
            raise
        _fail(f"code of your own: {failure}", 2)


def _run() -> object:
    try:
        prepare_streams()
        code: object = app(sys.argv[1:] or ["--help"], prog_name="workbench", standalone_mode=False)
        sys.stdout.flush()
    except (KeyboardInterrupt, StoppedByUserError):
        return STOPPED
    except StopRequested as request:
        return request
    except WorkbenchError as error:
        _fail(str(error), error.exit_code)
    except typer.TyperException as error:
        # Pydantic, which checks choices for typer, puts the name of its exception before them.
        _fail(error.format_message().replace("Value error, ", ""), 2)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        discard_output()
        sys.exit(1)
    except OSError as error:
        failure = output_failure(error)
        if failure is None:
            raise
        _fail(failure, 2)
    return code


def _fail(text: str, code: int) -> NoReturn:
    _end(f"error: {' '.join(text.split())}", code)


def _end(line: str, code: int) -> NoReturn:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{printable(line)}\n")
    discard_output()
    sys.exit(code)
