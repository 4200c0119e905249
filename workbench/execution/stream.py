"""Run trials that may lead to further trials; a fixed plan is a stream that adds none."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.execution.events import (
    TrialEvent,
    TrialFailed,
    TrialFinished,
    TrialInterrupted,
    TrialReused,
    TrialStarted,
    WorkersStarting,
)
from workbench.execution.executor import Executor, Task
from workbench.execution.lookup import LedgerLookup
from workbench.execution.plan import Arm
from workbench.results import TrialResult, TrialState
from workbench.store.ledger import Ledger
from workbench.store.sources import keep_sources
from workbench.system.events import Emit
from workbench.trial.images import check_images


@dataclass(frozen=True)
class ArmEnded:
    """Every trial of an arm has ended, or has reached the step at which it stops for now."""

    name: str
    results: list[TrialResult]
    """In the order of the seeds; without those that failed."""
    failed: str = ""
    """What kept a trial from ending; empty if every trial has a result."""


def run_arms(
    first: Iterable[Arm],
    then: Callable[[ArmEnded], Iterable[Arm]],
    *,
    seeds: Sequence[int],
    store: Path,
    executor: Executor,
    emit: Emit,
) -> None:
    """Run arms, and those that follow, until nothing is left.

    Args:
        first: What is run first; the images of all arms are packed already.
        then: Called when an arm has ended, one at a time, in this thread; returns the arms that
            are run next. The same arm may be returned again with a later `until`.
        seeds: Of every arm.
        store: The store that holds the ledger.
        executor: Runs what the ledger does not have.
        emit: Gets the events of all trials.

    Raises:
        StoppedByUserError: After a signal or a time limit.
        WorkbenchError: What `then` raises, or the executor itself.
    """
    lookup = LedgerLookup(store)

    def tasks_of(arms: Iterable[Arm]) -> list[Task]:
        return lookup.tasks((arm, seed) for arm in arms for seed in seeds)

    run_tasks(
        tasks_of(first),
        lambda ended: tasks_of(then(ended)),
        store=store,
        executor=executor,
        emit=emit,
    )


def run_tasks(
    first: Sequence[Task],
    then: Callable[[ArmEnded], Sequence[Task]],
    *,
    store: Path,
    executor: Executor,
    emit: Emit,
) -> None:
    """Run the tasks that have no result, and those that follow; see `run_arms`."""
    stream = _Stream(store, emit, then)
    stream.add(first)
    if stream.tasks:
        emit(WorkersStarting(len(stream.tasks)))
        try:
            executor.run(stream.tasks, stream.take)
        finally:
            stream.interrupt()


@dataclass
class _Progress:
    """How far the trials of an arm are."""

    seeds: list[int] = field(default_factory=list)
    """All that are or were run, in order."""
    results: dict[int, TrialResult] = field(default_factory=dict)
    errors: dict[int, WorkbenchError] = field(default_factory=dict)

    def ended(self, name: str) -> ArmEnded | None:
        """Return the arm's ending if its last trial has ended."""
        if len(self.results) + len(self.errors) < len(self.seeds):
            return None
        found = [self.results[seed] for seed in self.seeds if seed in self.results]
        errors = [self.errors[seed] for seed in self.seeds if seed in self.errors]
        return ArmEnded(name, found, str(errors[0]) if errors else "")


@dataclass
class _Stream:
    """What is under way, between the ledger, the executor and those who listen."""

    store: Path
    emit: Emit
    then: Callable[[ArmEnded], Sequence[Task]]
    tasks: list[Task] = field(default_factory=list)
    """For the executor; it grows."""
    arms: dict[str, _Progress] = field(default_factory=dict)
    """Those that have not ended, by name."""
    running: dict[tuple[str, int], Task] = field(default_factory=dict)
    """What the executor has and has not ended, by arm and seed."""
    started: set[tuple[str, int]] = field(default_factory=set)
    twins: dict[tuple[str, int | None], list[Task]] = field(default_factory=dict)
    """By (key, until) of a task that runs: tasks of other arms that build the same network."""
    checked: set[object] = field(default_factory=set)
    """Images that have been compared with their digests."""
    added: deque[Task] = field(default_factory=deque)
    """What is to be looked at."""

    def add(self, tasks: Sequence[Task]) -> None:
        """Take tasks; those that have a result have ended at once, which may add further ones."""
        self._expect(tasks)
        while self.added:
            task = self.added.popleft()
            assert task.key is not None, "images are packed before trials run"
            if task.result is not None:
                self._reuse(task, task.result)
            elif (twins := self.twins.get((task.key, task.until))) is not None:
                twins.append(task)  # two arms that build the same network are one trial
            else:
                self._check_images(task)
                keep_sources([task.config.model], self.store)
                assert (task.arm, task.seed) not in self.running, "a trial is run once at a time"
                self.running[task.arm, task.seed] = task
                self.twins[task.key, task.until] = []
                self.tasks.append(task)

    def take(self, event: TrialEvent) -> None:
        """Take an event of the executor."""
        task = self.running[event.arm, event.seed]
        match event:
            case TrialFinished(result=result):
                self._leave(task)
                self.emit(event)
                if result.state is TrialState.PRUNED:
                    Ledger(self.store).keep_stopped(result)
                self._end(task, result)
                for twin in self.twins.pop((task.key or "", task.until)):
                    self._reuse(twin, result)
            case TrialFailed(error=error):
                self._leave(task)
                self.emit(event)
                self._end(task, error)
                for twin in self.twins.pop((task.key or "", task.until)):
                    self.emit(TrialFailed(twin.arm, twin.seed, error))
                    self._end(twin, error)
            case _:
                self._start(task)
                self.emit(event)
        self.add(())

    def interrupt(self) -> None:
        """Emit which trials had started and have not ended."""
        for arm, seed in sorted(self.started):
            self.emit(TrialInterrupted(arm, seed))

    def _expect(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            self.arms.setdefault(task.arm, _Progress()).seeds.append(task.seed)
        self.added.extend(tasks)

    def _check_images(self, task: Task) -> None:
        """Compare images with their digests; workers open them without reading every pixel."""
        config = task.config
        images = (config.data, config.evaluation, config.model.scale)
        if images not in self.checked:
            check_images([config], Ledger(self.store))
            self.checked.add(images)

    def _start(self, task: Task) -> None:
        if (task.arm, task.seed) not in self.started:
            self.started.add((task.arm, task.seed))
            self.emit(TrialStarted(task.arm, task.seed, task.key or "", task.config))

    def _leave(self, task: Task) -> None:
        del self.running[task.arm, task.seed]
        self.started.discard((task.arm, task.seed))

    def _reuse(self, task: Task, result: TrialResult) -> None:
        self.emit(TrialReused(task.arm, task.seed, result))
        self._end(task, result)

    def _end(self, task: Task, outcome: TrialResult | WorkbenchError) -> None:
        """Note that a trial has ended, and let follow what follows from its arm's end."""
        arm = self.arms[task.arm]
        if isinstance(outcome, TrialResult):
            arm.results[task.seed] = outcome
        else:
            arm.errors[task.seed] = outcome
        ended = arm.ended(task.arm)
        if ended is not None:
            del self.arms[task.arm]
            self._expect(self.then(ended))
