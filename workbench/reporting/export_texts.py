"""A comparison as Markdown or LaTeX. No torch."""

import re
from collections.abc import Iterator, Sequence

from workbench.analysis.comparison import ArmRow, Comparison, EffectRow
from workbench.analysis.judging import Difference
from workbench.reporting.baseline import BICUBIC, warning
from workbench.reporting.evidence_texts import LESION_WORDS, evidence_line
from workbench.reporting.verdict_texts import (
    confidence_text,
    decision_texts,
    error_rate_text,
    looks_text,
    margin_text,
    population_text,
    verdict_word,
)
from workbench.results import MeanScore
from workbench.system.numbers import (
    count_change,
    giga_change,
    giga_text,
    mean_text,
)
from workbench.system.text import markdown, printable

_SPECIAL = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": "$<$", ">": "$>$", "|": r"\textbar{}", '"': r"\textquotedbl{}"}
)
_HEADER = (
    *("variant", "seeds", "parameters", "multiply-adds G", "PSNR dB", "SSIM"),
    *("delta dB", "p (Holm)", "verdict"),
)
_EFFECT_HEADER = ("effect", "parameters", "multiply-adds G", "delta dB", "p (Holm)", "verdict")


def to_markdown(comparison: Comparison) -> bytes:
    """Return the question, a table for each data set, and one for its effects."""
    lines = [f"**{markdown(comparison.question)}**", ""] if comparison.question else []
    for dataset, protocol in comparison.protocols.items():
        lines += [f"**{markdown(dataset)}** ({protocol.describe()})", ""]
        for header, rows in _tables(comparison, dataset):
            lines += ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
            lines += ["| " + " | ".join(map(markdown, row)) + " |" for row in rows]
            lines.append("")
        below = warning(comparison, dataset)
        lines += [f"**Warning.** {markdown(below)}", ""] if below else []
    return "\n".join([*lines, _meaning(comparison), ""]).encode()


def to_latex(comparison: Comparison) -> bytes:
    """Return a `table` for each data set, for the package booktabs."""
    lines = []
    for dataset, protocol in comparison.protocols.items():
        below = warning(comparison, dataset)
        caption = f"{dataset}: {protocol.describe()}. {_meaning(comparison)} {below}"
        if comparison.question:
            caption = f"{comparison.question} {caption}"
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


def _tables(
    comparison: Comparison, dataset: str
) -> Iterator[tuple[Sequence[str], list[list[str]]]]:
    """Yield header and rows of the arms, and of the effects if there are any."""
    arms = [_arm_texts(row, dataset) for row in comparison.rows if dataset in row.datasets]
    bicubic = comparison.bicubic.get(dataset)
    yield _HEADER, [*([_bicubic_texts(bicubic)] if bicubic else []), *arms]
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


def _bicubic_texts(score: MeanScore) -> list[str]:
    means = [mean_text(score.psnr_rgb_db), f"{score.ssim_rgb:.4f}"]
    return [BICUBIC, "", "-", "-", *means, "", "", ""]


def _effect_texts(row: EffectRow, dataset: str) -> list[str]:
    costs = [count_change(row.parameters), giga_change(row.multiply_adds)]
    return [row.name, *costs, *_delta_texts(row.datasets[dataset])]


def _delta_texts(difference: Difference) -> tuple[str, str, str]:
    return *decision_texts(difference), verdict_word(difference)


def _meaning(comparison: Comparison) -> str:
    rule = comparison.rule
    looks = f" {looks_text(rule).capitalize()}." if rule.looks else ""
    lesion = comparison.evidence == "lesion"
    means = "" if lesion else ", mean over seeds ± their sd"
    paired = "image" if lesion else "seed and image"
    words = f"{LESION_WORDS}; " if lesion else ""
    return (
        f"Evidence: {evidence_line(comparison)}. "
        f"PSNR and SSIM in RGB{means}. Delta: paired by {paired}, with "
        f"its interval ({confidence_text(rule)}) over {population_text(comparison)}. Verdict: "
        f"{words}{error_rate_text(comparison)}; {margin_text(rule, comparison.evidence)}.{looks}"
    )


def _latex_row(texts: Sequence[str]) -> str:
    return " & ".join(_escape(text) for text in texts) + r" \\"


def _escape(text: str) -> str:
    plain = printable(" ".join(text.split())).translate(_SPECIAL).replace("±", r"$\pm$")
    if plain.startswith(("[", "*")):  # to the `\\` of the row above, an argument or its star
        plain = f"{{}}{plain}"
    return re.sub(r"(?<!\w)-(?=\d)", "$-$", plain)  # a minus, not a hyphen
