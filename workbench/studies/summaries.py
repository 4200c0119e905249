"""From a study to the summary runs of its variants. No torch, no mlflow."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from workbench.reporting.comparison import ArmRow
from workbench.reporting.judging import Difference
from workbench.reporting.numbers import difference_text
from workbench.reporting.plain import plain_difference
from workbench.reporting.prints import effects
from workbench.studies.study import OpenedStudy, declared_text, html_page
from workbench.tracking.run_content import config_params, safe_name
from workbench.tracking.summary import VariantSummary

MOST_COPIES = 16
"""A report of 5 MB lies beside every variant of a study with at most so many; otherwise beside the
base alone."""
_FIGURES = ("mean", "low", "high", "p_holm", "p_equivalence_holm", "seed_sd", "image_sd")


def digest_of(opened: OpenedStudy) -> str:
    """Return a hash of everything that a summary rests on."""
    content = [
        opened.declared.hash,
        {name: [result.key for result in found] for name, found in opened.results.items()},
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def summaries(opened: OpenedStudy, store: Path) -> tuple[VariantSummary, ...]:
    """Return the summary of each arm, with the figures and the page of the study.

    Args:
        opened: The study.
        store: Where its crops are.
    """
    files = {
        "report.html": html_page(opened, store).encode(),
        "effects.png": effects(opened.comparison, "png"),
    }
    rows = opened.comparison.rows
    holders = {row.name for row in (rows if len(rows) <= MOST_COPIES else rows[:1])}
    configs = {arm.name: arm.config for arm in opened.declared.arms}
    digest = digest_of(opened)
    return tuple(
        VariantSummary(
            study=opened.study.study,
            variant=row.name,
            digest=digest,
            moment_s=max(result.finished_s for result in opened.results[row.name]),
            seeds=len(row.seeds),
            cost=row.cost,
            figures=_figures(row) | _counts(row, opened),
            params=config_params(configs[row.name]),
            verdicts=_verdicts(row),
            note=_note(opened, row),
            files=files if row.name in holders else {},
        )
        for row in rows
    )


def _differences(row: ArmRow) -> Mapping[str, Difference]:
    return {
        dataset: score.difference for dataset, score in row.datasets.items() if score.difference
    }


def _figures(row: ArmRow) -> dict[str, float]:
    """Return means over seeds, their spread, and the differences."""
    found: dict[str, float] = {}
    for dataset, score in row.datasets.items():
        for metric, spread in score.scores.items():
            found[f"{safe_name(dataset)}/{metric}"] = spread.mean
            if spread.seed_sd is not None:
                found[f"{safe_name(dataset)}/{metric}_seed_sd"] = spread.seed_sd
    for dataset, difference in _differences(row).items():
        plain = plain_difference(difference)
        for name in _FIGURES:
            if plain[name] is not None:
                found[f"{safe_name(dataset)}/delta_psnr_rgb_db_{name}"] = plain[name]
    return found


def _counts(row: ArmRow, opened: OpenedStudy) -> dict[str, float]:
    """Return over how many seeds and images the means go."""
    found = {"seeds": float(len(row.seeds))}
    for dataset in row.datasets:
        scores = next(s for r in opened.results[row.name] if (s := r.score(dataset)))
        found[f"images/{safe_name(dataset)}"] = float(len(scores.images))
    return found


def _verdicts(row: ArmRow) -> dict[str, str]:
    return {name: found.decision.verdict for name, found in _differences(row).items()}


def _note(opened: OpenedStudy, row: ArmRow) -> str:
    question = f" {row.question}" if row.question else ""
    lines = [
        f"**{row.name}** of the study **{opened.study.study}**, {len(row.seeds)} seeds.{question}",
        "",
        f"Declared {declared_text(opened.declared)}. {row.cost.parameters:,} parameters, "
        f"{row.cost.multiply_adds:,} multiply-adds.",
    ]
    for dataset, found in _differences(row).items():
        decision = found.decision
        difference = difference_text(decision.estimate.mean, decision.interval)
        lines.append(f"- {dataset}: {difference} dB against {row.against}: **{decision.verdict}**")
    return "\n".join([*lines, "", "The artifacts hold the report of the whole study."])
