"""Bars for long work: rate, loss and time left, on stderr."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from workbench.cli.console import ERR
from workbench.cli.pace import Pace, clock
from workbench.errors import WorkbenchError
from workbench.progress import Progress as ShowProgress
from workbench.results import CurvePoint, TrialResult
from workbench.tasks import Advance, Lost, Message, Waits


class _Rate(ProgressColumn):
    """Steps or images a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of the last half minute."""
        return Text(f"{task.speed:.1f} it/s" if task.speed else "")


class _TimeLeft(TimeRemainingColumn):
    """Time left by the rate of the last half minute, or as the bar's own field says."""

    def render(self, task: Task) -> Text:
        """Return minutes and seconds."""
        left_s = task.fields.get("left_s")
        if left_s is None:
            return super().render(task)
        seconds = left_s()
        return Text("--:--" if seconds is None else clock(seconds), style="progress.remaining")


def bars() -> Progress:
    """Return a display of bars with count, rate, a remark and time left."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
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
    """A bar for all trials and one for each that runs; a line for each that ends.

    Args:
        trials: What the bar for all counts.
        share: What one trial is of that, in 0..1.
    """

    def __init__(self, trials: int, share: float = 1.0) -> None:
        self._share = share
        self._bars = bars()
        self._pace = Pace()
        self._all = self._bars.add_task("trials", total=trials, remark="", left_s=self._left_s)
        self._running: dict[tuple[str, int], TaskID] = {}
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

    def reused(self, arm: str, seed: int, result: TrialResult) -> None:  # noqa: ARG002
        """Count a trial that was finished before."""
        self.reused_count += 1
        self._count()
        self._pace.before += 1

    def news(self, arm: str, seed: int, message: Message) -> None:
        """Move the trial's bar."""
        match message:
            case Advance(done, total, what):
                task = self._task(arm, seed, done, total)
                self._bars.update(task, completed=done, total=total, remark=what)
            case CurvePoint():
                self._line(f"{arm} seed {seed}: step {message.step}, {_curve_text(message)}")
            case Waits():
                task = self._task(arm, seed, 0, None)
                self._bars.update(task, remark="waits for another process that trains it")
            case Lost():
                self._line(f"{arm} seed {seed}: its worker died; another one goes on with it")

    def failed(self, arm: str, seed: int, error: WorkbenchError) -> None:
        """Replace the trial's bar by a line."""
        self._remove(arm, seed)
        self._line(f"{arm} seed {seed}: failed, {error}")

    def finished(self, arm: str, seed: int, result: TrialResult) -> None:
        """Replace the trial's bar by a line."""
        self._remove(arm, seed)
        self._count()
        scores = ", ".join(f"{s.dataset} {s.mean().psnr_rgb_db:.3f} dB" for s in result.scores)
        ending = scores or result.reason
        self._line(f"{arm} seed {seed}: {result.state} in {result.training_s:.0f} s, {ending}")

    def _count(self) -> None:
        """Count a trial that has ended."""
        self._bars.advance(self._all)

    def _left_s(self) -> float | None:
        everything = {task.id: task for task in self._bars.tasks}
        running = [everything[number] for number in self._running.values() if number in everything]
        whole = everything[self._all]
        parts = sum(task.completed / task.total for task in running if task.total)
        done = whole.completed + self._share * parts
        return self._pace.left_s(done, whole.total or 0.0)

    def _remove(self, arm: str, seed: int) -> None:
        task = self._running.pop((arm, seed), None)
        if task is not None:
            self._bars.remove_task(task)

    def _task(self, arm: str, seed: int, done: int, total: int | None) -> TaskID:
        if (arm, seed) not in self._running:
            self._pace.begin(self._share * done / total if total else 0.0)
            # A resumed trial begins where it stopped, so that its rate is that of new steps.
            self._running[arm, seed] = self._bars.add_task(
                f"{arm} seed {seed}", total=total, completed=done, remark=""
            )
        return self._running[arm, seed]

    def _line(self, text: str) -> None:
        clock = time.strftime("%H:%M:%S")
        self._bars.console.print(f"{clock} {text}", style="dim", soft_wrap=True)


def _curve_text(point: CurvePoint) -> str:
    return f"loss {point.loss:.4f}, validation {point.score.psnr_rgb_db:.3f} dB"
