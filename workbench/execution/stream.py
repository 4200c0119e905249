"""Trials that are added while others run: what comes next depends on what has ended."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from workbench.errors import WorkbenchError
from workbench.execution.messages import Task
from workbench.execution.plan import Arm, Plan
from workbench.execution.run import RunTasks, TrialListener, look_up
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.trial.images import check_images


@dataclass(frozen=True)
class Asked:
    """An arm that is to be run."""

    arm: Arm
    until: int | None = None
    """Step at which it stops for now; None to run it to its end."""


@dataclass(frozen=True)
class Ended:
    """An arm whose trials have ended, under all seeds."""

    name: str
    results: list[TrialResult]
    failed: str = ""
    """What kept a trial from ending, if something did."""


More = Callable[[Ended], Iterable[Asked]]
"""Says what is run next when an arm has ended."""


@dataclass
class Stream(TrialListener):
    """Runs arms, and what comes of them, until nothing is left."""

    seeds: tuple[int, ...] = field(kw_only=True)
    """Of each arm."""
    tasks: list[Task] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    """How many trials of an arm have not ended, by name."""
    more: More = field(default=lambda _: ())
    checked: list[object] = field(default_factory=list)
    """Whose images have been compared with their digests."""

    def run(self, run: RunTasks, first: Iterable[Asked], more: More) -> None:
        """Run arms, and those that follow.

        Args:
            run: Runs trials in this process's workers, or elsewhere.
            first: What is run first; the images are packed already.
            more: Called in this process when an arm has ended, with one at a time.

        Raises:
            StoppedByUserError: After Ctrl-C or SIGTERM.
            WorkbenchError: What `more` raises.
        """
        self.more = more
        self.add(first)
        if self.tasks:
            try:
                run(self.tasks, self)
            finally:
                self.interrupt_the_rest()

    def add(self, asked: Iterable[Asked]) -> None:
        """Add arms; what the ledger has of them has ended at once."""
        waiting = deque(asked)
        while waiting:
            one = waiting.popleft()
            planned = look_up(Plan(self.study, (one.arm,), self.seeds), self.store)
            self.left[one.arm.name] = len(planned)
            for trial in planned:
                if trial.result is None:
                    self._check_images(one.arm)
                    self.running.append(trial)
                    self.tasks.append(Task(one.arm.with_seed(trial.seed), one.until))
                    continue
                self.display.reused(one.arm.name, trial.seed, trial.result)
                self.record(trial, trial.result)
                waiting.extend(self._count(one.arm.name))

    def _check_images(self, arm: Arm) -> None:
        """Compare images with their digests that no arm before had."""
        used = (arm.config.data, arm.config.evaluation, arm.config.model.scale)
        if used not in self.checked:
            check_images([arm.config], Ledger(self.store))
            self.checked.append(used)

    def finished(self, index: int, result: TrialResult) -> None:
        """Take the result of trial `index`."""
        super().finished(index, result)
        self.add(self._count(self.running[index].arm.name))

    def failed(self, index: int, error: WorkbenchError) -> None:
        """Take what kept trial `index` from ending."""
        super().failed(index, error)
        self.add(self._count(self.running[index].arm.name))

    def _count(self, name: str) -> Iterable[Asked]:
        """Note that a trial has ended; return what is run next if it was the last of its arm."""
        self.left[name] -= 1
        if self.left[name]:
            return ()
        found = [self.results.pop((name, s)) for s in self.seeds if (name, s) in self.results]
        errors = [self.failures.pop((name, s)) for s in self.seeds if (name, s) in self.failures]
        return self.more(Ended(name, found, str(errors[0]) if errors else ""))
