"""Shows events in the terminal: notes and bars on stderr. Commands give `emit` to experiments."""

from collections.abc import Callable

from rich.progress import Progress, TaskID

from workbench.cli.bars import bars
from workbench.cli.console import note
from workbench.cli.display import AblationDisplay
from workbench.experiments.events import TrialsEnded, TrialsStarted
from workbench.system.events import Caution, Note, Progressed, WorkEnded, WorkStarted

MakeDisplay = Callable[[TrialsStarted], AblationDisplay]


def ablation_display(started: TrialsStarted) -> AblationDisplay:
    """Return what shows the trials of a study."""
    if not started.against:
        return AblationDisplay(started.trials, started.at_once)
    from workbench.experiments.so_far import SoFar  # loads scipy

    so_far = SoFar(started.against, started.alpha)
    return AblationDisplay(started.trials, started.at_once, so_far)


class Terminal:
    """Shows events, each as it comes.

    Args:
        make_display: Returns what shows the trials that start.
    """

    def __init__(self, make_display: MakeDisplay = ablation_display) -> None:
        self._make_display = make_display
        self._work: list[tuple[Progress, TaskID]] = []
        """A bar for each piece of work under way, the outermost first; the last one is shown."""
        self._trials: AblationDisplay | None = None

    def emit(self, event: object) -> None:
        """Show an event; one of an unknown kind is ignored."""
        match event:
            case Note(text):
                note(text)
            case Caution(text):
                note(f"warning: {text}")
            case WorkStarted() | Progressed() | WorkEnded():
                self._show_work(event)
            case TrialsStarted():
                self._trials = self._make_display(event)
                self._trials.__enter__()
            case TrialsEnded():
                if self._trials:
                    self._trials.__exit__(None, None, None)
                self._trials = None
            case _ if self._trials:
                self._trials(event)

    def _show_work(self, event: WorkStarted | Progressed | WorkEnded) -> None:
        match event:
            case WorkStarted(what):
                self._start_work(what)
            case Progressed(done, total, what) if self._work:
                shown, task = self._work[-1]
                shown.update(task, completed=done, total=total, remark=what)
            case WorkEnded() if self._work:
                self._end_work()

    def _start_work(self, what: str) -> None:
        if self._work:
            self._work[-1][0].stop()
        shown = bars()
        self._work.append((shown, shown.add_task(what, total=None, remark="")))
        shown.start()

    def _end_work(self) -> None:
        self._work.pop()[0].stop()
        if self._work:
            self._work[-1][0].start()


def emit(event: object) -> None:
    """Show an event in the terminal of this process."""
    _TERMINAL.emit(event)


_TERMINAL = Terminal()
