"""One MLflow run for a search: how it stands, with its page and figures."""

from workbench.reporting import search_figures
from workbench.reporting.prints import png
from workbench.reporting.search_page import search_page
from workbench.reporting.search_texts import bicubic_warnings, counts_text
from workbench.search.analysis import SearchAnalysis, analyse_search
from workbench.search.objectives import Objective
from workbench.search.record import SearchRecord
from workbench.search.rungs import rung_steps
from workbench.search.state import BASELINE, SearchState
from workbench.system.digests import sha256
from workbench.system.text import code_block, markdown
from workbench.tracking.run_content import config_params
from workbench.tracking.study_view import StudyView
from workbench.tracking.summary import VariantSummary

VARIANT = "search"
PAGE = "search.html"


def digest_of(state: SearchState) -> str:
    """Return a hash of what a search has proposed and decided, and of its results."""
    keys = [result.key for results in state.results.values() for result in results]
    content = f"{state.record.model_dump_json()} {' '.join(keys)}"
    return sha256(content)[:16]


def search_view(record: SearchRecord, command: str = "") -> StudyView:
    """Return how MLflow presents a search.

    Args:
        record: The search.
        command: What was typed, if that is known.
    """
    settings = record.settings
    limits = settings.space.limits.plain()
    within = ", ".join(f"{name} ≤ {value:,}" for name, value in limits.items() if value)
    steps = [step for step in rung_steps(settings.space.fidelity, settings.base.training) if step]
    lines = [
        f"**{markdown(settings.space.question)}**",
        "",
        f"Search space **{markdown(settings.space_name)}**, objectives "
        f"{markdown(', '.join(settings.objectives))}, "
        f"sampler {settings.sampler} with seed {settings.seed}"
        + (f", within {within}." if within else "."),
        f"**{BASELINE}** is the canonical network.",
    ]
    if steps:
        at = ", ".join(f"{step:,}" for step in steps)
        lines += ["", f"Candidates are compared at step {at}; those that were stopped there have "
                  "no score of the end."]  # fmt: skip
    if command:
        lines += ["", code_block(command)]
    return StudyView(
        study=record.name,
        note="\n".join(lines),
        datasets=tuple(benchmark.name for benchmark in settings.base.evaluation.benchmarks),
        rungs=tuple(steps),
        judged=False,
    )


def search_summary(state: SearchState, objectives: tuple[Objective, ...]) -> VariantSummary:
    """Return what MLflow shows of a search.

    Args:
        state: With the canonical network's results.
        objectives: Of the search.
    """
    best, values = state.front(objectives), state.values(objectives)
    figures = {"scored": float(len(values)), "on_the_front": float(len(best))}
    figures |= {"stopped_early": float(len(state.record.stopped()))}
    figures |= {"failed": float(len(state.record.failures()))}
    if len(objectives) == 1 and best:
        figures[f"best/{objectives[0].name}"] = values[best[0]][0]
    view = analyse_search(state, objectives)
    texts = [
        counts_text(view),
        *bicubic_warnings(view.state),
        f"On the front: {', '.join(best) or 'none'}.",
    ]
    note = "\n\n".join(texts)
    return VariantSummary(
        study=state.record.name,
        variant=VARIANT,
        digest=digest_of(state),
        moment_s=max(r.finished_s for results in state.results.values() for r in results),
        seeds=len(state.record.settings.trial_seeds),
        cost=state.results[BASELINE][0].cost,
        figures=figures,
        params=config_params(state.record.settings.base),
        verdicts={},
        note=note,
        evidence={},
        files={PAGE: search_page(view).encode(), **_figures(view)},
    )


def _figures(view: SearchAnalysis) -> dict[str, bytes]:
    """Return the figures that there is something for, as MLflow shows them beside a run."""
    found = {}
    if view.scored:
        found["front.png"] = png(search_figures.front(view.scored, view.names, view.bicubic[0]))
    if view.has_choices:
        found["parallel.png"] = png(search_figures.parallel(view.scored, view.names[0]))
    if view.importances.shares:
        found["importances.png"] = png(search_figures.importances(view.importances.shares))
    if view.rungs.at:
        rungs = search_figures.rungs(view.rungs.at, view.rungs.ends, view.names[0])
        found["rungs.png"] = png(rungs)
    return found
