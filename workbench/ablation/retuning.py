"""A learning rate for each network, with the same small budget for each. No torch.

A recipe was tuned for one network; a variant may lose only because its best learning rate is
another. Each arm, the base too, is trained for a quarter of the steps with half, once and twice the
recipe's learning rate under one seed that the study itself does not use; what scores best on the
validation images is what the study trains it with, and of equal ones the recipe's own. A study
whose validation images are scored, too, is refused (`trial/overlap.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

from workbench.config.evaluation import EvaluationConfig
from workbench.config.training import StageConfig
from workbench.config.trial import TrialConfig
from workbench.execution.plan import Arm, Plan
from workbench.results import TrialResult, TrialState

FACTORS = (0.5, 1.0, 2.0)
"""The rates that are tried, as multiples of the recipe's learning rate."""
SHORTER = 4
"""A tuning trial has a quarter of the recipe's steps."""


def tuning_plan(plan: Plan) -> Plan:
    """Return the short trials that choose the learning rates; they are a study of their own."""
    arms = [
        Arm(tuning_name(arm.name, factor), "", _shortened(_with_rate(arm.config, factor)))
        for arm in plan.arms
        for factor in FACTORS
    ]
    return Plan(f"{plan.study}-learning-rate", tuple(arms), (max(plan.seeds) + 1,))


def tuning_name(arm: str, factor: float) -> str:
    """Return the name of the arm of a tuning trial."""
    return f"{arm} at {factor:g}x"


def retuned(
    plan: Plan, results: Mapping[str, Sequence[TrialResult]]
) -> tuple[Plan, tuple[str, ...]]:
    """Give each arm its best learning rate.

    Args:
        plan: What is to be run.
        results: Of the tuning plan, by name.

    Returns:
        The plan; a remark on each choice, which says if it lies at the end of the grid.
    """
    arms, remarks = [], []
    for arm in plan.arms:
        scores = {factor: _score(results[tuning_name(arm.name, factor)]) for factor in FACTORS}
        # Of equal ones the recipe's: where all have failed, nothing is known against it.
        best = max(FACTORS, key=lambda factor: (scores[factor], factor == 1.0))
        rate = _with_rate(arm.config, best).training.stages[0].learning_rate
        tried = ", ".join(f"{factor:g}x {_score_text(scores[factor])}" for factor in FACTORS)
        edge = "" if best == 1.0 else "; the best is at the end of the grid"
        if not isfinite(scores[best]):
            edge = "; no rate gave a score, so it is the recipe's"
        remarks.append(f"{arm.name}: learning rate {rate:g} ({tried}{edge})")
        arms.append(replace(arm, config=_with_rate(arm.config, best)))
    return replace(plan, arms=tuple(arms)), tuple(remarks)


def _score_text(psnr_db: float) -> str:
    return f"{psnr_db:.3f} dB" if isfinite(psnr_db) else "no score"


def _score(results: Sequence[TrialResult]) -> float:
    """Return the last validation PSNR in dB; a trial that diverged is the worst."""
    complete = [r for r in results if r.state is TrialState.COMPLETE and r.curve]
    return complete[0].curve[-1].score.psnr_rgb_db if complete else float("-inf")


def _with_rate(config: TrialConfig, factor: float) -> TrialConfig:
    stages = tuple(
        stage.model_copy(update={"learning_rate": stage.learning_rate * factor})
        for stage in config.training.stages
    )
    return config.model_copy(
        update={"training": config.training.model_copy(update={"stages": stages})}
    )


def _shortened(config: TrialConfig) -> TrialConfig:
    """Return a trial of a quarter of the steps that is scored on the validation images only."""
    training = config.training.model_copy(
        update={"stages": tuple(_short_stage(stage) for stage in config.training.stages)}
    )
    benchmarks = EvaluationConfig(
        **{**dict(config.evaluation), "benchmarks": (config.data.validation,)}
    )
    return config.model_copy(update={"training": training, "evaluation": benchmarks})


def _short_stage(stage: StageConfig) -> StageConfig:
    steps = max(1, stage.steps // SHORTER)
    milestones = sorted({m // SHORTER for m in stage.milestones if 0 < m // SHORTER < steps})
    return stage.model_copy(update={"steps": steps, "milestones": tuple(milestones)})
