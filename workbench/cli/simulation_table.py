"""The tables of `workbench search simulate`."""

from workbench.cli.console import OUT, heading, note, table
from workbench.cli.verdict_text import verdict_text
from workbench.reporting.simulation_texts import (
    SHARES,
    UNIFORM,
    gain_text,
    meaning_texts,
    p_holm_text,
    regret_text,
    searches_text,
    target_text,
    unit,
)
from workbench.search.simulation.outcome import Simulation


def print_simulation(found: Simulation) -> None:
    """Print the regret of each sampler, the samplers against each other, and what that means."""
    OUT.print(searches_text(found), soft_wrap=True)
    OUT.print(target_text(found), soft_wrap=True)
    _print_regrets(found)
    _print_comparisons(found)
    OUT.print()
    for text in meaning_texts(found):
        note(text)


def _print_regrets(found: Simulation) -> None:
    shares = [f"{100 * share:g} %" for share in SHARES]
    made = table("sampler", "finished", "steps", *shares, gap=1)
    for name, searches in found.repetitions.items():
        finished = sum(one.finished for one in searches) / len(searches)
        steps = sum(one.steps for one in searches) / len(searches)
        points = [found.point(name, share * found.budget) for share in SHARES]
        made.add_row(name, f"{finished:.1f}", f"{steps:,.0f}", *map(regret_text, points))
    uniform = found.uniform()
    exact = [
        next((f"{v:.4f}" for steps, v in reversed(uniform) if steps <= share * found.budget), "-")
        for share in SHARES
    ]
    made.add_row(f"{UNIFORM} (exact)", str(found.settings.trials), f"{found.budget:,}", *exact)
    shown = unit(found.searched.objective)
    OUT.print()
    OUT.print(heading("regret", f"{',' if shown else ''}{shown} after a share of the budget"))
    OUT.print(made)


def _print_comparisons(found: Simulation) -> None:
    made = table("sampler", "against", "gain", "p (Holm)", "verdict", left=2)
    for (one, other), decision in found.comparisons.items():
        gain = gain_text(decision, found.searched.objective)
        made.add_row(one, other, gain, p_holm_text(decision), verdict_text(decision.verdict))
    if found.comparisons:
        OUT.print()
        OUT.print(heading("samplers against each other", " at the end of the budget"))
        OUT.print(made)
