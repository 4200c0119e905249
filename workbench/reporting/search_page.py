"""The HTML page of a search: front, parallel coordinates, importances, correlations of rungs."""

import shlex
from collections.abc import Iterator, Sequence

from workbench.reporting import search_figures
from workbench.reporting.baseline import BICUBIC
from workbench.reporting.colours import legend, style
from workbench.reporting.html_parts import (
    Section,
    document,
    facts,
    html_figure,
    html_table,
    text,
    whole,
)
from workbench.reporting.page.head import recipe_text
from workbench.reporting.search_texts import (
    bicubic_warnings,
    correlation_texts,
    counts_text,
    difference_text,
    importance_texts,
    proposal_text,
    value_text,
)
from workbench.search.analysis import SearchAnalysis
from workbench.search.state import BASELINE, cost_of_trial
from workbench.system.numbers import giga_text

_MOST_NAMED = 12
"""Networks of the front that are named one by one."""


def search_page(view: SearchAnalysis) -> str:
    """Return a self-contained page of a search."""
    record = view.state.record
    parts = [part for part in _parts(view) if part[1]]
    body = [f"<h1>{whole(record.settings.space.question)}</h1>", facts(_facts(view))]
    for number, (section, inner) in enumerate(parts):
        body += [section.heading("" if number else "first"), *inner]
    title = f"{record.settings.space.question} - {record.name}"
    return document(title, "\n".join(body), [section for section, _ in parts], evals=True)


def _parts(view: SearchAnalysis) -> Iterator[tuple[Section, list[str]]]:
    yield Section("answer", "Answer"), [*_answer(view)]
    yield Section("networks", "All networks that were trained"), [*_networks(view)]
    if view.has_choices:
        figure = search_figures.parallel(view.scored, view.names[0])
        caption = "Each line is a network: what was chosen, and what came of it"
        yield Section("choices", "Choices"), [html_figure(figure, "parallel", caption)]
    yield Section("mattered", "Hyper-parameter importance"), [*_importances(view)]
    yield Section("rungs-worth", "Rung rank correlation"), [*_rungs(view)]


def _facts(view: SearchAnalysis) -> dict[str, str]:
    settings, base = view.state.record.settings, view.state.record.settings.base
    return {
        "Space": settings.space_name,
        "Optimized": ", ".join(
            f"{search_figures.unit_text(one.name)} ({one.direction})" for one in view.objectives
        ),
        "Scores of": "validation images"
        if settings.selection == "validation"
        else "the first benchmark",
        "Recipe": recipe_text(base.training),
        "Trained on": ", ".join(source.name for source in base.data.training),
        "Benchmarks": ", ".join(source.name for source in base.evaluation.benchmarks),
        "Seeds": ", ".join(map(str, settings.trial_seeds)),
        "Sampler": settings.sampler,
        "Proposals": counts_text(view),
        "Search": view.state.record.name,
    }


def _answer(view: SearchAnalysis) -> Iterator[str]:
    """Yield the best networks and how far each is from the canonical one, then the front."""
    values = {one.name: one.values for one in view.scored}
    canonical = values.get(BASELINE)
    best = [one for one in view.scored if one.on_front]
    proposals = {proposal.name: proposal for proposal in view.state.trained}
    if not best:
        yield "<p>No network has come to its end yet.</p>"
    else:
        yield '<ul class="answers">'
    for one in best[:_MOST_NAMED]:
        what = proposal_text(proposals[one.name])
        said = ", ".join(_values(view, one.values, canonical if one.name != BASELINE else None))
        size = f"{cost_of_trial(proposals[one.name]).parameters:,} parameters"
        yield (
            f'<li><p><strong>{one.name}</strong> <span class="muted">{text(what)}</span></p>'
            f"<p>{text(f'{said}; {size}')}</p></li>"
        )
    if best:
        yield "</ul>"
    if len(best) > _MOST_NAMED:
        yield f"<p>{len(best) - _MOST_NAMED} more networks are on the front, drawn below.</p>"
    if len(view.state.record.settings.trial_seeds) == 1:
        yield (
            '<p class="warning">One seed: differences of some 0.01 dB mean nothing here. '
            f"<code>workbench search promote {text(shlex.quote(view.state.record.name))} "
            "--seeds 6</code> tests the best ones.</p>"
        )
    for warning in bicubic_warnings(view.state):
        yield f'<p class="warning">{text(warning)}</p>'
    if view.scored:
        caption = (
            "Networks that have trained to their end. Those on the front are within the limits, "
        )
        caption += "and no other network there is as good in every objective"
        figure = search_figures.front(view.scored, view.names, view.bicubic[0])
        yield html_figure(figure, "front", caption, legend(search_figures.FRONT))


def _values(
    view: SearchAnalysis, values: Sequence[float], canonical: Sequence[float] | None
) -> Iterator[str]:
    for place, objective in enumerate(view.objectives):
        found = f"{search_figures.unit_text(objective.name).partition(',')[0]} "
        found += value_text(objective, values[place])
        if canonical is not None:
            change = difference_text(objective, values[place] - canonical[place])
            found += f" ({change} against the canonical network)"
        yield found


def _networks(view: SearchAnalysis) -> Iterator[str]:
    yield html_table(*_table(view))


def _rungs(view: SearchAnalysis) -> Iterator[str]:
    if not view.rungs.at:
        return
    figure = search_figures.rungs(view.rungs.at, view.rungs.ends, view.names[0])
    texts = correlation_texts(view)
    steps = {search_figures.rung_name(step): style(n) for n, step in enumerate(view.rungs.at)}
    yield html_figure(figure, "rungs", "; ".join(texts), legend(steps))


def _table(view: SearchAnalysis) -> tuple[str, list[str], list[list[str]]]:
    objectives = [search_figures.unit_text(name) for name in view.names]
    head = ["trial", "parameters", "multiply-adds, G", *objectives, "what"]
    record = view.state.record
    values = {one.name: one.values for one in view.scored}
    stopped, ended = record.stopped(), record.failures()
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
    return "Networks with their choices; - is a network without a score at the end", head, rows


def _importances(view: SearchAnalysis) -> Iterator[str]:
    found = view.importances
    for sentence in importance_texts(found):
        yield f"<p>{text(sentence)}</p>"
    if not found.shares:
        return
    objective = search_figures.unit_text(view.names[0]).partition(",")[0]
    where = "at the first rung, where all were compared" if found.at_first_rung else "at the end"
    caption = (
        f"Importance for {objective} of {found.count} networks {where}. PED-ANOVA: what sets "
        "the better ones apart. fANOVA: what explains the variance. Dimensions that not every "
        "network has are left out. Shares are never 0, and add up to 1: the sentences above say "
        "which stand out from noise"
    )
    methods = {method: style(number) for number, method in enumerate(found.shares)}
    figure = search_figures.importances(found.shares)
    yield html_figure(figure, "importances", caption, legend(methods))
