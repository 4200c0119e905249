"""The tables of an ablation path, for people."""

from collections.abc import Sequence
from dataclasses import replace

from rich.table import Table
from rich.text import Text

from workbench.ablation.shapley import ShapleyPlan
from workbench.analysis.attribution import Attribution
from workbench.analysis.comparison import ArmRow, Comparison
from workbench.cli.comparison_notes import print_meaning
from workbench.cli.comparison_table import (
    bicubic_cells,
    print_below_bicubic,
    print_comparison,
    print_failures,
    print_question,
    score_cells,
)
from workbench.cli.console import OUT, billions, heading, note, table
from workbench.cli.verdict_text import verdict_text
from workbench.reporting.baseline import BICUBIC
from workbench.system.numbers import count_change, difference_text, giga_change


def print_path(comparison: Comparison, order: Sequence[str], total: str) -> None:
    """Print what each step cost and brought, and all of them together.

    Args:
        comparison: The nodes in order, then the two ends against each other.
        order: The components, one for each step.
        total: Name of the last row.
    """
    print_question(comparison)
    labels = [comparison.rows[0].name, *(f"+{name}" for name in order), total]
    named = list(zip(labels, comparison.rows, strict=True))
    OUT.print(_cost_table(named))
    for dataset, protocol in comparison.protocols.items():
        OUT.print()
        OUT.print(heading(dataset, f": {protocol.describe()}"))
        # Without SSIM, which --json has: so a step of 18 letters fits in 80 columns.
        made = table("step", "PSNR dB", "brings dB", "p", "verdict", gap=1)
        made.columns[-1].justify = "left"
        bicubic = comparison.bicubic.get(dataset)
        if bicubic is not None:
            made.add_row(BICUBIC, bicubic_cells(bicubic)[0], "", "", "")
        for label, row in named:
            psnr, _, *rest = score_cells(row.datasets.get(dataset))
            made.add_row(label, psnr, *rest)
        OUT.print(made)
        # The last row is a difference of two networks that have rows already.
        print_below_bicubic(comparison, dataset, {row.name: label for label, row in named[:-1]})
    print_failures(comparison)
    cost = comparison.rows[0].cost
    note(f"\nmultiply-adds at {cost.lr_width_px}x{cost.lr_height_px} LR px")
    note(
        "each step is a network of its own, trained from scratch, against the one before it\n"
        "what a step brings depends on the order: --order chooses it, --shapley averages over it"
    )
    print_meaning(comparison, dict(zip((row.name for row in comparison.rows), labels, strict=True)))


def print_shapley(
    attribution: Attribution, ends: Comparison, shapley: ShapleyPlan, nodes: Comparison
) -> None:
    """Print what each component brings in the mean over orders, and the two ends.

    Args:
        attribution: The shares of the components.
        ends: The two ends against each other.
        shapley: Over which orders is averaged.
        nodes: All networks of these orders, for the warning of those below bicubic.
    """
    print_question(ends)
    made = table("component", "parameters", "multiply-\nadds G", *attribution.protocols, gap=1)
    for share in attribution.shares:
        deltas = [
            Text.assemble(
                difference_text(found.estimate.mean, found.interval),
                " ",
                verdict_text(found.verdict),
            )
            for found in share.decisions.values()
        ]
        cells = [count_change(share.parameters), giga_change(share.multiply_adds)]
        made.add_row(share.component, *cells, *deltas)
    OUT.print(heading("PSNR dB that each component brings", ", mean over orders"))
    OUT.print(made)
    for dataset in nodes.protocols:
        print_below_bicubic(nodes, dataset)
    exactness = "all orders"
    if not shapley.exact:
        error = "the intervals include the drawing" if shapley.orders > 2 else "too few to test"
        exactness = f"{shapley.orders} orders drawn in pairs ({error})"
    note(
        f"mean over {exactness}; the values add up to the difference of the ends\n"
        f"verdict: after Holm over the {len(attribution.shares)} components and both tests; "
        f"{len(attribution.seeds)} seeds\n"
    )
    print_comparison(replace(ends, question=""))


def _cost_table(named: Sequence[tuple[str, ArmRow]]) -> Table:
    """Return parameters and multiply-adds of each node, and what its step changes in them."""
    made = table("step", "seeds", "parameters", "change", "multiply-\nadds G", "change")
    rows = {row.name: row for _, row in named}
    for label, row in named:
        cost, before = row.cost, rows.get(row.against)
        changes = ["", ""]
        if before is not None:
            parameters = cost.parameters - before.cost.parameters
            multiply_adds = cost.multiply_adds - before.cost.multiply_adds
            changes = [count_change(parameters), giga_change(multiply_adds)]
        values = [f"{cost.parameters:,}", billions(cost.multiply_adds)]
        made.add_row(label, str(len(row.seeds)), values[0], changes[0], values[1], changes[1])
    return made
