"""The HTML page of a search: the front, what was chosen, what mattered, what rungs were worth."""

from collections.abc import Iterator

from workbench.reporting import search_figures
from workbench.reporting.baseline import BICUBIC
from workbench.reporting.colours import legend, style
from workbench.reporting.html_parts import document, html_figure, html_table, text
from workbench.reporting.numbers import giga_text
from workbench.search.optuna_study import FEWEST
from workbench.search.state import cost_of_trial
from workbench.search.views import SearchView
from workbench.search.wording import proposal_text


def search_page(view: SearchView) -> str:
    """Return a self-contained page of a search."""
    title = f"{view.state.record.settings.space.question} - {view.state.record.name}"
    return document(title, "\n".join(_body(view)), evals=True)


def _body(view: SearchView) -> Iterator[str]:
    settings = view.state.record.settings
    yield f"<h1>{text(view.state.record.name)}</h1>"
    yield f"<p>{text(settings.space_name)}: {text(settings.space.question)}</p>"
    yield f"<p>{text(view.counts)}</p>"
    for warning in view.warnings:
        yield f'<p class="warning">{text(warning)}</p>'
    if view.scored:
        caption = "Networks that came to their end"
        if len(settings.trial_seeds) == 1:
            caption += ", under one seed: differences of some 0.01 dB mean nothing"
        figure = search_figures.front(view.scored, view.names)
        yield html_figure(figure, "front", caption, legend(search_figures.FRONT))
    yield html_table(*_table(view))
    if view.has_choices:
        caption = "Each line is a network: what was chosen, and what came of it"
        figure = search_figures.parallel(view.scored, view.names[0])
        yield html_figure(figure, "parallel", caption)
    yield from _importances(view)
    if view.rungs.at:
        yield "<h2>What the rungs were worth</h2>"
        figure = search_figures.rungs(view.rungs.at, view.rungs.ends, view.names[0])
        told = [
            *view.rungs.correlations(),
            "only networks that were not stopped have an end, which lowers it",
        ]
        steps = {search_figures.rung_name(step): style(n) for n, step in enumerate(view.rungs.at)}
        yield html_figure(figure, "rungs", "; ".join(told), legend(steps))


def _table(view: SearchView) -> tuple[str, list[str], list[list[str]]]:
    head = ["trial", "parameters", "multiply-adds G", *view.names, "what"]
    record = view.state.record
    values = {one.name: one.values for one in view.scored}
    stopped, ended = record.stopped(), record.ended()
    rows = []
    if any(value is not None for value in view.bicubic):
        known = ["-" if value is None else f"{value:,.4f}" for value in view.bicubic]
        rows.append([BICUBIC, "-", "-", *known, "interpolation, no network"])
    for proposal in view.state.trained:
        name, cost = proposal.name, cost_of_trial(proposal)
        found = [f"{value:,.4f}" for value in values.get(name, ())] or ["-"] * len(view.names)
        ending = "stopped early; " if name in stopped else ended.get(name, "")
        what = f"{ending} {proposal_text(proposal)}".strip()
        giga = giga_text(cost.multiply_adds)
        rows.append([name, f"{cost.parameters:,}", giga, *found, what])
    return "All networks that were trained", head, rows


def _importances(view: SearchView) -> Iterator[str]:
    found = view.importances
    yield "<h2>What mattered</h2>"
    if not found.shares:
        yield f"<p>Fewer than {FEWEST} networks to compare: importances would say nothing.</p>"
        return
    where = "at the first rung, where all were compared" if found.at_first_rung else "at the end"
    caption = (
        f"Importance for {view.names[0]} of {found.count} networks {where}. PED-ANOVA: what sets "
        "the better ones apart. fANOVA: what explains the variance. Dimensions that not every "
        "network has are left out"
    )
    methods = {method: style(number) for number, method in enumerate(found.shares)}
    figure = search_figures.importances(found.shares)
    yield html_figure(figure, "importances", caption, legend(methods))
