"""A comparison as CSV, Markdown or LaTeX. No torch."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Literal

from workbench.reporting.comparison import ArmRow, Comparison, plain_difference
from workbench.results import SCORE_NAMES

Format = Literal["csv", "markdown", "latex"]

CSV_DELTA = (
    *("mean", "low", "high", "verdict", "p", "p_holm", "p_equivalence_holm", "p_sign_flip"),
    *("seed_sd", "image_sd", "median", "win_rate", "further_seeds"),
)
_SPECIAL = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}"})


def export(comparison: Comparison, form: Format) -> str:
    """Return a comparison as text of one format, with a line break at the end."""
    return FORMATS[form](comparison)


def to_csv(comparison: Comparison) -> str:
    """Return one line for each arm and data set, with every figure and units in the header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    spreads = [name for metric in SCORE_NAMES for name in (metric, f"{metric}_seed_sd")]
    deltas = [f"delta_psnr_rgb_db_{name}" for name in CSV_DELTA]
    costs = ["parameters", "multiply_adds", "activations", "convolutions"]
    writer.writerow(
        ["variant", "against", "dataset", "protocol", "seeds", "images", *costs, *spreads, *deltas]
    )
    for row, dataset in _cells(comparison):
        score = row.datasets[dataset]
        plain = plain_difference(score.difference) if score.difference else {}
        values = [
            figure
            for metric in SCORE_NAMES
            for figure in (score.scores[metric].mean, score.scores[metric].seed_sd)
        ]
        writer.writerow(
            [
                *(row.name, row.against, dataset, comparison.protocols[dataset].describe()),
                *(len(row.seeds), plain.get("images")),
                *(getattr(row.cost, name) for name in costs),
                *values,
                *(plain.get(name) for name in CSV_DELTA),
            ]
        )
    return text.getvalue()


def to_markdown(comparison: Comparison) -> str:
    """Return a table for each data set."""
    lines = []
    for dataset, protocol in comparison.protocols.items():
        lines += [f"**{dataset}** ({protocol.describe()})", ""]
        lines += ["| " + " | ".join(_HEADER) + " |", "|---" * len(_HEADER) + "|"]
        for row, _ in _cells(comparison, dataset):
            lines.append("| " + " | ".join(_texts(row, dataset)) + " |")
        lines.append("")
    return "\n".join([*lines, _meaning(comparison), ""])


def to_latex(comparison: Comparison) -> str:
    """Return a `table` for each data set, for the package booktabs."""
    lines = []
    for dataset, protocol in comparison.protocols.items():
        caption = f"{dataset}: {protocol.describe()}. {_meaning(comparison)}"
        lines += [
            *(r"\begin{table}", r"\centering", rf"\caption{{{_escape(caption)}}}"),
            *(r"\begin{tabular}{l" + "r" * (len(_HEADER) - 2) + "l}", r"\toprule"),
            " & ".join(_escape(name) for name in _HEADER) + r" \\",
            r"\midrule",
        ]
        for row, _ in _cells(comparison, dataset):
            lines.append(" & ".join(_escape(text) for text in _texts(row, dataset)) + r" \\")
        lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    return "\n".join(lines)


FORMATS: dict[Format, Callable[[Comparison], str]] = {
    "csv": to_csv,
    "markdown": to_markdown,
    "latex": to_latex,
}

_HEADER = (
    *("variant", "seeds", "parameters", "multiply-adds G", "PSNR dB", "SSIM"),
    *("delta dB", "p (Holm)", "verdict"),
)


def _cells(comparison: Comparison, only: str | None = None) -> Iterator[tuple[ArmRow, str]]:
    """Yield every arm that was scored on a data set."""
    for dataset in [only] if only else comparison.protocols:
        for row in comparison.rows:
            if dataset in row.datasets:
                yield row, dataset


def _texts(row: ArmRow, dataset: str) -> list[str]:
    score = row.datasets[dataset]
    psnr = score.scores["psnr_rgb_db"]
    spread = "" if psnr.seed_sd is None else f" ± {psnr.seed_sd:.3f}"
    texts = [
        *(row.name, str(len(row.seeds)), f"{row.cost.parameters:,}"),
        f"{row.cost.multiply_adds / 1e9:.4f}",
        f"{psnr.mean:.3f}{spread}",
        f"{score.scores['ssim_rgb'].mean:.4f}",
    ]
    if score.difference is None:
        return [*texts, "", "", ""]
    decision = score.difference.decision
    ends = "" if decision.interval is None else " [{:+z.3f}, {:+z.3f}]".format(*decision.interval)
    p = "" if decision.p_holm is None else f"{decision.p_holm:.3f}"
    return [*texts, f"{decision.estimate.mean:+z.3f}{ends}", p, decision.verdict]


def _meaning(comparison: Comparison) -> str:
    rules = comparison.rules
    confidence, family = 100 * (1 - rules.alpha), len(comparison.rows) - 1
    return (
        "PSNR and SSIM in RGB, mean over seeds ± their sd. Delta: paired by seed and image, with "
        f"its {confidence:g} % interval over new seeds and new images. Verdict: error rate "
        f"{rules.alpha:g} after Holm over {family} comparisons; equivalent: within "
        f"±{rules.margin_db:g} dB."
    )


def _escape(text: str) -> str:
    return text.translate(_SPECIAL).replace("±", r"$\pm$")
