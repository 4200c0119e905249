"""What `workbench aa-test` does: how often the workbench's own verdicts err, and what they find."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workbench.analysis.comparison import Comparison, compare
from workbench.analysis.scores import complete
from workbench.errors import WorkbenchError
from workbench.execution.plan import Arm, Plan
from workbench.experiments.early_stop import stopped_early
from workbench.experiments.run_context import RunContext
from workbench.experiments.running import Trained, prepare, train
from workbench.experiments.trial_spec import TrialSpec, trial_config
from workbench.results import TrialResult
from workbench.statistics.audit import Audit, Rate, audit, audit_retrained
from workbench.statistics.decision_rule import MARGIN_DB, DecisionRule, Verdict
from workbench.statistics.grid import CELLS, GridCell, grid
from workbench.statistics.scenarios import SCENARIOS, Scenario, scenarios
from workbench.statistics.simulation import Truth
from workbench.system.events import Emit, counting, ignore

EFFECTS_DB = (0.0, 0.02, 0.05)
HEAVY = 2.5
"""Degrees of freedom of a t distribution whose tails are about those of the public scores."""


@dataclass(frozen=True)
class SimulationSpec:
    """Studies with a known truth."""

    seeds: int = 6
    """Seeds of each study, at least 2."""
    images: int = 100
    """Images of the data set."""
    repeats: int = 2_000
    """Studies for each effect."""
    retraining_sd_db: float = 0.014
    """Standard deviation of one network over seeds."""
    image_sd_db: float = 0.07
    """Standard deviation of differences over images."""
    margin_db: float = MARGIN_DB
    """Equivalence margin."""


@dataclass(frozen=True)
class DatasetAudit:
    """How often two halves of one network's seeds get each verdict on one data set."""

    rates: Mapping[Verdict, Rate]
    retraining_sd_db: float
    """Standard deviation of the network over seeds."""


@dataclass(frozen=True)
class AuditOutcome:
    """A network judged against itself."""

    plan: Plan
    trained: Trained
    splits: int
    datasets: Mapping[str, DatasetAudit]
    comparison: Comparison
    """The network alone, with bicubic interpolation."""

    @property
    def results(self) -> list[TrialResult]:
        """Results of the network, in the order of the seeds."""
        return self.trained.results[self.plan.base.name]

    @property
    def seeds(self) -> int:
        """Seeds of each half."""
        return len(self.plan.seeds) // 2


def simulate(spec: SimulationSpec, emit: Emit = ignore) -> tuple[Audit, ...]:
    """Audit each effect with normal and with heavy tails.

    Args:
        spec: The studies.
        emit: Gets the progress.
    """
    # A difference of two networks has twice the variance of one.
    truths = [
        Truth(
            effect=effect,
            seed_sd=spec.retraining_sd_db * 2**0.5,
            image_sd=spec.image_sd_db,
            tails=tails,
        )
        for tails in (None, HEAVY)
        for effect in EFFECTS_DB
    ]
    audits: list[Audit] = []
    with counting(emit, "judging studies") as advance:

        def judged(done: int) -> None:
            before = len(audits) * spec.repeats
            advance(before + done, len(truths) * spec.repeats, "")

        for truth in truths:
            audits.append(
                audit(
                    truth,
                    spec.seeds,
                    spec.images,
                    spec.repeats,
                    margin_db=spec.margin_db,
                    progress=judged,
                )
            )
    return tuple(audits)


def simulate_uses(repeats: int, emit: Emit = ignore) -> tuple[Scenario, ...]:
    """Simulate what users do with verdicts: families, looks, missing seeds, promotion.

    Args:
        repeats: Studies of each scenario.
        emit: Gets the progress.
    """
    with counting(emit, "judging families, looks and promotions") as advance:
        return tuple(scenarios(repeats, lambda done: advance(done, SCENARIOS, "")))


def simulate_grid(repeats: int, emit: Emit = ignore) -> tuple[GridCell, ...]:
    """Simulate the error over the whole grid of seeds and images.

    Args:
        repeats: Studies of each cell, for each mix of spreads and normal and heavy tails.
        emit: Gets the progress.
    """
    with counting(emit, "judging the grid") as advance:
        return tuple(grid(repeats, lambda done: advance(done, CELLS, "")))


def plan_audit(base: str, seeds: int, spec: TrialSpec) -> Plan:
    """Return the plan of one network under twice as many seeds as a study has.

    Args:
        base: Name of a preset.
        seeds: Seeds of a study, at least 2.
        spec: Its training and images.

    Raises:
        ConfigError: For an unknown preset or recipe, or an override that cannot be applied.
    """
    arm = Arm(base, "", trial_config(base, spec))
    return Plan(f"aa-test_{base}_{spec.recipe}", (arm,), tuple(range(1, 2 * seeds + 1)))


def audit_network(
    plan: Plan,
    context: RunContext,
    *,
    splits: int,
    margin_db: float = MARGIN_DB,
    emit: Emit = ignore,
) -> AuditOutcome:
    """Train one network under many seeds and judge it against itself.

    Args:
        plan: One arm; twice as many seeds as a study has.
        context: Where it is run.
        splits: How often the seeds are split into two studies.
        margin_db: Equivalence margin.
        emit: Gets the events of the trials, notes and cautions.

    Raises:
        StoppedByUserError: After Ctrl-C; the same call resumes.
        StoppedEarlyError: After SIGTERM, SIGUSR1 or the time limit; the same call resumes.
        WorkbenchError: If a trial gave no score.
    """
    context = context.on(plan.base.config.training.device)
    with stopped_early(context, emit) as watched:
        ready = prepare(plan, context, emit)
        watched.plan(len(ready.trials))
        trained = train(ready, context, DecisionRule(margin_db=margin_db), watched.emit)
    results = trained.results[plan.base.name]
    done = complete(results)
    if len(done) < len(plan.seeds):
        missing = [seed for seed in plan.seeds if seed not in done]
        raise WorkbenchError(f"an audit needs every trial, but seeds {missing} have no score")
    datasets = {
        scored.dataset: _judged(results, scored.dataset, splits, margin_db)
        for scored in results[0].scores
    }
    return AuditOutcome(plan, trained, splits, datasets, compare({plan.base.name: results}, {}))


def _judged(
    results: list[TrialResult], dataset: str, splits: int, margin_db: float
) -> DatasetAudit:
    sets = [one for result in results if (one := result.score(dataset))]
    scores = np.array([[image.psnr_rgb_db for image in one.images] for one in sets])
    return DatasetAudit(*audit_retrained(scores, splits, margin_db=margin_db))
