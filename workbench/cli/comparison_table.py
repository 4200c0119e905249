"""The tables of a comparison, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from workbench.analysis.baseline import below_bicubic
from workbench.analysis.comparison import ArmScore, Comparison
from workbench.analysis.judging import Difference
from workbench.cli.console import OUT, billions, heading, millions, note, table
from workbench.cli.verdict_text import verdict_text
from workbench.reporting.baseline import BICUBIC, warning_text
from workbench.reporting.wording import confidence_text, looks_text, remedy_text
from workbench.results import MeanScore
from workbench.statistics.decision_rule import DecisionRule
from workbench.system.numbers import count_change, difference_text, mean_text, p_text
from workbench.system.text import counted, printable

if TYPE_CHECKING:
    from workbench.statistics.verdicts import Decision


def print_comparison(comparison: Comparison) -> None:
    """Print the question, costs, a table for each data set, then what the numbers mean."""
    print_question(comparison)
    cost = comparison.rows[0].cost
    OUT.print(cost_table(comparison))
    for name, protocol in comparison.protocols.items():
        images = max((len(j.difference.images) for j in comparison.judged(name)), default=0)
        count = f"{images} images, " if images else ""
        OUT.print()
        OUT.print(heading(name, f": {count}{protocol.describe()}"))
        OUT.print(score_table(comparison, name))
        print_below_bicubic(comparison, name)
        if comparison.effects:
            OUT.print(effect_table(comparison, name))
    print_failures(comparison)
    note(f"\nmultiply-adds and activations at {cost.lr_width_px}x{cost.lr_height_px} LR px")
    note("scores: mean over seeds ± their standard deviation")
    print_meaning(comparison, {row.name: row.name for row in comparison.rows})


def print_question(comparison: Comparison) -> None:
    """Print the study's question, the first line of every report; nothing without one."""
    if comparison.question:
        OUT.print(heading("question: ", printable(comparison.question)), soft_wrap=True)


def print_below_bicubic(
    comparison: Comparison, dataset: str, labels: Mapping[str, str] | None = None
) -> None:
    """Print which networks do not beat interpolation, if any does not.

    Args:
        comparison: What was printed.
        dataset: The data set.
        labels: What rows were called, for those that are networks; None if all are.
    """
    short = below_bicubic(comparison, dataset)
    if labels is not None:
        short = {labels[name]: db for name, db in short.items() if name in labels}
    if short:
        print_warning(warning_text(dataset, short, comparison.bicubic[dataset].psnr_rgb_db))


def print_warning(text: str) -> None:
    """Print a warning under a table, which belongs to what was found: not on stderr."""
    OUT.print(Text(text, style="yellow"))


def print_failures(comparison: Comparison) -> None:
    """Print the trials that have no score."""
    for row in comparison.rows:
        for failure in row.failures:
            OUT.print(f"{row.name} {failure}; not in the means", soft_wrap=True)


def cost_table(comparison: Comparison) -> Table:
    """Return parameters, multiply-adds and activations of each arm."""
    made = table("variant", "seeds", "parameters", "multiply-adds G", "activations M")
    if comparison.bicubic:
        made.add_row(BICUBIC, *["-"] * 4)
    for row in comparison.rows:
        made.add_row(
            row.name,
            str(len(row.seeds)),
            f"{row.cost.parameters:,}",
            billions(row.cost.multiply_adds),
            millions(row.cost.activations),
        )
    return made


def score_table(comparison: Comparison, dataset: str) -> Table:
    """Return the scores of bicubic and of each arm on one data set, and the differences.

    SSIM is left out where the table would be wider than the terminal; `--json` has it, and Y-PSNR.
    """
    rows = [[row.name, *score_cells(row.datasets.get(dataset))] for row in comparison.rows]
    bicubic = comparison.bicubic.get(dataset)
    if bicubic is not None:
        rows.insert(0, [BICUBIC, *bicubic_cells(bicubic)])
    columns = ["variant", "PSNR dB", "SSIM", "delta PSNR dB", "p", "verdict"]
    whole = _scores_as_table(columns, rows)
    if OUT.measure(whole, options=OUT.options.update(width=1_000)).maximum <= OUT.width:
        return whole
    return _scores_as_table([*columns[:2], *columns[3:]], [[*r[:2], *r[3:]] for r in rows])


def _scores_as_table(columns: list[str], rows: list[list[str | Text]]) -> Table:
    made = table(*columns, gap=1)
    made.columns[-1].justify = "left"
    for row in rows:
        made.add_row(*row)
    return made


def effect_table(comparison: Comparison, dataset: str) -> Table:
    """Return what each effect costs and brings on one data set."""
    made = table("effect", "parameters", "delta PSNR dB", "p", "verdict", gap=1)
    made.columns[-1].justify = "left"
    for row in comparison.effects:
        difference = row.datasets.get(dataset)
        cells: list[str | Text] = ["-", "", ""]
        if difference is not None:
            cells = _decision_cells(difference.decision)
        made.add_row(row.name, count_change(row.parameters), *cells)
    return made


def bicubic_cells(score: MeanScore) -> list[str | Text]:
    """Return PSNR and SSIM of bicubic; it is no arm, so there is no verdict on it."""
    return [mean_text(score.psnr_rgb_db), f"{score.ssim_rgb:.4f}", "", "", ""]


def score_cells(score: ArmScore | None) -> list[str | Text]:
    """Return PSNR, SSIM, difference, p after Holm and verdict of an arm."""
    if score is None:
        return ["-", "-", "-", "", ""]
    psnr = score.scores["psnr_rgb_db"]
    cells: list[str | Text] = [mean_text(psnr.mean, psnr.seed_sd)]
    cells.append(f"{score.scores['ssim_rgb'].mean:.4f}")
    if score.difference is None:
        return [*cells, "", "", ""]
    return [*cells, *_decision_cells(score.difference.decision)]


def _decision_cells(decision: Decision) -> list[str | Text]:
    difference = difference_text(decision.estimate.mean, decision.interval)
    return [difference, p_text(decision.p_holm), verdict_text(decision.verdict)]


def print_meaning(comparison: Comparison, labels: Mapping[str, str]) -> None:
    """Print what difference, p and verdict mean, and what is not settled yet.

    Args:
        comparison: What was printed.
        labels: What its rows were called.
    """
    family, rule = comparison.family, comparison.rule
    if not family:
        return
    if min(len(row.seeds) for row in comparison.rows) < 2:
        note("not testable: a claim about a design needs at least two seeds (--seeds)")
        return
    note(
        "delta: paired by seed and image; interval: "
        f"{confidence_text(rule)}, over new seeds and new images\n"
        f"verdict: error rate {rule.alpha:g} after Holm over {counted(family, 'comparison')} (p); "
        f"equivalent: within ±{rule.margin_db:g} dB"
    )
    if rule.looks:
        note(looks_text(rule))
    for name in comparison.protocols:
        for judged in comparison.judged(name):
            label = labels.get(judged.name, judged.name)
            _print_remarks(f"{name}, {label}", judged.difference, rule)


def _print_remarks(where: str, difference: Difference, rule: DecisionRule) -> None:
    """Print what would settle a difference, and what should make one doubt it."""
    from workbench.statistics.exact import seeds_for

    decision, extra = difference.decision, difference.sensitivity
    if decision.verdict == "undecided":
        note(f"{where}: undecided; {remedy_text(decision.further_seeds)}")
    if decision.verdict in ("better", "worse"):
        least = decision.smallest_p_sign_flip
        if least is not None and least > rule.alpha:
            note(
                f"{where}: rests on the t distribution; the exact test needs "
                f"{seeds_for(rule.alpha)} seeds to reach {rule.alpha:g} "
                f"(here {p_text(least)} at best)"
            )
        if extra.one_image_decides_the_sign:
            note(f"{where}: the sign hangs on one image, {extra.most_influential}")
