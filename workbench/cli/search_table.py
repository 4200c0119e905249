"""The tables of a search."""

import shlex
from collections.abc import Sequence

from rich.table import Table

from workbench.cli.comparison_table import print_warning
from workbench.cli.console import OUT, billions, note, print_json, table
from workbench.cli.search_difference import print_differences
from workbench.cli.search_json import search_json
from workbench.experiments.search_overview import SearchOverview
from workbench.experiments.stored_search import best_names
from workbench.reporting.baseline import BICUBIC
from workbench.reporting.search_texts import (
    VALIDATION_TEXT,
    bicubic_warnings,
    proposal_text,
)
from workbench.search.proposals import Proposal
from workbench.search.state import BASELINE, SearchState, cost_of_trial

_COLUMNS = ("parameters", "multiply_adds")
"""Objectives that have a column anyway."""


def print_state(state: SearchState, *, as_json: bool) -> None:
    """Print every trial of a search and its front, or the same as JSON."""
    if as_json:
        print_json(search_json(state))
        return
    print_search(state)
    failed = [proposal.name for proposal in state.record.retryable()]
    if failed:
        note(
            f"{', '.join(failed)} failed: the search's command with --retry failed added runs "
            "them again"
        )


def print_search(state: SearchState) -> None:
    """Print every trial, what was rejected, and the front."""
    seen = SearchOverview(state)
    made = _table(seen)
    for proposal in state.trained:
        made.add_row(*_cells(seen, proposal))
    OUT.print(made)
    _print_warnings(seen)
    rejected = seen.rejections
    OUT.print(
        f"{len(seen.values)} networks scored, {len(seen.front)} on the front; "
        f"{len(seen.stopped)} stopped early, {len(seen.ended)} failed; "
        f"{rejected.total()} proposals rejected before training, {seen.twins} "
        "were networks that were there already",
        soft_wrap=True,
    )
    for reason, number in rejected.most_common():
        note(f"rejected for {reason}: {number}")
    note(
        "*: within the limits, and no other network there is as good in every objective; "
        "t0000 is the canonical network"
    )
    if len(state.record.settings.trial_seeds) == 1 and len(seen.values) > 1:
        note(
            "one seed: differences of some 0.01 dB mean nothing here; "
            f"workbench search promote {shlex.quote(state.record.name)} --seeds 6 "
            "tests the best ones"
        )


def print_best(state: SearchState) -> None:
    """Print the best network, or with several objectives the front."""
    print_front(state, best_names(state))


def print_front(state: SearchState, names: Sequence[str] | None = None) -> None:
    """Print networks beside the canonical one, and how they differ from it.

    Args:
        state: The search.
        names: Of the networks; None for those on the front.
    """
    seen = SearchOverview(state)
    names = tuple(seen.front) if names is None else names
    made = _table(seen)
    for proposal in state.trained:
        if proposal.name in (BASELINE, *names):
            made.add_row(*_cells(seen, proposal))
    OUT.print(made)
    _print_warnings(seen)
    print_differences(state, seen.objectives, names)


def _print_warnings(seen: SearchOverview) -> None:
    """Print which networks do not beat bicubic, and which scored images were trained on."""
    for text in bicubic_warnings(seen.state):
        print_warning(text)
    for text in seen.overlaps:
        OUT.print(text, markup=False, soft_wrap=True)
    if any(objective.on_validation for objective in seen.objectives):
        note(VALIDATION_TEXT)


def _table(seen: SearchOverview) -> Table:
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


def _cells(seen: SearchOverview, proposal: Proposal) -> list[str]:
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
        "*" if proposal.name in seen.front else "",
        proposal_text(proposal),
        seen.ending(proposal),
    ]
