"""A comparison as CSV, Parquet, Markdown or LaTeX. No torch."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from workbench.reporting.comparison import ArmRow, Comparison, EffectRow
from workbench.reporting.judging import Difference
from workbench.reporting.numbers import (
    count_change,
    difference_text,
    giga_change,
    giga_text,
    mean_text,
    p_text,
)
from workbench.reporting.plain import plain_difference
from workbench.reporting.wording import confidence_text, counted, looks_text
from workbench.results import SCORE_NAMES
from workbench.text import csv_cell, markdown, printable

Format = Literal["csv", "parquet", "markdown", "latex"]

DELTA = (
    *("mean", "low", "high", "verdict", "p", "p_holm", "p_equivalence_holm", "p_sign_flip"),
    *("seed_sd", "image_sd", "median", "win_rate", "further_seeds"),
)
COSTS = ("parameters", "multiply_adds", "activations", "convolutions")
_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": "$<$", ">": "$>$", "|": r"\textbar{}", '"': r"\textquotedbl{}"}
    # After the `\\` of the row above, these would be its optional argument and its star.
    | {"[": "{[}", "]": "{]}", "*": "{*}"}
)


def export(comparison: Comparison, form: Format) -> bytes:
    """Return a comparison as the content of a file of one format."""
    return FORMATS[form](comparison)


def frame(comparison: Comparison) -> Any:
    """Return a `pandas.DataFrame` with a row for each arm or effect and data set, units in names.

    An effect over several arms has no scores of its own; its costs are what it adds.
    """
    import pandas as pd

    rows = [
        *(_arm_figures(comparison, row, dataset) for row, dataset in _cells(comparison)),
        *(
            _effect_figures(comparison, row, dataset)
            for dataset in comparison.protocols
            for row in comparison.effects
            if dataset in row.datasets
        ),
    ]
    found = pd.DataFrame(rows)
    # Empty cells of a whole number's column would turn the others into 3.0.
    whole = [*COSTS[2:], "seeds", "images", "delta_psnr_rgb_db_further_seeds"]
    return found.astype(dict.fromkeys(whole, "Int64"))


def to_csv(comparison: Comparison) -> bytes:
    """Return one line for each arm or effect and data set, with every figure."""
    found = frame(comparison)
    for column in found.select_dtypes(exclude="number"):
        found[column] = found[column].map(lambda v: csv_cell(v) if isinstance(v, str) else v)
    text: str = found.to_csv(index=False, lineterminator="\n")
    return text.encode()


def to_parquet(comparison: Comparison) -> bytes:
    """Return the same table as Parquet, with its types."""
    content = io.BytesIO()
    frame(comparison).to_parquet(content, index=False)
    return content.getvalue()


def to_markdown(comparison: Comparison) -> bytes:
    """Return a table for each data set, and one for its effects."""
    lines = []
    for dataset, protocol in comparison.protocols.items():
        lines += [f"**{markdown(dataset)}** ({protocol.describe()})", ""]
        for header, rows in _tables(comparison, dataset):
            lines += ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
            lines += ["| " + " | ".join(map(markdown, row)) + " |" for row in rows]
            lines.append("")
    return "\n".join([*lines, _meaning(comparison), ""]).encode()


def to_latex(comparison: Comparison) -> bytes:
    """Return a `table` for each data set, for the package booktabs."""
    lines = []
    for dataset, protocol in comparison.protocols.items():
        caption = f"{dataset}: {protocol.describe()}. {_meaning(comparison)}"
        lines += [r"\begin{table}", r"\centering", rf"\caption{{{_escape(caption)}}}"]
        # Nine columns do not fit into one of two columns of text otherwise.
        lines += [r"\footnotesize", r"\setlength{\tabcolsep}{3pt}"]
        for header, rows in _tables(comparison, dataset):
            columns = "l" + "r" * (len(header) - 2) + "l"
            lines += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule"]
            lines += [_latex_row(header), r"\midrule", *(_latex_row(row) for row in rows)]
            lines += [r"\bottomrule", r"\end{tabular}"]
        lines += [r"\end{table}", ""]
    return "\n".join(lines).encode()


FORMATS: dict[Format, Callable[[Comparison], bytes]] = {
    "csv": to_csv,
    "parquet": to_parquet,
    "markdown": to_markdown,
    "latex": to_latex,
}

_HEADER = (
    *("variant", "seeds", "parameters", "multiply-adds G", "PSNR dB", "SSIM"),
    *("delta dB", "p (Holm)", "verdict"),
)
_EFFECT_HEADER = ("effect", "parameters", "multiply-adds G", "delta dB", "p (Holm)", "verdict")


def _cells(comparison: Comparison, only: str | None = None) -> Iterator[tuple[ArmRow, str]]:
    """Yield every arm that was scored on a data set."""
    for dataset in [only] if only else comparison.protocols:
        for row in comparison.rows:
            if dataset in row.datasets:
                yield row, dataset


def _arm_figures(comparison: Comparison, row: ArmRow, dataset: str) -> dict[str, Any]:
    score = row.datasets[dataset]
    spreads = {
        name: figure
        for metric in SCORE_NAMES
        for name, figure in (
            (metric, score.scores[metric].mean),
            (f"{metric}_seed_sd", score.scores[metric].seed_sd),
        )
    }
    return {
        "kind": "arm",
        "variant": row.name,
        "against": row.against,
        "dataset": dataset,
        "protocol": comparison.protocols[dataset].describe(),
        "seeds": len(row.seeds),
        "images": len(score.difference.images) if score.difference else None,
        **{name: getattr(row.cost, name) for name in COSTS},
        **spreads,
        **_delta(score.difference),
    }


def _effect_figures(comparison: Comparison, row: EffectRow, dataset: str) -> dict[str, Any]:
    difference = row.datasets[dataset]
    return {
        "kind": "effect",
        "variant": row.name,
        "against": "",
        "dataset": dataset,
        "protocol": comparison.protocols[dataset].describe(),
        "seeds": len(difference.seeds),
        "images": len(difference.images),
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        **_delta(difference),
    }


def _delta(difference: Difference | None) -> dict[str, Any]:
    plain = plain_difference(difference) if difference else {}
    return {f"delta_psnr_rgb_db_{name}": plain.get(name) for name in DELTA}


def _tables(
    comparison: Comparison, dataset: str
) -> Iterator[tuple[Sequence[str], list[list[str]]]]:
    """Yield header and rows of the arms, and of the effects if there are any."""
    yield _HEADER, [_arm_texts(row, dataset) for row, _ in _cells(comparison, dataset)]
    effects = [_effect_texts(row, dataset) for row in comparison.effects if dataset in row.datasets]
    if effects:
        yield _EFFECT_HEADER, effects


def _arm_texts(row: ArmRow, dataset: str) -> list[str]:
    score = row.datasets[dataset]
    psnr = score.scores["psnr_rgb_db"]
    return [
        *(row.name, str(len(row.seeds)), f"{row.cost.parameters:,}"),
        giga_text(row.cost.multiply_adds),
        mean_text(psnr.mean, psnr.seed_sd),
        f"{score.scores['ssim_rgb'].mean:.4f}",
        *(_delta_texts(score.difference) if score.difference else ("", "", "")),
    ]


def _effect_texts(row: EffectRow, dataset: str) -> list[str]:
    costs = [count_change(row.parameters), giga_change(row.multiply_adds)]
    return [row.name, *costs, *_delta_texts(row.datasets[dataset])]


def _delta_texts(difference: Difference) -> tuple[str, str, str]:
    decision = difference.decision
    text = difference_text(decision.estimate.mean, decision.interval)
    return text, p_text(decision.p_holm), decision.verdict


def _meaning(comparison: Comparison) -> str:
    rules = comparison.rules
    looks = f" {looks_text(rules).capitalize()}." if rules.looks else ""
    family = counted(comparison.family, "comparison")
    return (
        "PSNR and SSIM in RGB, mean over seeds ± their sd. Delta: paired by seed and image, with "
        f"its interval ({confidence_text(rules)}) over new seeds and new images. Verdict: error "
        f"rate {rules.alpha:g} after Holm over {family}; equivalent: within "
        f"±{rules.margin_db:g} dB.{looks}"
    )


def _latex_row(texts: Sequence[str]) -> str:
    return " & ".join(_escape(text) for text in texts) + r" \\"


def _escape(text: str) -> str:
    plain = printable(" ".join(text.split())).translate(_SPECIAL).replace("±", r"$\pm$")
    return re.sub(r"(?<!\w)-(?=\d)", "$-$", plain)  # a minus, not a hyphen
