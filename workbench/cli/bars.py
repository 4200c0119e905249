"""Bars for work of countable parts: count, rate, a remark and time left, on stderr."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from workbench.cli import console
from workbench.cli.pace import clock
from workbench.system.events import Emit, Progressed, WorkEnded, WorkStarted, ignore


class _Count(MofNCompleteColumn):
    """`3/12`; nothing before there is anything to count."""

    def render(self, task: Task) -> Text:
        """Return what is done, and of how many."""
        return Text() if task.total is None and not task.completed else super().render(task)


class _Rate(ProgressColumn):
    """Steps or images a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of the last half minute."""
        counts_steps = "left_s" not in task.fields
        return Text(f"{task.speed:.1f} it/s" if task.speed and counts_steps else "")


class _TimeLeft(TimeRemainingColumn):
    """Time left by the rate of the last half minute, or as the bar's own field says."""

    def render(self, task: Task) -> Text:
        """Return minutes and seconds."""
        left_s = task.fields.get("left_s")
        if left_s is None:
            return Text() if task.total is None else super().render(task)
        seconds = left_s()
        return Text("--:--" if seconds is None else clock(seconds), style="progress.remaining")


def bars() -> Progress:
    """Return a display of bars with count, rate, a remark and time left; none in a log file."""
    err = console.ERR
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Count(),
        _Rate(),
        _TimeLeft(compact=True),
        TextColumn("{task.fields[remark]}", markup=False),
        console=err,
        transient=True,
        disable=not err.is_terminal,  # a log file would get an empty line for each
    )


@contextmanager
def bar_without_thread(others: Emit = ignore) -> Iterator[Emit]:
    """Show work by a bar that is drawn between timed runs: a thread's CPU time would be counted.

    Args:
        others: Gets the events that are not about work.
    """
    display = bars()
    display.live.auto_refresh = False

    def emit(event: object) -> None:
        match event:
            case WorkStarted(what):
                display.add_task(what, total=None, remark="")
            case Progressed(done, total, what):
                task = display.task_ids[-1]
                display.update(task, completed=done, total=total, remark=what, refresh=True)
            case WorkEnded():
                pass
            case _:
                others(event)

    with display:
        yield emit
