"""Builders of tests: studies of many networks whose quality early and late is known.

Network n has 8 + n channels, so that studies have networks in common.
"""

from collections.abc import Mapping, Sequence

from tests.builders.curves import trial
from workbench.config.evidence import Pretrained
from workbench.config.overrides import apply_overrides
from workbench.results import MeanScore, TrialResult


def ranked(
    study: str,
    late_db: Sequence[float],
    *,
    early_db: Sequence[float] | None = None,
    steps: Sequence[int] = (100, 200, 300, 400),
    seeds: Sequence[int] = (1, 2),
    seed_db: Mapping[tuple[int, int], float] | None = None,
    parameters: Sequence[int] | None = None,
) -> dict[str, list[TrialResult]]:
    """Return the arms `v00`, `v01`, ... of a study.

    Args:
        study: A part of the keys.
        late_db: What each network is better by at the last step.
        early_db: The same before the last step; None for equal ranks.
        steps: Of the validations.
        seeds: Of each arm.
        seed_db: What a trial is better by at all steps, by (network, seed).
        parameters: Of each network.
    """
    arms = {}
    for number, db in enumerate(late_db):
        early = db if early_db is None else early_db[number]
        trials = []
        for seed in seeds:
            own = (seed_db or {}).get((number, seed), 0.0)

            def effect(
                step: int, early: float = early, late: float = db, own: float = own
            ) -> float:
                return own + (late if step == steps[-1] else early)

            made = trial(f"v{number:02}", seed, effect, steps=steps)
            config = apply_overrides(made.config, {"model.channels": 8 + number})
            size = parameters[number] if parameters else 5_000 + number
            changes = {
                "key": f"{study}-{number:02}-{seed}".encode().hex(),
                "config": config,
                "cost": made.cost.model_copy(update={"parameters": size}),
            }
            trials.append(made.model_copy(update=changes))
        arms[f"v{number:02}"] = trials
    return arms


def on_images(
    arms: Mapping[str, Sequence[TrialResult]], bicubic_db: float
) -> dict[str, list[TrialResult]]:
    """Return the same trials, validated on images on which bicubic has a PSNR."""
    score = MeanScore(psnr_rgb_db=bicubic_db, ssim_rgb=0.7, psnr_y_db=bicubic_db, ssim_y=0.7)
    return {
        arm: [one.model_copy(update={"validation_bicubic": score}) for one in trials]
        for arm, trials in arms.items()
    }


def lesions(arms: Mapping[str, Sequence[TrialResult]]) -> dict[str, list[TrialResult]]:
    """Return trials of the same networks in which nothing was trained: they have no curves."""
    return {
        arm: [_pretrained(one, heal=False).model_copy(update={"curve": (), "steps": 0})
              for one in trials[:1]]
        for arm, trials in arms.items()
    }  # fmt: skip


def healed(arms: Mapping[str, Sequence[TrialResult]]) -> dict[str, list[TrialResult]]:
    """Return trials of the same networks that trained on from trained weights."""
    return {arm: [_pretrained(one, heal=True) for one in trials] for arm, trials in arms.items()}


def _pretrained(trial: TrialResult, *, heal: bool) -> TrialResult:
    weights = Pretrained(hash="a" * 64, heal=heal)
    config = trial.config.model_copy(update={"pretrained": weights})
    return trial.model_copy(update={"config": config})
