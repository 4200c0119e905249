"""`workbench spaces`: every search space with its question and size, or one of them closely."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.bars import bar, working
from workbench.cli.console import OUT, billions, heading, left_out, note, print_json, table
from workbench.cli.options import JsonOption
from workbench.config.shipped import data_files
from workbench.errors import ConfigError, nearest
from workbench.reporting.wording import changes_text
from workbench.spaces.files import FOLDER, SpaceError, read_space
from workbench.spaces.joining import find_spaces
from workbench.spaces.sizes import size
from workbench.spaces.space import Limits, SpaceFile

if TYPE_CHECKING:
    from workbench.search.shares import Sampled

SHOWN = 6


def spaces(
    show: Annotated[
        str | None, typer.Argument(metavar="[show]", help="`show` and the NAME of a space.")
    ] = None,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME<=VALUE", help="With show: a limit in place of the space's; repeatable."
        ),
    ] = None,
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
        from workbench.cli.search_request import with_limits

        _show(name, with_limits(find_spaces(name), limit or ()), as_json=as_json)
        return
    if limit:
        raise ConfigError("spaces takes no --limit; spaces show NAME does")
    found = _usable_spaces()
    rows = [_plain(name, space) for name, space in found.items()]
    if as_json:
        print_json(rows)
        return
    made = table("space", "base", "combinations", "limits", "question", left=2)
    for column in made.columns[3:]:
        column.justify = "left"
    for row, space in zip(rows, found.values(), strict=True):
        made.add_row(
            row["name"],
            space.base,
            _size(row["combinations"]),
            _limits(space.limits),
            space.question,
        )
    OUT.print(made)
    note("combinations are counted before the limits")


def _usable_spaces() -> dict[str, SpaceFile]:
    """Read every space; a file that cannot be used is named and left out."""
    found = {}
    for name, path in data_files(FOLDER).items():
        try:
            found[name] = read_space(path)
        except ConfigError as error:
            left_out(str(error))
    return found


def _plain(name: str, space: SpaceFile) -> dict[str, Any]:
    return {
        "name": name,
        "question": space.question,
        "base": space.base,
        "combinations": size(space),
        "limits": {k: v for k, v in space.limits.plain().items() if v is not None},
    }


def _show(name: str, space: SpaceFile, *, as_json: bool) -> None:
    """Print a space, the share of it within the limits, and some of its networks."""
    from workbench.search.shares import sampled

    with bar("counting networks") as progress:
        found = sampled(space, space.base_trial(), progress)
    if as_json:
        shown = [{"parameters": c.cost.parameters, "overrides": o} for c, o in found.within[:SHOWN]]
        print_json(_plain(name, space) | _plain_share(found) | {"drawn": shown})
        return
    OUT.print(heading(name, f": {space.question}"))
    for key, dimension in space.dimensions.items():
        said = {k: v for k, v in dimension.plain().items() if k != "kind"}
        values = {k: v for k, v in said.items() if v not in (None, {}, False)}
        text = ", ".join(f"{k} {v}" for k, v in values.items())
        OUT.print(f"  {key}: {dimension.kind}, {text}", soft_wrap=True)
    OUT.print(f"base {space.base}, {_size(size(space))} combinations, {_limits(space.limits)}")
    if not found.within:
        OUT.print(f"{_share(found)}; {_corner(space)}", soft_wrap=True)
        return
    OUT.print(f"{_share(found)}, such as")
    made = table("parameters", "multiply-adds G", "changes", left=0)
    made.columns[-1].justify = "left"
    for counted, overrides in found.within[:SHOWN]:
        cost = counted.cost
        made.add_row(f"{cost.parameters:,}", billions(cost.multiply_adds), changes_text(overrides))
    OUT.print(made)


def _corner(space: SpaceFile) -> str:
    """Say whether the cheapest networks of a space are within its limits."""
    from workbench.search.reachable import check_limits

    try:
        with working("counting the cheapest networks"):
            check_limits(space, space.base_trial())
    except SpaceError as error:
        return str(error)
    return "the cheapest networks of the space are within them"


def _share(found: "Sampled") -> str:
    rate = found.rate
    if found.everything:
        return f"{rate.count} of {rate.repeats} are within the limits"
    low, high = rate.interval
    return (
        f"about {100 * rate.share:.0f} % [{100 * low:.0f}, {100 * high:.0f}] are within the "
        f"limits ({rate.count} of {rate.repeats} drawn at random)"
    )


def _plain_share(found: "Sampled") -> dict[str, Any]:
    rate = found.rate
    return {
        "share_within_limits": rate.share,
        "share_interval": None if found.everything else list(rate.interval),
        "tried": rate.repeats,
    }


def _limits(limits: Limits) -> str:
    found = {k: v for k, v in limits.plain().items() if v is not None}
    return ", ".join(f"{key} <= {value:,}" for key, value in found.items()) or "no limits"


def _size(count: int | None) -> str:
    return "endlessly many" if count is None else f"{count:,}"
