"""The tables of a comparison, for people."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from workbench.analysis.baseline import below_bicubic
from workbench.analysis.comparison import ArmScore, Comparison
from workbench.analysis.judging import Difference
from workbench.cli.comparison_notes import print_meaning
from workbench.cli.console import OUT, billions, heading, millions, note, table
from workbench.cli.verdict_text import verdict_text
from workbench.reporting.baseline import BICUBIC, table_warning
from workbench.reporting.evidence_texts import evidence_line
from workbench.reporting.verdict_texts import decision_texts
from workbench.results import MeanScore
from workbench.system.numbers import count_change, mean_text
from workbench.system.text import printable


def print_comparison(comparison: Comparison) -> None:
    """Print the question, costs, a table for each data set, then what the numbers mean."""
    print_question(comparison)
    OUT.print(heading("evidence: ", printable(evidence_line(comparison))))
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
    if comparison.evidence != "lesion":
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
        print_warning(table_warning(comparison, dataset, short))


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
            cells = _decision_cells(difference)
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
    return [*cells, *_decision_cells(score.difference)]


def _decision_cells(difference: Difference) -> list[str | Text]:
    word = verdict_text(difference.decision.verdict)
    if difference.decision.closed:
        word.append(", not tested")
    return [*decision_texts(difference), word]
