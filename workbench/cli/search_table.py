"""The tables of a search, for people; and the same as plain data."""

import shlex
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rich.table import Table

from workbench.cli.comparison_table import print_warning
from workbench.cli.console import OUT, billions, note, table
from workbench.cli.search_difference import print_differences
from workbench.reporting.baseline import BICUBIC
from workbench.reporting.search_texts import bicubic_warnings, proposal_text
from workbench.reporting.wording import overlap_texts
from workbench.search.bicubic import below_bicubic_db, bicubic_values
from workbench.search.objectives import Objective
from workbench.search.record import Proposal, RungResult
from workbench.search.rungs import rung_steps
from workbench.search.state import BASELINE, SearchState, cost_of_trial

_COLUMNS = ("parameters", "multiply_adds")
"""Objectives that have a column anyway."""


@dataclass(frozen=True)
class _Overview:
    """A search, and what is found out about all of its networks at once."""

    state: SearchState
    objectives: Sequence[Objective]

    @cached_property
    def values(self) -> Mapping[str, tuple[float, ...]]:
        """Of each network that has a score, by name."""
        return self.state.values(self.objectives)

    @cached_property
    def bicubic(self) -> tuple[float | None, ...]:
        """What bicubic has of each objective."""
        return bicubic_values(self.state, self.objectives)

    @cached_property
    def best(self) -> Collection[str]:
        """Names on the front."""
        return self.state.front(self.objectives)

    @cached_property
    def stopped(self) -> Mapping[str, RungResult]:
        """The rung at which networks were stopped, by name."""
        return self.state.record.stopped()

    @cached_property
    def ended(self) -> Mapping[str, str]:
        """Why networks failed, by name."""
        return self.state.record.failures()


def print_search(state: SearchState, objectives: Sequence[Objective]) -> None:
    """Print every trial, what was rejected, and the front."""
    seen = _Overview(state, objectives)
    values, best = seen.values, seen.best
    made = _table(seen)
    for proposal in state.trained:
        made.add_row(*_cells(seen, proposal))
    OUT.print(made)
    _print_warnings(state)
    rejected = rejections(state)
    twins = sum(p.same_as is not None for p in state.record.proposals)
    count = sum(rejected.values())
    OUT.print(
        f"{len(values)} networks scored, {len(best)} on the front; {len(seen.stopped)} stopped "
        f"early, {len(seen.ended)} failed; {count} proposals rejected before training, {twins} "
        "were networks that were there already",
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
            f"workbench search promote {shlex.quote(state.record.name)} --seeds 6 "
            "tests the best ones"
        )


def print_front(state: SearchState, objectives: Sequence[Objective], names: Sequence[str]) -> None:
    """Print the networks that no other beats, and how they differ from the canonical one."""
    seen = _Overview(state, objectives)
    made = _table(seen)
    for proposal in state.trained:
        if proposal.name in (BASELINE, *names):
            made.add_row(*_cells(seen, proposal))
    OUT.print(made)
    _print_warnings(state)
    print_differences(state, objectives, names)


def _print_warnings(state: SearchState) -> None:
    """Print which networks do not beat bicubic, and which scored images were trained on."""
    for text in bicubic_warnings(state):
        print_warning(text)
    for text in _overlaps(state):
        OUT.print(text, markup=False, soft_wrap=True)


def _overlaps(state: SearchState) -> list[str]:
    return overlap_texts(result for results in state.results.values() for result in results)


def rejections(state: SearchState) -> Counter[str]:
    """Return how many proposals each limit has rejected."""
    reasons = (p.rejected for p in state.record.proposals if p.rejected)
    return Counter(" ".join(reason.split()[:1]).rstrip(":") for reason in reasons)


def plain_search(state: SearchState, objectives: Sequence[Objective]) -> dict[str, Any]:
    """Return a search as plain data."""
    seen = _Overview(state, objectives)
    return {
        "search": state.record.name,
        "space": state.record.settings.space_name,
        "objectives": {o.name: o.direction for o in objectives},
        "overlap": _overlaps(state),
        "bicubic": dict(zip((o.name for o in objectives), seen.bicubic, strict=True)),
        "below_bicubic_db": below_bicubic_db(state),
        "rejected": dict(rejections(state)),
        "front": list(seen.best),
        "trials": [
            {
                "name": p.name,
                "overrides": p.overrides,
                "parent": p.parent,
                "cost": cost_of_trial(p).plain(),
                "latency_ms": p.latency_ms,
                "values": list(seen.values.get(p.name, ())),
                "states": [r.state.value for r in state.results.get(p.name, ())],
                "ending": _ending(seen, p),
                "keys": [r.key for r in state.results.get(p.name, ())],
            }
            for p in state.trained
        ],
    }


def _table(seen: _Overview) -> Table:
    """Return a table with bicubic's row, where its scores are known."""
    names = [o.name for o in seen.objectives if o.name not in _COLUMNS]
    made = table("trial", "parameters", "multiply-\nadds G", *names, "", "changes", "", gap=1)
    for column in made.columns[-3:]:
        column.justify = "left"
    if any(value is not None for value in seen.bicubic):
        both = zip(seen.objectives, seen.bicubic, strict=True)
        shown = [_value_text(value) for o, value in both if o.name not in _COLUMNS]
        made.add_row(BICUBIC, "-", "-", *shown, "", "", "")
    return made


def _value_text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _cells(seen: _Overview, proposal: Proposal) -> list[str]:
    values = seen.values.get(proposal.name)
    cost = cost_of_trial(proposal)
    shown = [
        _value_text(None if values is None else values[place])
        for place, o in enumerate(seen.objectives)
        if o.name not in _COLUMNS
    ]
    return [
        proposal.name,
        f"{cost.parameters:,}",
        billions(cost.multiply_adds),
        *shown,
        "*" if proposal.name in seen.best else "",
        proposal_text(proposal),
        _ending(seen, proposal),
    ]


def _ending(seen: _Overview, proposal: Proposal) -> str:
    """Return what happened to a trial that has no score; empty for one that has."""
    name = proposal.name
    if name in seen.stopped:
        stage, fidelity = seen.stopped[name], seen.state.record.settings.space.fidelity
        step = rung_steps(fidelity, seen.state.config(proposal).training)[stage.rung]
        return f"stopped at {step:,} steps: {stage.values[name][0]:.4f}"
    if name in seen.ended:
        return seen.ended[name]
    return "" if name in seen.state.results else "not finished"
