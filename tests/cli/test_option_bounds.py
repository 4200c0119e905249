"""Every number on the command line is bounded: what is wrong is said when it is read."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from tests.builders.refusals import refusal
from tests.cli.conftest import Command
from workbench.cli.command_table import COMMANDS


def numbers(name: str, command: Any) -> Iterator[tuple[str, typer.core.TyperOption]]:
    """Give the options of a command, and of its subcommands, that take a number."""
    for option in command.params:
        if option.type_descriptor.annotation in (int, float):
            yield name, option
    for subname, subcommand in getattr(command, "commands", {}).items():
        yield from numbers(f"{name} {subname}", subcommand)


NUMBERS = [
    found
    for name, entry in sorted(COMMANDS.items())
    for found in numbers(name, entry.load(name, None))
]
FINITE = 1e12
CHOSEN = {"bench --input-range", "evaluate --input-range", "inspect --input-range"}
"""1 or 255, which the command checks."""


@pytest.mark.parametrize(
    ("name", "option"), NUMBERS, ids=[f"{name} {option.opts[0]}" for name, option in NUMBERS]
)
def test_every_number_of_an_option_has_bounds(name: str, option: typer.core.TyperOption) -> None:
    if f"{name} {option.opts[0]}" in CHOSEN:
        return
    low, high = option.min, option.max
    assert low is not None, "needs min"
    assert high is not None, "needs max"
    assert -FINITE < low < high < FINITE


def test_there_are_numbers_to_check() -> None:
    assert len(NUMBERS) >= 25


EVALUATE = ["evaluate", "--weights", "x.pth", "--data", "images"]


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        ([*EVALUATE, "--threads", "100000"], "--threads': Input should be less than or equal to"),
        (["upscale", "a.png", "b.png", "--weights", "x", "--threads", "100000"], "--threads"),
        (["ablate", "--workers", "1000000"], "'--workers': Input should be less than or equal to"),
        (["ablate", "--alpha", "nan"], "Invalid value for '--alpha'"),
        (["ablate", "--margin", "inf"], "Invalid value for '--margin'"),
        (["ablate", "--cpus", "nan"], "Invalid value for '--cpus'"),
        (["ablate", "--variant", "no-lvar", "--seeds", "9" * 5_000], "--seeds must be at most 922"),
        (["ablate", "--variant", "no-lvar", "--seeds", f"1,{2**64}"], "--seeds must be at most"),
        (["ablate", "--variant", "no-lvar", "--seeds", "2.." + "9" * 5_000], "--seeds FIRST..MOST"),
        (["search", "training", "--timeout", "nan"], "'--timeout': it must be a time such as"),
        (["search", "training", "--timeout", "9" * 300], "it must be above 0 and at most 365 days"),
        (["ablate", "--time-limit", "0"], "'--time-limit': it must be above 0"),
        (["search", "training", "--limit", "parameters<=1e300"], "--limit: parameters: should be"),
        (["search", "training", "--keep", "nan"], "Invalid value for '--keep'"),
        (["inspect", "--lr-size", "9" * 5_000 + "x1"], "--lr-size must be WIDTHxHEIGHT"),
        (["inspect", "--time-size", "99999x99999"], "--time-size must be at most 16,384 px a side"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_number_out_of_bounds_is_refused_at_once(
    argv: list[str], text: str, command: Command
) -> None:
    assert text in refusal(command(*argv))
