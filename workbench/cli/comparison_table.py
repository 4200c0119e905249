"""The tables of a comparison, for people."""

from rich.table import Table

from workbench.cli.console import OUT, billions, millions, note, table
from workbench.reporting.comparison import ArmScore, Comparison
from workbench.statistics.paired import PairedDifference


def print_comparison(comparison: Comparison) -> None:
    """Print costs, then a table for each data set, then what the numbers mean."""
    cost = comparison.rows[0].cost
    OUT.print(cost_table(comparison))
    for name, protocol in comparison.protocols.items():
        images = max(
            score.delta_psnr_rgb_db.images if score.delta_psnr_rgb_db else 0
            for row in comparison.rows
            if (score := row.datasets.get(name))
        )
        count = f"{images} images, " if images else ""
        OUT.print(f"\n[bold]{name}[/bold]: {count}{protocol.describe()}")
        OUT.print(score_table(comparison, name))
    print_failures(comparison)
    note(f"\nmultiply-adds and activations at {cost.lr_width_px}x{cost.lr_height_px} LR px")
    note("scores: mean over seeds ± their standard deviation")
    if len(comparison.rows) > 1:
        note(_meaning(comparison))


def print_failures(comparison: Comparison) -> None:
    """Print the trials that have no score."""
    for row in comparison.rows:
        for failure in row.failures:
            OUT.print(f"{row.name} {failure}; not in the means", markup=False, soft_wrap=True)


def cost_table(comparison: Comparison) -> Table:
    """Return parameters, multiply-adds and activations of each arm."""
    made = table("variant", "seeds", "parameters", "multiply-adds G", "activations M")
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
    """Return the scores of each arm on one data set, and the difference to the base."""
    # Narrow enough for 80 columns with a name of 17 letters.
    made = table("variant", "PSNR dB", "SSIM", "Y-PSNR\ndB", "delta PSNR dB", "verdict", gap=1)
    made.columns[-1].justify = "left"
    for row in comparison.rows:
        made.add_row(row.name, *score_cells(row.datasets.get(dataset)))
    return made


def score_cells(score: ArmScore | None) -> list[str]:
    """Return PSNR, SSIM, Y-PSNR, difference and verdict of an arm."""
    if score is None:
        return ["-", "-", "-", "-", ""]
    psnr = score.scores["psnr_rgb_db"]
    spread = "" if psnr.seed_sd is None else f" ± {psnr.seed_sd:.3f}"
    cells = [
        f"{psnr.mean:.3f}{spread}",
        f"{score.scores['ssim_rgb'].mean:.4f}",
        f"{score.scores['psnr_y_db'].mean:.3f}",
    ]
    delta = score.delta_psnr_rgb_db
    if delta is None:
        return [*cells, "", ""]
    return [*cells, delta_text(delta), score.verdict or ""]


def delta_text(delta: PairedDifference) -> str:
    """Format a difference; one that three decimals would print as zero gets five."""
    ends = [delta.mean] if delta.low is None or delta.high is None else [delta.low, delta.high]
    decimals = 5 if max(map(abs, ends)) < 0.0005 else 3
    text = [f"{value:+z.{decimals}f}" for value in (delta.mean, *ends)]
    return text[0] if len(ends) == 1 else f"{text[0]} [{text[1]}, {text[2]}]"


def _meaning(comparison: Comparison) -> str:
    if min(len(row.seeds) for row in comparison.rows) < 2:
        return "not testable: a claim about a design needs at least two seeds (--seeds)"
    variants = len(comparison.rows) - 1
    together = f"all {variants} intervals hold together with 95 %" if variants > 1 else "95 %"
    return (
        "delta: variant - base, paired by seed and image\n"
        f"interval: over new seeds and new images ({together})\n"
        "undecided: the interval includes 0"
    )
