"""A bar for all trials and one for each that runs; in a log file, a line now and then."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.progress import TaskID

from workbench.cli import console
from workbench.cli.bars import bars
from workbench.cli.pace import Pace, clock
from workbench.execution.events import (
    TrialProgressed,
    TrialValidated,
    WaitingForLock,
    WorkerDied,
    WorkersStarting,
)
from workbench.results import CurvePoint
from workbench.system.text import counted

HEARTBEAT_S = 60.0
"""A log file gets a line at least this often while trials run."""

Trial = tuple[str, int]
"""Name of the arm, and seed."""


class TrialBars:
    """Bars of trials; what they count and what ends is up to the display that has them.

    Args:
        total: What the bar for all counts.
        workers: Trials at a time; None if it is not known.
        left: Returns how many trials have not ended; None for what the bar for all has left.
    """

    def __init__(
        self, total: int, workers: int | None = 1, left: Callable[[], float] | None = None
    ) -> None:
        self.pace = Pace(workers)
        self._left = left or self.uncounted
        self.progress = bars()
        self._all = self.progress.add_task("trials", total=total, remark="", left_s=self.left_s)
        self._running: dict[Trial, TaskID] = {}
        self._curve: dict[Trial, str] = {}
        """The last validation of each trial that runs."""
        self._started = False
        self._remark = ""
        self._last_line_s = time.monotonic()

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def show(self, event: object) -> None:
        """Move the bar of the trial of an event; events of other kinds are ignored."""
        match event:
            case WorkersStarting(trials):
                self._workers_start(trials)
                return
            case TrialProgressed(arm, seed, done, total, what):
                self._start()
                self.pace.advance((arm, seed), done / total if total else 0.0)
                self._move((arm, seed), done, total, what)
            case TrialValidated(arm, seed, point):
                self._curve[arm, seed] = _curve_text(point)
            case WaitingForLock(arm, seed):
                self._start()
                self._move((arm, seed), 0, None, "waits for another process that trains it")
            case WorkerDied(arm, seed):
                self.pace.pause((arm, seed))
                self.say(f"{arm} seed {seed}: its worker died; another one resumes it")
            case _:
                return
        if not console.ERR.is_terminal and time.monotonic() - self._last_line_s >= HEARTBEAT_S:
            self.say(self._heartbeat())

    def say(self, text: str) -> None:
        """Print a line with the time of day."""
        self._last_line_s = time.monotonic()
        now = time.strftime("%H:%M:%S")
        self.progress.console.print(f"{now} {text}", style="dim", soft_wrap=True)

    def set_remark(self, text: str) -> None:
        """Show a remark beside the bar for all, from the first worker's start."""
        self._remark = text
        if self._started:
            self.progress.update(self._all, remark=text)

    def count(self, done: int) -> None:
        """Show that `done` of the total are done."""
        self.progress.update(self._all, completed=done)

    def uncounted(self) -> float:
        """Return how many of the total are not done."""
        everything = self.progress.tasks[0]
        return (everything.total or 0.0) - everything.completed

    def remove(self, trial: Trial) -> None:
        """Remove the bar of a trial that runs no longer."""
        self._curve.pop(trial, None)
        task = self._running.pop(trial, None)
        if task is not None:
            self.progress.remove_task(task)

    def _workers_start(self, trials: int) -> None:
        """Say that workers start, which takes seconds; later ones are not worth a line."""
        if self._started:
            return
        count = self.pace.workers and min(self.pace.workers, trials)
        text = f"starting {counted(count, 'worker')}" if count else "starting workers"
        self.progress.update(self._all, remark=text)
        if not console.ERR.is_terminal:
            self.say(text)

    def _start(self) -> None:
        """Note that a worker works."""
        if not self._started:
            self._started = True
            self.progress.update(self._all, remark=self._remark)

    def left_s(self) -> float | None:
        """Return about how many seconds are left; None if nothing is known yet."""
        return self.pace.left_s(self._left())

    def _move(self, trial: Trial, done: int, total: int | None, what: str) -> None:
        if trial not in self._running:
            arm, seed = trial
            # A resumed trial starts where it stopped, so that its rate is that of new steps.
            self._running[trial] = self.progress.add_task(
                f"{arm} seed {seed}", total=total, completed=done, remark=""
            )
        remark = ", ".join(text for text in (what, self._curve.get(trial)) if text)
        self.progress.update(self._running[trial], completed=done, total=total, remark=remark)

    def _heartbeat(self) -> str:
        """Return how far the trials are, in one line."""
        tasks = {task.id: task for task in self.progress.tasks}
        everything, left_s = tasks[self._all], self.left_s()
        known = "" if left_s is None else f", about {clock(left_s)} left"
        running = [
            f"{task.description} at step {task.completed:,.0f} of {task.total:,.0f}"
            if task.total
            else f"{task.description} {task.fields['remark']}"
            for task in (tasks[number] for number in self._running.values())
        ]
        count = f"{everything.completed:,.0f} of {everything.total or 0:,.0f} trials{known}"
        return "; ".join([count, *running])


class BarsDisplay:
    """A display that has bars, which are shown while it is entered."""

    bars: TrialBars

    def __enter__(self) -> Self:
        self.bars.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bars.__exit__(kind, error, trace)


def _curve_text(point: CurvePoint) -> str:
    return f"validation PSNR {point.score.psnr_rgb_db:.3f} dB at step {point.step:,}"
