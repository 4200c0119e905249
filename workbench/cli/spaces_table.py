"""Search spaces as tables, and as JSON."""

from collections.abc import Sequence
from typing import Any

from workbench.cli.console import OUT, billions, heading, note, print_json, table
from workbench.experiments.spaces import ListedSpace, SampledSpace
from workbench.reporting.wording import changes_text
from workbench.spaces.space import Limits

SHOWN = 6
"""Networks of a space that are shown."""


def print_spaces(found: Sequence[ListedSpace], *, as_json: bool) -> None:
    """Print search spaces with their questions and sizes."""
    if as_json:
        print_json([_json(listed) for listed in found])
        return
    made = table("space", "base", "combinations", "limits", "question", left=2)
    for column in made.columns[3:]:
        column.justify = "left"
    for listed in found:
        space, combinations = listed.space, _size(listed.combinations)
        limits = _limits(space.limits)
        made.add_row(listed.name, space.base, combinations, limits, space.question)
    OUT.print(made)
    note("combinations are counted before the limits")


def print_space(found: SampledSpace, *, as_json: bool) -> None:
    """Print a search space, the share of it within the limits, and some of its networks."""
    if as_json:
        print_json(_json(found) | _sample_json(found))
        return
    space = found.space
    OUT.print(heading(found.name, f": {space.question}"))
    for key, dimension in space.dimensions.items():
        fields = {k: v for k, v in dimension.plain().items() if k != "kind"}
        values = {k: v for k, v in fields.items() if v not in (None, {}, False)}
        text = ", ".join(f"{k} {v}" for k, v in values.items())
        OUT.print(f"  {key}: {dimension.kind}, {text}", soft_wrap=True)
    size = _size(found.combinations)
    OUT.print(f"base {space.base}, {size} combinations, {_limits(space.limits)}")
    if not found.sample.within:
        OUT.print(f"{_share(found)}; {found.cheapest}", soft_wrap=True)
        return
    OUT.print(f"{_share(found)}, such as")
    made = table("parameters", "multiply-adds G", "changes", left=0)
    made.columns[-1].justify = "left"
    for counted, overrides in found.sample.within[:SHOWN]:
        cost = counted.cost
        made.add_row(f"{cost.parameters:,}", billions(cost.multiply_adds), changes_text(overrides))
    OUT.print(made)


def _json(listed: ListedSpace) -> dict[str, Any]:
    limits = {k: v for k, v in listed.space.limits.plain().items() if v is not None}
    return {
        "name": listed.name,
        "question": listed.space.question,
        "base": listed.space.base,
        "combinations": listed.combinations,
        "limits": limits,
    }


def _sample_json(found: SampledSpace) -> dict[str, Any]:
    sample, rate = found.sample, found.sample.rate
    shown = sample.within[:SHOWN]
    return {
        "share_within_limits": rate.share,
        "share_interval": None if sample.everything else list(rate.interval),
        "tried": rate.repeats,
        "drawn": [{"parameters": c.cost.parameters, "overrides": o} for c, o in shown],
    }


def _share(found: SampledSpace) -> str:
    rate = found.sample.rate
    if found.sample.everything:
        return f"{rate.count} of {rate.repeats} are within the limits"
    low, high = rate.interval
    return (
        f"about {100 * rate.share:.0f} % [{100 * low:.0f}, {100 * high:.0f}] are within the "
        f"limits ({rate.count} of {rate.repeats} drawn at random)"
    )


def _limits(limits: Limits) -> str:
    found = {k: v for k, v in limits.plain().items() if v is not None}
    return ", ".join(f"{key} <= {value:,}" for key, value in found.items()) or "no limits"


def _size(count: int | None) -> str:
    return "endlessly many" if count is None else f"{count:,}"
