"""From a study to the summary runs of its variants. No torch, no mlflow."""

from collections.abc import Mapping
from pathlib import Path

from workbench.analysis.comparison import ArmRow
from workbench.analysis.judging import Difference
from workbench.analysis.training_differences import training_differences
from workbench.experiments.study import OpenedStudy, declared_text, html_page
from workbench.reporting.evidence_texts import evidence_line
from workbench.reporting.json_data import difference_to_dict
from workbench.reporting.prints import effects
from workbench.system.digests import sha256_of_json
from workbench.system.numbers import difference_text
from workbench.system.text import markdown
from workbench.tracking.metric_names import DELTA, OVER_TRAINING, SCORES, on_dataset
from workbench.tracking.points import rounded
from workbench.tracking.run_content import config_params, evidence_tags
from workbench.tracking.summary import VariantSummary

MOST_COPIES = 16
"""A study with at most this many variants has a copy of its report of 5 MB beside each of them, a
larger one beside its baseline alone."""
_FIGURES = {
    "mean": DELTA,
    "low": f"{DELTA}_low",
    "high": f"{DELTA}_high",
    "p_holm": "p",
    "p_equivalence_holm": "p_equivalence",
    "seed_sd": f"{DELTA}_seed_sd",
    "image_sd": f"{DELTA}_image_sd",
}
"""Names of metrics, by key of a difference."""


def digest_of(opened: OpenedStudy) -> str:
    """Return a hash of everything that a summary rests on."""
    content = [
        opened.declared.hash,
        {name: [result.key for result in found] for name, found in opened.results.items()},
    ]
    return sha256_of_json(content)


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
    digest, curves = digest_of(opened), _curves(opened)
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
            evidence=evidence_tags(configs[row.name]),
            files=files if row.name in holders else {},
            curves=curves.get(row.name, {}),
            trials=_trials(row, opened),
        )
        for row in rows
    )


def _curves(opened: OpenedStudy) -> dict[str, dict[str, dict[int, float]]]:
    """Return the differences over training by arm, metric and step."""
    return {
        one.name: {
            OVER_TRAINING: {point.step: rounded(point.estimate.mean) for point in one.points}
        }
        for one in training_differences(opened.comparison, opened.results)
    }


def _differences(row: ArmRow) -> Mapping[str, Difference]:
    return {
        dataset: score.difference for dataset, score in row.datasets.items() if score.difference
    }


def _figures(row: ArmRow) -> dict[str, float]:
    """Return means over seeds, their spread, and the differences."""
    found: dict[str, float] = {}
    for dataset, score in row.datasets.items():
        for metric, spread in score.scores.items():
            short = SCORES[metric]
            found[on_dataset(short, dataset)] = rounded(spread.mean)
            if spread.seed_sd is not None:
                found[on_dataset(f"{short}_seed_sd", dataset)] = spread.seed_sd
    for dataset, difference in _differences(row).items():
        plain = difference_to_dict(difference)
        for key, name in _FIGURES.items():
            if plain[key] is not None:
                exact = key.startswith("p_")
                found[on_dataset(name, dataset)] = plain[key] if exact else rounded(plain[key])
    return found


def _trials(row: ArmRow, opened: OpenedStudy) -> dict[tuple[int, str], dict[str, float]]:
    """Return the mean difference of each trial from the one of the same seed."""
    found: dict[tuple[int, str], dict[str, float]] = {}
    keys = {result.config.seed: result.key for result in opened.results[row.name]}
    for dataset, difference in _differences(row).items():
        for seed, mean in zip(difference.seeds, difference.pair.seed_means, strict=True):
            found.setdefault((seed, keys[seed]), {})[on_dataset(DELTA, dataset)] = rounded(
                float(mean)
            )
    return found


def _counts(row: ArmRow, opened: OpenedStudy) -> dict[str, float]:
    """Return over how many seeds and images the means go, and how far above bicubic they are."""
    found = {"seeds": float(len(row.seeds))}
    for dataset, score in row.datasets.items():
        bicubic = opened.comparison.bicubic.get(dataset)
        if bicubic is not None:
            gain = score.scores["psnr_rgb_db"].mean - bicubic.psnr_rgb_db
            found[on_dataset("over_bicubic", dataset)] = rounded(gain)
        scores = next(s for r in opened.results[row.name] if (s := r.score(dataset)))
        found[on_dataset("images", dataset)] = float(len(scores.images))
    return found


def _verdicts(row: ArmRow) -> dict[str, str]:
    return {name: found.decision.verdict for name, found in _differences(row).items()}


def _note(opened: OpenedStudy, row: ArmRow) -> str:
    question = f" {markdown(row.question)}" if row.question else ""
    lines = [
        f"**{markdown(row.name)}** of the study **{markdown(opened.study.study)}**, "
        f"{len(row.seeds)} seeds.{question}",
        "",
        f"Declared {declared_text(opened.declared)}. {row.cost.parameters:,} parameters, "
        f"{row.cost.multiply_adds:,} multiply-adds. Evidence: "
        f"{markdown(evidence_line(opened.comparison))}.",
    ]
    for dataset, found in _differences(row).items():
        decision = found.decision
        difference = difference_text(decision.estimate.mean, decision.interval)
        lines.append(
            f"- {markdown(dataset)}: {difference} dB against {markdown(row.against)}: "
            f"**{decision.verdict}**"
        )
    return "\n".join([*lines, "", "The artifacts hold the report of the whole study."])
