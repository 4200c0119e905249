"""Help of every command: options in panels, plain metavars, an example that can be run."""

import re
import shlex

import pytest

from tests.cli.conftest import Command
from workbench.cli.command_table import COMMANDS
from workbench.cli.help import PANELS, plain_help, split_example
from workbench.cli.lazy import leaves

ALL = dict(
    leaf for name, entry in COMMANDS.items() for leaf in leaves(name, entry.load(name, None))
)


@pytest.mark.parametrize("name", ALL)
def test_every_option_has_a_panel_and_a_plain_metavar(name: str) -> None:
    for parameter in ALL[name].params:
        if parameter.param_type_name == "argument" or "--help" in parameter.opts:
            continue
        assert parameter.rich_help_panel in PANELS, parameter.name
        assert parameter.help, parameter.name
        assert parameter.help.endswith("."), parameter.help
        if not parameter.is_flag:
            assert parameter.metavar, parameter.name


@pytest.mark.parametrize("name", ALL)
def test_help_shows_the_panels_in_order_and_the_example_last(command: Command, name: str) -> None:
    ended = command(*name.split(), "--help")
    assert ended.code == 0
    assert "\x1b" not in ended.out
    headings = re.findall(r"^(\w+):$", ended.out, re.MULTILINE)
    known = ["Arguments", *PANELS, "Options", "Example"]
    assert headings == [heading for heading in known if heading in headings]
    assert headings[-2:] == ["Options", "Example"]
    assert not re.search(r"<(int|str|float|path|text|file)\b|<=x", ended.out, re.IGNORECASE)
    text, _, _ = ended.out.partition("\nExample:\n")
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("name", ALL)
def test_the_example_of_a_command_can_be_parsed(name: str) -> None:
    lines = ALL[name].example.splitlines()
    assert lines
    for line in lines:
        program, *words = shlex.split(line.partition(" > ")[0])
        # `search SPACE` is short for `search run SPACE`.
        called = next(
            known for known in (name.split(), name.split()[:1]) if words[: len(known)] == known
        )
        assert program == "workbench"
        context = ALL[name].make_context(name, words[len(called) :])
        assert context.params


def test_an_example_is_taken_from_the_end_of_a_docstring() -> None:
    assert split_example("Do it.\n\nExample:\n    a b\n    c d\n") == ("Do it.", "a b\nc d")
    assert split_example("Do it.") == ("Do it.", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Trials.  [default: (100); 1<=x<=1000000]", "Trials.  [default: 100; 1..1,000,000]"),
        ("Rate.  [0.0<=x<=1.0]", "Rate.  [0..1]"),
        ("Count.  [x>=2]", "Count.  [at least 2]"),
        ("A (kept) text.", "A (kept) text."),
    ],
)
def test_ranges_and_defaults_are_written_plainly(text: str, expected: str) -> None:
    assert plain_help(text) == expected
