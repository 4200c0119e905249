"""The HTML page of a search: the front, what was chosen, what mattered, what rungs were worth."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from scipy.stats import spearmanr

from workbench.reporting import search_figures
from workbench.reporting.html_parts import document, html_figure, html_table, text
from workbench.reporting.search_figures import Scored
from workbench.search.objectives import Objective
from workbench.search.optuna_study import FEWEST, importances
from workbench.search.rungs import rung_steps
from workbench.search.state import SearchState, cost_of_trial
from workbench.search.wording import proposal_text

FEWEST_RANKED = 4


def search_page(state: SearchState, objectives: Sequence[Objective]) -> str:
    """Return a self-contained page of a search.

    Args:
        state: The search as far as it is known.
        objectives: Of it.
    """
    return document(state.record.name, "\n".join(_body(state, objectives)))


def _body(state: SearchState, objectives: Sequence[Objective]) -> Iterator[str]:
    settings = state.record.settings
    scored = _scored(state, objectives)
    yield f"<h1>{text(state.record.name)}</h1>"
    yield f"<p>{text(settings.space_name)}: {text(settings.space.question)}</p>"
    yield f"<p>{text(counts_text(state, len(scored)))}</p>"
    if scored:
        names = [objective.name for objective in objectives]
        caption = "Networks that came to their end"
        if len(settings.trial_seeds) == 1:
            caption += ", under one seed: differences of some 0.01 dB mean nothing"
        yield html_figure(search_figures.front(scored, names), "front", caption)
    yield html_table(*_table(state, objectives))
    if sum(bool(one.params) for one in scored) > 1:
        caption = "Each line is a network: what was chosen, and what came of it"
        figure = search_figures.parallel(scored, objectives[0].name)
        yield html_figure(figure, "parallel", caption)
    yield from _importances(state, objectives[0])
    yield from _rungs(state, objectives[0])


def counts_text(state: SearchState, scored: int) -> str:
    """Say what became of the proposals."""
    reasons = Counter(p.rejected.split()[0] for p in state.record.proposals if p.rejected)
    told = ", ".join(f"{count} for {reason}" for reason, count in reasons.most_common())
    twins = sum(p.same_as is not None for p in state.record.proposals)
    return (
        f"{len(state.record.proposals)} proposals: {scored} networks scored, "
        f"{len(state.record.stopped())} stopped early, {len(state.record.ended())} failed, "
        f"{sum(reasons.values())} rejected before training{f' ({told})' if told else ''}, "
        f"{twins} were networks that were there already. t0000 is the canonical network."
    )


def _scored(state: SearchState, objectives: Sequence[Objective]) -> list[Scored]:
    best = state.front(objectives)
    values = state.values(objectives)
    return [
        Scored(
            proposal.name,
            values[proposal.name],
            cost_of_trial(proposal).multiply_adds / 1e9,
            proposal.choices,
            proposal.name in best,
        )
        for proposal in state.trained
        if proposal.name in values
    ]


def _table(
    state: SearchState, objectives: Sequence[Objective]
) -> tuple[str, list[str], list[list[str]]]:
    head = ["trial", "parameters", "multiply-adds G", *(o.name for o in objectives), "what"]
    values, stopped, ended = state.values(objectives), state.record.stopped(), state.record.ended()
    rows = []
    for proposal in state.trained:
        name, cost = proposal.name, cost_of_trial(proposal)
        found = [f"{value:,.4f}" for value in values.get(name, ())] or ["-"] * len(objectives)
        ending = "stopped early; " if name in stopped else ended.get(name, "")
        what = f"{ending} {proposal_text(proposal)}".strip()
        giga = f"{cost.multiply_adds / 1e9:.4f}"
        rows.append([name, f"{cost.parameters:,}", giga, *found, what])
    return "All networks that were trained", head, rows


def _importances(state: SearchState, objective: Objective) -> Iterator[str]:
    """Yield what mattered, at the first rung if there is one: there all candidates are compared."""
    first = _at_rung(state, 0)
    values = first or {n: v[0] for n, v in state.values([objective]).items()}
    found = importances(state.record.proposals, values, objective)
    yield "<h2>What mattered</h2>"
    if not found:
        yield f"<p>Fewer than {FEWEST} networks to compare: importances would say nothing.</p>"
        return
    where = "at the first rung, where all were compared" if first else "at the end"
    caption = (
        f"Importance for {objective.name} of {len(values)} networks {where}. PED-ANOVA: what sets "
        "the better ones apart. fANOVA: what explains the variance. Dimensions that not every "
        "network has are left out"
    )
    yield html_figure(search_figures.importances(found), "importances", caption)


def _rungs(state: SearchState, objective: Objective) -> Iterator[str]:
    """Yield how well the rungs told the end."""
    ends = {name: values[0] for name, values in state.values([objective]).items()}
    steps = rung_steps(state.record.settings.space.fidelity, state.record.settings.base.training)
    at = {step: _at_rung(state, rung) for rung, step in enumerate(steps) if step is not None}
    if not any(at.values()):
        return
    yield "<h2>What the rungs were worth</h2>"
    figure = search_figures.rungs(at, ends, objective.name)
    yield html_figure(figure, "rungs", "; ".join(_correlations(at, ends)))


def _correlations(at: Mapping[int, Mapping[str, float]], ends: Mapping[str, float]) -> list[str]:
    """Return the rank correlation of each rung with the end, in words."""
    found = []
    for step, values in at.items():
        both = [name for name in values if name in ends]
        if len(both) < FEWEST_RANKED:
            found.append(f"after {step:,} steps: too few networks for a rank correlation")
            continue
        ranks = spearmanr([values[n] for n in both], [ends[n] for n in both]).statistic
        found.append(f"after {step:,} steps: rank correlation {ranks:.2f} over {len(both)}")
    return [*found, "only networks that were not stopped have an end, which lowers it"]


def _at_rung(state: SearchState, rung: int) -> dict[str, float]:
    """Return the first objective of all candidates that came to a rung."""
    stages = (stage for stage in state.record.stages if stage.rung == rung)
    if rung >= len(state.record.settings.space.fidelity.rungs):
        return {}
    return {name: values[0] for stage in stages for name, values in stage.values.items()}
