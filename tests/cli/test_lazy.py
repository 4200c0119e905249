"""Groups with a default subcommand: what is typed, and which subcommand gets it."""

import pytest
import typer

from tests.cli.conftest import Command
from workbench.cli.search import search
from workbench.cli.spaces import spaces


def dispatched(app: typer.Typer, line: str) -> str:
    """Return a command line with its subcommand in front, as the group hands it on."""
    context = typer.main.get_command(app).make_context("group", line.split())
    return " ".join((*context._protected_args, *context.args))


@pytest.mark.parametrize(
    ("typed", "run"),
    [
        ("mdrn-size", "run mdrn-size"),
        ("mdrn-size --trials 3", "run mdrn-size --trials 3"),
        ("--trials 3 mdrn-size", "run --trials 3 mdrn-size"),
        ("--trials=3 mdrn-size --json", "run --trials=3 mdrn-size --json"),
        ("--fresh mdrn-size", "run --fresh mdrn-size"),
        ("--study status mdrn-size", "run --study status mdrn-size"),
        ("run status", "run status"),
        ("status s", "status s"),
        ("--store x status s", "status --store x s"),
        ("--json best s", "best --json s"),
        ("promote s --set model.channels=8", "promote s --set model.channels=8"),
        ("mdrn-size+status", "run mdrn-size+status"),
        ("--trials 3", "run --trials 3"),
        ("fronts --trials 3", "run fronts --trials 3"),
    ],
)
def test_search_runs_a_space_unless_a_subcommand_is_named(typed: str, run: str) -> None:
    assert dispatched(search, typed) == run


@pytest.mark.parametrize(
    ("typed", "run"),
    [
        ("", "list"),
        ("--json", "list --json"),
        ("show mdrn-size", "show mdrn-size"),
        ("--limit parameters<=9 show mdrn-size", "show --limit parameters<=9 mdrn-size"),
        ("shw", "shw"),
    ],
)
def test_spaces_are_listed_unless_a_subcommand_is_named(typed: str, run: str) -> None:
    assert dispatched(spaces, typed) == run


def test_a_mistyped_subcommand_is_answered_with_the_nearest(command: Command) -> None:
    ended = command("search", "statsu", "my-search")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: No such command 'statsu'. Did you mean 'status'?\n"


@pytest.mark.parametrize("group", ["search", "spaces"])
def test_help_of_a_group_lists_its_subcommands_and_an_example(group: str, command: Command) -> None:
    ended = command(group, "--help")
    assert (ended.code, ended.err) == (0, "")
    listed = {line.split()[0] for line in ended.out.splitlines() if line.startswith("  ")}
    app = {"search": search, "spaces": spaces}[group]
    assert listed >= typer.main.get_command(app).commands.keys()  # type: ignore[attr-defined]
    assert f"\nExample:\n  workbench {group}" in ended.out
