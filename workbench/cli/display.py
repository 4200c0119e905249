"""Bars for long work: rate, loss and time left, on stderr."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Task as BarTask
from rich.text import Text

from workbench.cli.console import ERR
from workbench.cli.pace import Pace, clock
from workbench.errors import WorkbenchError
from workbench.execution.events import (
    TrialFailed,
    TrialFinished,
    TrialProgressed,
    TrialReused,
    TrialValidated,
    WaitingForLock,
    WorkerDied,
    WorkersStarting,
)
from workbench.results import CurvePoint, TrialResult
from workbench.system.progress import Progress as ShowProgress

if TYPE_CHECKING:  # light commands show bars, too, and load no scipy
    from workbench.experiments.so_far import SoFar

HEARTBEAT_S = 60.0
"""A log file gets a line at least this often while trials run."""


class _Count(MofNCompleteColumn):
    """`3/12`; nothing before there is anything to count."""

    def render(self, task: BarTask) -> Text:
        """Return what is done, and of how many."""
        return Text() if task.total is None and not task.completed else super().render(task)


class _Rate(ProgressColumn):
    """Steps or images a second."""

    def render(self, task: BarTask) -> Text:
        """Return the rate of the last half minute."""
        counts_steps = "left_s" not in task.fields
        return Text(f"{task.speed:.1f} it/s" if task.speed and counts_steps else "")


class _TimeLeft(TimeRemainingColumn):
    """Time left by the rate of the last half minute, or as the bar's own field says."""

    def render(self, task: BarTask) -> Text:
        """Return minutes and seconds."""
        left_s = task.fields.get("left_s")
        if left_s is None:
            return Text() if task.total is None else super().render(task)
        seconds = left_s()
        return Text("--:--" if seconds is None else clock(seconds), style="progress.remaining")


def bars() -> Progress:
    """Return a display of bars with count, rate, a remark and time left."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Count(),
        _Rate(),
        _TimeLeft(compact=True),
        TextColumn("{task.fields[remark]}", markup=False),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,  # a log file would get an empty line for each
    )


@contextmanager
def bar(title: str) -> Iterator[ShowProgress]:
    """Give a function that moves one bar."""
    with bars() as progress:
        task = progress.add_task(title, total=None, remark="")

        def advance(done: int, total: int, what: str, /) -> None:
            progress.update(task, completed=done, total=total, remark=what)

        yield advance


@contextmanager
def working(title: str) -> Iterator[None]:
    """Show on a terminal work before there is anything to count; a log gets no line."""
    if not ERR.is_terminal:
        yield
        return
    with ERR.status(Text(title)):
        yield


class PackingDisplay:
    """A bar for each folder of images that is packed; nothing where all is packed already."""

    def __init__(self, progress: Progress) -> None:
        self._bars = progress
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show that `done` of `total` images are packed; `what` is the last one."""
        if self._task is None:
            self._task = self._bars.add_task("packing images", total=total, remark="")
        self._bars.update(self._task, completed=done, total=total, remark=what)
        if done == total:
            self._bars.remove_task(self._task)
            self._task = None


class AblationDisplay:
    """A bar for all trials and one for each that runs; one line for each trial that ends.

    A log file gets the lines, and now and then one that says how far the trials are.

    Args:
        trials: What the bar for all counts.
        workers: Trials at a time; None if it is not known.
        so_far: Collects results, to say what they tell while others run.
    """

    def __init__(self, trials: int, workers: int | None = 1, so_far: "SoFar | None" = None) -> None:
        self._bars = bars()
        self._pace = Pace(workers)
        self._so_far = so_far
        self._all = self._bars.add_task("trials", total=trials, remark="", left_s=self._left_s)
        self._running: dict[tuple[str, int], TaskID] = {}
        self._curve: dict[tuple[str, int], str] = {}
        """What the last validation of each trial that runs gave."""
        self._started = False
        self._said_s = time.monotonic()
        self.reused_count = 0

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def __call__(self, event: object) -> None:
        """Show an event; those that are not of trials are ignored."""
        match event:
            case WorkersStarting(trials):
                self.workers_start(trials)
            case TrialReused(arm, seed, result):
                self.reused(arm, seed, result)
            case TrialFinished(arm, seed, result):
                self.finished(arm, seed, result)
            case TrialFailed(arm, seed, error):
                self.failed(arm, seed, error)
            case TrialProgressed() | TrialValidated() | WaitingForLock() | WorkerDied():
                self._show_running(event)

    def workers_start(self, tasks: int) -> None:
        """Say that workers start, which takes seconds; later ones are not worth a line."""
        if self._started:
            return
        count = min(self._pace.workers or tasks, tasks)
        text = f"starting {count} worker{'s' if count > 1 else ''}"
        self._bars.update(self._all, remark=text)
        if not ERR.is_terminal:
            self._line(text)

    def reused(self, arm: str, seed: int, result: TrialResult) -> None:  # noqa: ARG002
        """Count a trial that was finished before."""
        self.reused_count += 1
        self._collect(arm, result)
        self._bars.advance(self._all)

    def _show_running(
        self, event: TrialProgressed | TrialValidated | WaitingForLock | WorkerDied
    ) -> None:
        """Move the trial's bar."""
        match event:
            case TrialProgressed(arm, seed, done, total, what):
                self._start()
                self._pace.advance((arm, seed), done / total if total else 0.0)
                self._move(arm, seed, done, total, what)
            case TrialValidated(arm, seed, point):
                self._curve[arm, seed] = _curve_text(point)
            case WaitingForLock(arm, seed):
                self._start()
                self._move(arm, seed, 0, None, "waits for another process that trains it")
            case WorkerDied(arm, seed):
                self._pace.pause((arm, seed))
                self._line(f"{arm} seed {seed}: its worker died; another one resumes it")
        if not ERR.is_terminal and time.monotonic() - self._said_s >= HEARTBEAT_S:
            self._line(self._heartbeat())

    def failed(self, arm: str, seed: int, error: WorkbenchError) -> None:
        """Replace the trial's bar by a line."""
        self._remove(arm, seed)
        self._settle(arm, seed)
        self._line(f"{arm} seed {seed}: failed, {error}")

    def finished(self, arm: str, seed: int, result: TrialResult) -> None:
        """Replace the trial's bar by a line."""
        self._remove(arm, seed)
        self._settle(arm, seed)
        self._collect(arm, result)
        text = f"{arm} seed {seed}: {result.state} in {result.training_s:.0f} s"
        ending = f"{text}, {_scores_text(result) or result.reason}"
        told = self._told(arm, seed)
        self._line(f"{ending}; {told}" if told else ending)

    def _told(self, arm: str, seed: int) -> str:
        """Return what a trial that has just ended tells; empty if nothing."""
        return self._so_far.told(arm, seed) if self._so_far else ""

    def _collect(self, arm: str, result: TrialResult) -> None:
        if self._so_far:
            self._so_far.add(arm, result)

    def _start(self) -> None:
        """Note that a worker works."""
        if not self._started:
            self._started = True
            self._bars.update(self._all, remark=self._remark())

    def _remark(self) -> str:
        """Return what stands beside the bar for all."""
        return ""

    def _settle(self, arm: str, seed: int) -> None:
        """Count a trial that has ended."""
        self._pace.settle((arm, seed))
        self._bars.advance(self._all)

    def _left(self) -> float:
        """Return how many trials have not ended."""
        everything = self._bars.tasks[0]
        return (everything.total or 0.0) - everything.completed

    def _left_s(self) -> float | None:
        return self._pace.left_s(self._left())

    def _remove(self, arm: str, seed: int) -> None:
        self._curve.pop((arm, seed), None)
        task = self._running.pop((arm, seed), None)
        if task is not None:
            self._bars.remove_task(task)

    def _move(self, arm: str, seed: int, done: int, total: int | None, what: str) -> None:
        if (arm, seed) not in self._running:
            # A resumed trial begins where it stopped, so that its rate is that of new steps.
            self._running[arm, seed] = self._bars.add_task(
                f"{arm} seed {seed}", total=total, completed=done, remark=""
            )
        remark = ", ".join(text for text in (what, self._curve.get((arm, seed))) if text)
        self._bars.update(self._running[arm, seed], completed=done, total=total, remark=remark)

    def _heartbeat(self) -> str:
        """Return how far the trials are, in one line."""
        tasks = {task.id: task for task in self._bars.tasks}
        everything, left_s = tasks[self._all], self._left_s()
        known = "" if left_s is None else f", about {clock(left_s)} left"
        running = [
            f"{task.description} at step {task.completed:,.0f} of {task.total:,.0f}"
            if task.total
            else f"{task.description} {task.fields['remark']}"
            for task in (tasks[number] for number in self._running.values())
        ]
        count = f"{everything.completed:,.0f} of {everything.total or 0:,.0f} trials{known}"
        return "; ".join([count, *running])

    def _line(self, text: str) -> None:
        self._said_s = time.monotonic()
        now = time.strftime("%H:%M:%S")
        self._bars.console.print(f"{now} {text}", style="dim", soft_wrap=True)


def _scores_text(result: TrialResult) -> str:
    return ", ".join(f"{s.dataset} PSNR {s.mean().psnr_rgb_db:.3f} dB" for s in result.scores)


def _curve_text(point: CurvePoint) -> str:
    return f"validation PSNR {point.score.psnr_rgb_db:.3f} dB at step {point.step:,}"
