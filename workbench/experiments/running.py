"""Declare a plan, run what is not finished of it, and return the results of each arm."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.ablation.sequential import next_look
from workbench.execution.events import TrialReused, to_all
from workbench.execution.executor import Task
from workbench.execution.lookup import look_up
from workbench.execution.plan import Plan
from workbench.execution.run import by_arm, run_plan
from workbench.execution.speed import duration_text, seconds_left
from workbench.execution.tracked import TrackedTrials
from workbench.experiments.changes import change_text
from workbench.experiments.declaration import planned_effects, read_study
from workbench.experiments.declaring import Declared, declare
from workbench.experiments.describing import study_view
from workbench.experiments.events import TrialsStarted, trials
from workbench.experiments.own_modules import admit_own_modules
from workbench.experiments.packing import pack
from workbench.experiments.pretrained import check_pretrained
from workbench.experiments.run_context import RunContext
from workbench.experiments.study import declared_text
from workbench.experiments.views import optional, tracking
from workbench.reporting.verdict_texts import spent_text
from workbench.results import TrialResult, TrialState
from workbench.statistics.decision_rule import DEFAULT_RULE, DecisionRule
from workbench.statistics.effects import Effect
from workbench.store.ledger import Ledger
from workbench.system.events import Emit, Note, ignore, working
from workbench.system.text import counted

LONG_S = 3600.0
"""A study that takes longer is not started before `RunContext.confirm` allows it."""


@dataclass(frozen=True)
class Prepared:
    """A plan whose images are packed, with what the store has of it."""

    plan: Plan
    trials: tuple[Task, ...]


@dataclass(frozen=True)
class Trained:
    """What came of a plan."""

    results: dict[str, list[TrialResult]]
    """By arm, in the order of the seeds."""
    reused: int
    """Trials that were finished before."""
    declaration: int
    """Number of the plan's declaration among those of its study, the oldest being 1."""
    in_mlflow: bool
    """Whether MLflow shows the trials."""
    effects: tuple[Effect, ...] = ()
    """As declared, which decides what is tested first."""
    rule: DecisionRule = DEFAULT_RULE
    """As declared, with the looks and with what the study has spent before."""

    @property
    def trials(self) -> int:
        """Trials that have ended."""
        return sum(len(results) for results in self.results.values())


def prepare(plan: Plan, context: RunContext, emit: Emit = ignore) -> Prepared:
    """Pack the images of a plan and look its trials up.

    Raises:
        CheckpointError: If the store lacks the weights that the trials start from.
        DataError: If an image cannot be used.
        StoreError: If the store cannot be read or written.
    """
    check_pretrained(plan, context.store)
    pack(plan, context, emit)
    tasks = tuple(look_up(plan, context.store))
    admit_own_modules(tasks, context.store, emit)
    return Prepared(plan, tasks)


def announce(prepared: Sequence[Prepared], context: RunContext, emit: Emit = ignore) -> None:
    """Note how many trials there are and how long they will take, and confirm if that is long.

    Raises:
        ConfigError: If `context.confirm` refuses.
    """
    planned = [trial for one in prepared for trial in one.trials]
    waiting = sum(trial.result is None for trial in planned)
    if not waiting:
        return
    with working(emit, "timing the networks"):
        seconds = seconds_left(planned, Ledger(context.store), context.workers, context.gpus)
    most = "at most " if any(one.plan.looks for one in prepared) else ""
    text = (
        f"{counted(len(planned), 'trial')}, {waiting} to run: {most}about {duration_text(seconds)} "
        f"{context.describe_workers()}"
    )
    emit(Note(text))
    if seconds > LONG_S:
        context.confirm(text)


def train(
    prepared: Prepared, context: RunContext, rule: DecisionRule = DEFAULT_RULE, emit: Emit = ignore
) -> Trained:
    """Declare a plan, run what is not finished of it, and return the results of each arm.

    Args:
        prepared: What to run.
        context: Where.
        rule: By what it is judged, which is declared with it.
        emit: Gets the events of the trials, notes and cautions.

    Raises:
        StoppedByUserError: After a signal or a time limit; the same call resumes.
        WorkbenchError: For anything that the user can fix; what is finished is kept.
    """
    plan = prepared.plan
    tasks = {(task.arm, task.seed): task for task in prepared.trials}
    keys = {trial: task.key for trial, task in tasks.items() if task.key is not None}
    declared = declare(plan, rule, keys, context.store, context.command)
    _note_changes(plan.study, declared, emit)
    rule = declared.now.rule
    plan = replace(plan, effects=planned_effects(declared.now))
    if rule.former:
        emit(Note(f"study {plan.study}: {spent_text(rule)}"))
    results: dict[tuple[str, int], TrialResult] = {}
    reused: list[TrialReused] = []
    address = None

    def count_reused(event: object) -> None:
        if isinstance(event, TrialReused):
            reused.append(event)

    with tracking(context.store, context.tracking_uri, emit) as tracker:
        with optional("MLflow", emit):
            tracker.show(study_view(read_study(context.store, plan.study)))
        part: Plan | None = next_look(plan, {}, rule)
        with context.executor.open(context.store, context.at_once) as executor:
            while part is not None:
                count = len(part.trials())
                started = TrialsStarted(count, context.at_once, plan.against, rule.alpha)
                with trials(emit, started):
                    results |= run_plan(
                        [tasks[arm.name, seed] for arm, seed in part.trials()],
                        store=context.store,
                        executor=executor,
                        emit=to_all(count_reused, emit, TrackedTrials(tracker, plan.study)),
                    )
                part = next_look(plan, results, rule)
        with optional("MLflow", emit):
            address = tracker.queries.compare_address(plan.study)
    for (arm, seed), result in results.items():
        if result.state is TrialState.OUT_OF_MEMORY:
            text = f"{arm} seed {seed}: memory ran out; rerun the same command to run it again"
            emit(Note(text))
    return Trained(
        by_arm(plan, results),
        len(reused),
        declared.number,
        in_mlflow=address is not None,
        effects=plan.effects,
        rule=rule,
    )


def _note_changes(study: str, declared: Declared, emit: Emit) -> None:
    """Note that images or results are no longer those of the last declaration."""
    change = declared.before and change_text(declared.before, declared.now)
    if declared.before and change:
        day = declared_text(declared.before)
        text = f"study {study}: {change} since it was declared {day}; this is another declaration"
        emit(Note(text))
