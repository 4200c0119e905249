"""The tables of a search, for people; and the same as plain data."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from workbench.cli.console import OUT, billions, note, table
from workbench.search.candidates import cost_of
from workbench.search.objectives import Objective
from workbench.search.record import Proposal
from workbench.search.rungs import rung_steps
from workbench.search.state import SearchState
from workbench.search.wording import proposal_text


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
    stopped, ended = len(state.record.stopped()), len(state.record.ended())
    OUT.print(
        f"{len(values)} networks scored, {len(best)} on the front; {stopped} stopped early, "
        f"{ended} failed; {count} proposals rejected before training, {twins} were networks that "
        "were there already",
        markup=False,
        soft_wrap=True,
    )
    for reason, number in rejected.most_common():
        note(f"rejected for {reason}: {number}")
    note(
        "*: within the limits, and no other network there is as good in every objective; "
        "t0000 is the canonical network"
    )
    if len(state.record.settings.trial_seeds) == 1 and len(values) > 1:
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
                "parent": p.parent,
                "values": list(values.get(p.name, ())),
                "states": [r.state.value for r in state.results.get(p.name, ())],
                "ending": _ending(state, p),
                "keys": [r.key for r in state.results.get(p.name, ())],
            }
            for p in state.trained
        ],
    }


def _table(objectives: Sequence[Objective]) -> Any:
    names = [o.name for o in objectives if o.name not in ("parameters", "multiply_adds")]
    made = table("trial", "parameters", "multiply-\nadds G", *names, "", "changes", "", gap=1)
    for column in made.columns[-3:]:
        column.justify = "left"
    return made


def _cells(
    state: SearchState, proposal: Proposal, objectives: Sequence[Objective], best: bool
) -> list[str]:
    found = state.results.get(proposal.name, [])
    values = state.values(objectives).get(proposal.name)
    cost = found[0].cost if found else cost_of(state.config(proposal).model)
    shown = [
        "-" if values is None else f"{values[place]:.4f}"
        for place, o in enumerate(objectives)
        if o.name not in ("parameters", "multiply_adds")
    ]
    return [
        proposal.name,
        f"{cost.parameters:,}",
        billions(cost.multiply_adds),
        *shown,
        "*" if best else "",
        proposal_text(proposal),
        _ending(state, proposal),
    ]


def _ending(state: SearchState, proposal: Proposal) -> str:
    """Return what happened to a trial that has no score; empty for one that has."""
    name = proposal.name
    stopped = state.record.stopped().get(name)
    if stopped:
        fidelity = state.record.settings.space.fidelity
        step = rung_steps(fidelity, state.config(proposal).training)[stopped.rung]
        return f"stopped at {step:,} steps: {stopped.values[name][0]:.4f}"
    if name in state.record.ended():
        return state.record.ended()[name]
    return "" if name in state.results else "not finished"
