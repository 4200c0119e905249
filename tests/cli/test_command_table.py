"""The list of commands, which imports none of them, says what they say themselves."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tests.cli.conftest import Command
from workbench.cli.command_table import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_of_a_command_is_the_first_of_its_docstring(name: str) -> None:
    found = COMMANDS[name].function()
    if isinstance(found, typer.Typer):
        assert found.registered_callback is not None
        found = found.registered_callback.callback
    assert (inspect.getdoc(found) or "").splitlines()[0] == COMMANDS[name].help


def test_help_lists_every_command(command: Command) -> None:
    ended = command("--help")
    listed = {line.split()[0] for line in ended.out.splitlines() if line.strip()}
    assert (ended.code, ended.err) == (0, "")
    assert listed >= COMMANDS.keys()
    assert command("-h") == command() == ended


@pytest.mark.parametrize("argv", [("ablate",), ("mlflow",), ("mlflow", "rebuild")], ids=" ".join)
def test_the_short_option_for_help_is_that_of_every_command(
    argv: tuple[str, ...], command: Command
) -> None:
    short = command(*argv, "-h")
    assert (short.code, short.err) == (0, "")
    assert f"workbench {' '.join(argv)}" in short.out
    assert short == command(*argv, "--help")


def test_a_mistyped_command_is_answered_with_the_nearest(command: Command) -> None:
    ended = command("ablat")
    assert (ended.code, ended.out) == (2, "")
    meant = "'ablate', 'evaluate', 'table'"
    assert ended.err == f"error: No such command 'ablat'. Did you mean {meant}?\n"


ROOT = Path(__file__).parents[2]
WORKBENCH = f"{sys.executable} -m workbench"


def in_bash(line: str, home: Path, **variables: str) -> str:
    """Run a line in bash, whose name tells the program which shell it is; return its stdout."""
    run = subprocess.run(
        ["/bin/bash", "-c", f"{line}; true"],  # `; true`: bash stays the parent process
        capture_output=True,
        text=True,
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(home), **variables},
        check=True,
    )
    return run.stdout


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("workbench abl", {"ablate"}),
        ("workbench ablate --vari", {"--variant"}),
        ("workbench mlflow reb", {"rebuild"}),
    ],
)
def test_a_shell_completes_commands_and_options(
    typed: str, completed: set[str], tmp_path: Path
) -> None:
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    found = in_bash(WORKBENCH, tmp_path, _WORKBENCH_COMPLETE="complete_bash", **words)
    assert set(found.split()) == completed


def test_completion_is_shown_and_installed_for_bash(tmp_path: Path) -> None:
    script = in_bash(f"{WORKBENCH} --show-completion", tmp_path)
    assert "complete -o default -F _workbench_completion workbench" in script
    said = in_bash(f"{WORKBENCH} --install-completion", tmp_path)
    assert "bash completion installed in" in said
    assert "workbench" in (tmp_path / ".bashrc").read_text()
    installed = (tmp_path / ".bash_completions" / "workbench.sh").read_text()
    assert "_WORKBENCH_COMPLETE=complete_bash" in installed
