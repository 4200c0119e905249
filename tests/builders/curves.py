"""Builders of tests: trials with learning curves whose validation scores are known image by image.

A trial's PSNR at a step is base + seed + image effects + what the caller adds for its network.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.builders.comparisons import scored
from workbench.analysis.comparison import Comparison, compare
from workbench.experiments.declaration import Declaration, DeclaredArm, Study
from workbench.experiments.declaring import merge
from workbench.results import CurvePoint, ImageScore, PerImage, TrialResult, mean_of
from workbench.statistics.decision_rule import DecisionRule
from workbench.store.ledger import Ledger

IMAGES = ("baby", "bird", "butterfly", "head", "woman")
STEPS = tuple(range(100, 1_300, 100))
Effect = Callable[[int], float]
"""Step -> dB."""


def nothing(_step: int) -> float:
    return 0.0


def trial(
    name: str,
    seed: int,
    effect: Effect = nothing,
    *,
    steps: Sequence[int] = STEPS,
    noise_db: float = 0.0,
    per_image: bool = True,
) -> TrialResult:
    """Return a trial whose curve is raised by `effect`; noise depends on name, seed and image."""
    draw = np.random.default_rng([seed, *name.encode()])
    own = noise_db * draw.standard_normal(len(IMAGES)) + noise_db * draw.standard_normal()
    points = []
    for step in steps:
        values = [
            28 + 0.1 * seed + 0.5 * place + step / 1_000 + effect(step) + own[place]
            for place in range(len(IMAGES))
        ]
        points.append(_point(step, values, per_image=per_image))
    made = scored(f"{name} {seed}", seed, {"Set5": [db + 1 for db in values]})
    names = IMAGES if per_image else ()
    return made.model_copy(
        update={"curve": tuple(points), "validation_images": names, "steps": steps[-1]}
    )


def _point(step: int, values: Sequence[float], *, per_image: bool) -> CurvePoint:
    images = [
        ImageScore(name=name, psnr_rgb_db=db, ssim_rgb=0.8, psnr_y_db=db + 1, ssim_y=0.9)
        for name, db in zip(IMAGES, values, strict=True)
    ]
    return CurvePoint(
        step=step,
        time_s=float(step),
        loss=0.1,
        learning_rate=1e-3,
        score=mean_of(images),
        per_image=PerImage.of(images) if per_image else None,
    )


def study(
    effects: Mapping[str, Effect],
    seeds: Sequence[int] = (1, 2, 3, 4),
    *,
    noise_db: float = 0.002,
    rule: DecisionRule | None = None,
) -> tuple[Comparison, dict[str, list[TrialResult]]]:
    """Return the comparison of a base and of variants, with the trials of each."""
    results = {"base": [trial("base", seed, noise_db=noise_db) for seed in seeds]}
    for name, effect in effects.items():
        results[name] = [trial(name, seed, effect, noise_db=noise_db) for seed in seeds]
    return compare(results, {}, rule=rule), results


def declare(
    store: Path, name: str, results: Mapping[str, Sequence[TrialResult]], question: str = ""
) -> None:
    """Write trials into a ledger, and a study that declares them; the first arm is the base."""
    base, ledger = next(iter(results)), Ledger(store)
    for trials in results.values():
        for one in trials:
            ledger.record(one)
    arms = tuple(
        DeclaredArm(
            name=arm,
            question="",
            against="" if arm == base else base,
            config=trials[0].config,
        )
        for arm, trials in results.items()
    )
    declaration = Declaration(
        hash="f" * 64,
        declared_s=1e9,
        question=question,
        arms=arms,
        seeds=tuple(one.config.seed for one in results[base]),
        alpha=0.05,
        margin_db=0.02,
        keys={arm: tuple(one.key for one in trials) for arm, trials in results.items()},
    )
    merge(store, Study(study=name, declarations=(declaration,)))
