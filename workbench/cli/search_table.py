"""The tables of a search, for people; and the same as plain data."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from workbench.cli.console import OUT, billions, note, table
from workbench.search.objectives import Objective
from workbench.search.record import Proposal
from workbench.search.run import SearchState


def print_search(state: SearchState, objectives: Sequence[Objective]) -> None:
    """Print every trial, what was rejected, and the front."""
    values = state.values(objectives)
    best = state.front(objectives)
    made = _table(objectives)
    for proposal in state.trained:
        made.add_row(*_cells(state, proposal, objectives, proposal.name in best))
    OUT.print(made)
    rejected = rejections(state)
    twins = sum(p.same_as is not None for p in state.record.proposals)
    count = sum(rejected.values())
    OUT.print(
        f"{len(values)} networks scored, {len(best)} on the front; {count} proposals rejected "
        f"before training, {twins} were networks that were there already",
        markup=False,
        soft_wrap=True,
    )
    for reason, number in rejected.most_common():
        note(f"rejected for {reason}: {number}")
    note(
        "*: within the limits, and no other network there is as good in every objective; "
        "t0000 is the canonical network"
    )
    if len(state.record.settings.trial_seeds) == 1:
        note(
            "one seed: differences of some 0.01 dB mean nothing here; "
            f"workbench search promote {state.record.name} --seeds 6 tests the best ones"
        )


def print_front(state: SearchState, objectives: Sequence[Objective], names: Sequence[str]) -> None:
    """Print the networks that no other beats."""
    made = _table(objectives)
    for proposal in state.trained:
        if proposal.name in names:
            made.add_row(*_cells(state, proposal, objectives, True))
    OUT.print(made)


def rejections(state: SearchState) -> Counter[str]:
    """Return how many proposals each limit has rejected."""
    reasons = (p.rejected for p in state.record.proposals if p.rejected)
    return Counter(" ".join(reason.split()[:1]).rstrip(":") for reason in reasons)


def plain_search(state: SearchState, objectives: Sequence[Objective]) -> dict[str, Any]:
    """Return a search as plain data."""
    values = state.values(objectives)
    best = state.front(objectives)
    return {
        "search": state.record.name,
        "space": state.record.settings.space_name,
        "objectives": {o.name: o.direction for o in objectives},
        "rejected": dict(rejections(state)),
        "front": list(best),
        "trials": [
            {
                "name": p.name,
                "overrides": p.overrides,
                "values": list(values.get(p.name, ())),
                "states": [r.state.value for r in state.results.get(p.name, ())],
                "keys": [r.key for r in state.results.get(p.name, ())],
            }
            for p in state.trained
        ],
    }


def _table(objectives: Sequence[Objective]) -> Any:
    names = [o.name for o in objectives if o.name not in ("parameters", "multiply_adds")]
    made = table("trial", "parameters", "multiply-\nadds G", *names, "", "changes", gap=1)
    made.columns[-1].justify = made.columns[-2].justify = "left"
    return made


def _cells(
    state: SearchState, proposal: Proposal, objectives: Sequence[Objective], best: bool
) -> list[str]:
    found = state.results.get(proposal.name, [])
    values = state.values(objectives).get(proposal.name)
    cost = found[0].cost if found else None
    shown = [
        "-" if values is None else f"{values[place]:.4f}"
        for place, o in enumerate(objectives)
        if o.name not in ("parameters", "multiply_adds")
    ]
    failed = [r.state.value for r in found if r.state.value != "complete"]
    changes = ", ".join(
        f"{key.rpartition('.')[2]}={_short(value)}" for key, value in proposal.overrides.items()
    )
    return [
        proposal.name,
        f"{cost.parameters:,}" if cost else "-",
        billions(cost.multiply_adds) if cost else "-",
        *shown,
        "*" if best else "",
        failed[0] if failed else changes or "canonical",
    ]


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return (
        "none" if value is None else str(value).replace(" ", "").replace("(", "[").replace(")", "]")
    )
