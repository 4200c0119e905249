"""`workbench spaces`: every search space with its question and size, or one of them closely."""

import random
from typing import Annotated, Any

import typer

from workbench.cli.console import OUT, billions, note, print_json, table
from workbench.cli.options import JsonOption
from workbench.config.shipped import data_files
from workbench.errors import ConfigError, nearest
from workbench.search.askers import AtRandom
from workbench.search.dimensions import TooFewError
from workbench.search.joining import find_spaces
from workbench.search.space import Limits, SpaceFile
from workbench.search.space_files import FOLDER, read_space

DRAWN = 40
"""Combinations that are drawn to estimate how many satisfy the limits."""
SHOWN = 6


def spaces(
    show: Annotated[
        str | None, typer.Argument(metavar="[show]", help="`show` and the NAME of a space.")
    ] = None,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the search spaces with the question each asks, or show one of them closely.

    `spaces show NAME` draws combinations at random and counts what they cost.
    """
    if show is not None:
        if show != "show":
            raise ConfigError(f"unknown word {show!r}; {nearest(show, ['show'])}")
        if name is None:
            raise ConfigError("spaces show needs the NAME of a space")
        _show(name, find_spaces(name), as_json=as_json)
        return
    found = {name: read_space(path) for name, path in data_files(FOLDER).items()}
    rows = [_plain(name, space) for name, space in found.items()]
    if as_json:
        print_json(rows)
        return
    made = table("space", "base", "combinations", "limits", "question", left=2)
    for column in made.columns[3:]:
        column.justify = "left"
    for row, space in zip(rows, found.values(), strict=True):
        size = _size(space.size())
        made.add_row(row["name"], space.base, size, _limits(space.limits), space.question)
    OUT.print(made)
    note("combinations are counted before the limits, up to 10,000")


def _plain(name: str, space: SpaceFile) -> dict[str, Any]:
    return {
        "name": name,
        "question": space.question,
        "base": space.base,
        "combinations": space.size(),
        "limits": {k: v for k, v in space.limits.plain().items() if v is not None},
    }


def _show(name: str, space: SpaceFile, *, as_json: bool) -> None:
    """Print a space, the share of it within the limits, and some of its networks."""
    from workbench.search.candidates import Counted, build

    ask, base = AtRandom(random.Random(0)), space.base_trial()
    kept: list[tuple[Counted, dict[str, Any]]] = []
    for _ in range(DRAWN):
        try:
            overrides = space.sample(ask)
        except TooFewError:
            continue
        built = build(base, overrides, space.limits)
        if isinstance(built, Counted):
            kept.append((built, overrides))
    share = len(kept) / DRAWN
    if as_json:
        shown = [{"parameters": c.cost.parameters, "overrides": o} for c, o in kept[:SHOWN]]
        print_json(_plain(name, space) | {"share_within_limits": share, "drawn": shown})
        return
    OUT.print(f"[bold]{name}[/bold]: {space.question}")
    for key, dimension in space.dimensions.items():
        said = {k: v for k, v in dimension.plain().items() if k != "kind"}
        values = {k: v for k, v in said.items() if v not in (None, {}, False)}
        text = ", ".join(f"{k} {v}" for k, v in values.items())
        OUT.print(f"  {key}: {dimension.kind}, {text}", markup=False, soft_wrap=True)
    OUT.print(f"base {space.base}, {_size(space.size())} combinations, {_limits(space.limits)}")
    OUT.print(f"about {100 * share:.0f} % within the limits ({DRAWN} drawn at random), such as")
    made = table("parameters", "multiply-adds G", "changes", left=0)
    made.columns[-1].justify = "left"
    for counted, overrides in kept[:SHOWN]:
        changes = ", ".join(f"{k.rpartition('.')[2]} {v}" for k, v in overrides.items())
        cost = counted.cost
        made.add_row(f"{cost.parameters:,}", billions(cost.multiply_adds), changes)
    OUT.print(made)


def _limits(limits: Limits) -> str:
    found = {k: v for k, v in limits.plain().items() if v is not None}
    return ", ".join(f"{key} <= {value:,}" for key, value in found.items()) or "no limits"


def _size(count: int | None) -> str:
    return "many" if count is None else f"{count:,}"
