"""One MLflow run for a search: how it stands, with its page."""

import hashlib

from workbench.search.objectives import Objective
from workbench.search.page import counts_text, search_page
from workbench.search.state import CANONICAL, SearchState
from workbench.tracking.run_content import config_params
from workbench.tracking.summary import VariantSummary

VARIANT = "search"
PAGE = "search.html"


def digest_of(state: SearchState) -> str:
    """Return a hash of what a search has proposed and decided, and of its results."""
    keys = [result.key for results in state.results.values() for result in results]
    content = f"{state.record.model_dump_json()} {' '.join(keys)}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def search_summary(state: SearchState, objectives: tuple[Objective, ...]) -> VariantSummary:
    """Return what MLflow shows of a search.

    Args:
        state: With the canonical network's results.
        objectives: Of the search.
    """
    best, values = state.front(objectives), state.values(objectives)
    figures = {"scored": float(len(values)), "on_the_front": float(len(best))}
    figures |= {"stopped_early": float(len(state.record.stopped()))}
    figures |= {"failed": float(len(state.record.ended()))}
    if len(objectives) == 1 and best:
        figures[f"best/{objectives[0].name}"] = values[best[0]][0]
    note = f"{counts_text(state, len(values))}\n\nOn the front: {', '.join(best) or 'none'}."
    return VariantSummary(
        study=state.record.name,
        variant=VARIANT,
        digest=digest_of(state),
        moment_s=max(r.finished_s for results in state.results.values() for r in results),
        seeds=len(state.record.settings.trial_seeds),
        cost=state.results[CANONICAL][0].cost,
        figures=figures,
        params=config_params(state.record.settings.base),
        verdicts={},
        note=note,
        files={PAGE: search_page(state, objectives).encode()},
    )
