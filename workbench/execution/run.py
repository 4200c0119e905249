"""Run a plan: trials that are finished are taken from the ledger, the others run in workers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from workbench.errors import WorkbenchError
from workbench.execution.messages import Listener, Message, Task
from workbench.execution.plan import Arm, Plan
from workbench.results import CurvePoint, TrialResult, TrialState
from workbench.store.keys import trial_key
from workbench.store.ledger import Ledger
from workbench.tracking.tracker import Tracker, TrialLabel
from workbench.trial.images import check_images, known_hashes

Results = dict[tuple[str, int], TrialResult]
"""Results by (name of the arm, seed)."""
Failures = dict[tuple[str, int], WorkbenchError]
"""Likewise, what kept trials from ending."""


RunTasks = Callable[[Sequence[Task], Listener], None]
"""Runs trials and tells the listener, as `workers.Workers.run` does."""


class Display(Protocol):
    """Shows how a plan goes on."""

    def reused(self, arm: str, seed: int, result: TrialResult) -> None:
        """Take a trial that was finished before."""

    def news(self, arm: str, seed: int, message: Message) -> None:
        """Take news of a running trial."""

    def finished(self, arm: str, seed: int, result: TrialResult) -> None:
        """Take a trial that has just finished."""

    def failed(self, arm: str, seed: int, error: WorkbenchError) -> None:
        """Take a trial that could not end."""


@dataclass(frozen=True)
class PlannedTrial:
    """One trial of a plan and what the ledger knows of it."""

    arm: Arm
    seed: int
    key: str | None
    """None while some of its images are not packed."""
    result: TrialResult | None


def look_up(plan: Plan, store: Path) -> list[PlannedTrial]:
    """Return the plan's trials with the results that exist. Decodes nothing, imports no torch.

    Raises:
        DataError: If a folder cannot be used.
        StoreError: If a record of the ledger cannot be read.
    """
    ledger, planned = Ledger(store), []
    # Image folders are the same for all arms of a plan, but the scale may differ.
    hashes = {arm.name: known_hashes(arm.config, ledger) for arm in plan.arms}
    for arm, seed in plan.trials():
        known = hashes[arm.name]
        key = None if known is None else trial_key(arm.with_seed(seed), known).trial
        planned.append(PlannedTrial(arm, seed, key, ledger.result(key) if key else None))
    return planned


def run_plan(
    plan: Plan, *, store: Path, run: RunTasks, tracker: Tracker, display: Display
) -> Results:
    """Run what is not finished and return all results.

    Args:
        plan: Its images must be packed already.
        store: The store.
        run: Runs trials in this process's workers, or elsewhere.
        tracker: Gets every trial, the reused ones as well, so that it can mend its view.
        display: Shows the progress.

    Raises:
        StoppedByUserError: After Ctrl-C or SIGTERM; the same plan goes on from there.
        WorkbenchError: What a trial raised; the others are finished first.
    """
    results, failures = run_what_can(
        plan, {}, store=store, run=run, tracker=tracker, display=display
    )
    if failures:
        raise _failed(failures)
    return results


def _failed(failures: Failures) -> WorkbenchError:
    """Name the first trial that failed, and say how to run all of them again."""
    (arm, seed), error = next(iter(failures.items()))
    others = f" (and {len(failures) - 1} more failed)" if len(failures) > 1 else ""
    return WorkbenchError(
        f"{arm} seed {seed} failed{others}: {error}; finished trials are kept, rerun the same "
        "command to run what failed again"
    )


def run_what_can(
    plan: Plan,
    until: Mapping[str, int],
    *,
    store: Path,
    run: RunTasks,
    tracker: Tracker,
    display: Display,
) -> tuple[Results, Failures]:
    """Run what is not finished, and return also what failed.

    Args:
        plan: Its images must be packed already.
        until: By arm, the step at which it stops for now; its result is then `PRUNED`.
        store: The store.
        run: Runs trials in this process's workers, or elsewhere.
        tracker: Gets every trial, the reused ones as well, so that it can mend its view.
        display: Shows the progress.

    Raises:
        StoppedByUserError: After Ctrl-C or SIGTERM; the same plan goes on from there.
    """
    planned = look_up(plan, store)
    listener = TrialListener(plan.study, tracker, display, store=store)
    waiting: list[PlannedTrial] = []
    seen: dict[str, PlannedTrial] = {}
    for trial in planned:
        assert trial.key is not None, "images are packed before a plan runs"
        if trial.result is not None:
            display.reused(trial.arm.name, trial.seed, trial.result)
            listener.record(trial, trial.result)
        elif trial.key in seen:  # two arms that build the same network are one trial
            listener.twins.setdefault(trial.key, []).append(trial)
        else:
            seen[trial.key] = trial
            waiting.append(trial)
    listener.running = waiting
    if waiting:
        # Here, once: workers open the images without reading all of them.
        check_images((trial.arm.config for trial in waiting), Ledger(store))
        tasks = [Task(t.arm.with_seed(t.seed), until.get(t.arm.name)) for t in waiting]
        try:
            run(tasks, listener)
        finally:
            listener.interrupt_the_rest()
    return listener.results, listener.failures


@dataclass
class TrialListener:
    """Passes the workers' news on to tracker and display."""

    study: str
    tracker: Tracker
    display: Display
    store: Path = field(kw_only=True)
    running: list[PlannedTrial] = field(default_factory=list)
    twins: dict[str, list[PlannedTrial]] = field(default_factory=dict)
    results: Results = field(default_factory=dict)
    failures: Failures = field(default_factory=dict)
    started: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)

    def label(self, trial: PlannedTrial) -> TrialLabel:
        """Return what the tracker calls a trial."""
        assert trial.key is not None
        return TrialLabel(self.study, trial.arm.name, trial.seed, trial.key)

    def news(self, index: int, message: Message) -> None:
        """Take a message of trial `index`."""
        if index in self.ended:
            return  # news and results come by different pipes, so news may be late
        trial = self.running[index]
        if index not in self.started:
            self.started.add(index)
            config = trial.arm.with_seed(trial.seed)
            self.tracker.trial_started(self.label(trial), config, None)
        if isinstance(message, CurvePoint):
            self.tracker.validated(self.label(trial), message)
        self.display.news(trial.arm.name, trial.seed, message)

    def finished(self, index: int, result: TrialResult) -> None:
        """Take the result of trial `index`."""
        trial = self.running[index]
        self.ended.add(index)
        self.display.finished(trial.arm.name, trial.seed, result)
        self.record(trial, result)
        for twin in self.twins.get(result.key, []):
            self.display.reused(twin.arm.name, twin.seed, result)
            self.record(twin, result)

    def failed(self, index: int, error: WorkbenchError) -> None:
        """Take what kept trial `index` from ending; it stays interrupted."""
        trial = self.running[index]
        self.failures[trial.arm.name, trial.seed] = error
        self.display.failed(trial.arm.name, trial.seed, error)

    def record(self, trial: PlannedTrial, result: TrialResult) -> None:
        """Keep a result and show it to the tracker."""
        self.results[(trial.arm.name, trial.seed)] = result
        if result.state is TrialState.PRUNED:
            Ledger(self.store).keep_stopped(result)
        self.tracker.trial_finished(self.label(trial), result)

    def interrupt_the_rest(self) -> None:
        """Tell the tracker of trials that began and did not end."""
        for index in sorted(self.started - self.ended):
            self.tracker.trial_interrupted(self.label(self.running[index]))


def by_arm(
    plan: Plan, results: Mapping[tuple[str, int], TrialResult]
) -> dict[str, list[TrialResult]]:
    """Return the results of each arm in the order of the seeds."""
    return {
        arm.name: [results[arm.name, s] for s in plan.seeds if (arm.name, s) in results]
        for arm in plan.arms
    }
