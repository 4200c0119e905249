"""A search as the plain data that `--json` prints."""

from typing import Any

from workbench.experiments.search_overview import SearchOverview
from workbench.search.bicubic import below_bicubic_db
from workbench.search.proposals import Proposal
from workbench.search.state import SearchState, cost_of_trial


def search_json(state: SearchState) -> dict[str, Any]:
    """Return a search as plain data, with units in the names of costs and times."""
    seen = SearchOverview(state)
    stopped = {"stopped": state.stopped.to_dict()} if state.stopped else {}
    return {
        "search": state.record.name,
        **stopped,
        "space": state.record.settings.space_name,
        "objectives": {o.name: o.direction for o in seen.objectives},
        "selection": state.record.settings.selection,
        "overlap": seen.overlaps,
        "bicubic": dict(zip((o.name for o in seen.objectives), seen.bicubic, strict=True)),
        "below_bicubic_db": below_bicubic_db(state),
        "rejected": dict(seen.rejections),
        "front": list(seen.front),
        "trials": [_trial(seen, proposal) for proposal in state.trained],
    }


def _trial(seen: SearchOverview, proposal: Proposal) -> dict[str, Any]:
    results = seen.state.results.get(proposal.name, ())
    return {
        "name": proposal.name,
        "overrides": proposal.overrides,
        "parent": proposal.parent,
        "cost": cost_of_trial(proposal).plain(),
        "latency_ms": proposal.latency_ms,
        "values": list(seen.values.get(proposal.name, ())),
        "states": [result.state.value for result in results],
        "ending": seen.ending(proposal),
        "keys": [result.key for result in results],
    }
