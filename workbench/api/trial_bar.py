"""One bar for the trials of a study or a search."""

from collections.abc import Callable
from typing import Any

from workbench.execution.events import (
    TrialFailed,
    TrialFinished,
    TrialProgressed,
    TrialReused,
)
from workbench.experiments.events import TrialsEnded, TrialsStarted


class TrialBar:
    """Counts the trials that have ended, and shows where one of the running ones is.

    Args:
        make_bar: Returns a bar of tqdm with a description.
    """

    def __init__(self, make_bar: Callable[[str], Any]) -> None:
        self._make_bar = make_bar
        self._bar: Any = None

    def show(self, event: object) -> None:
        """Show an event of the trials; others are ignored."""
        match event:
            case TrialsStarted(trials=count):
                self.close()
                self._bar = self._make_bar("trials")
                self._bar.total = count
                self._bar.refresh()
            case TrialsEnded():
                self.close()
            case _ if self._bar is not None:
                self._advance(event)

    def close(self) -> None:
        """Close the bar, if there is one."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None

    def _advance(self, event: object) -> None:
        match event:
            case TrialReused() | TrialFinished():
                self._bar.update()
            case TrialFailed(arm, seed, error):
                self._bar.update()
                self._bar.write(f"{arm} seed {seed}: {error}", file=self._bar.fp)
            case TrialProgressed(arm, seed, done, total, what):
                self._bar.set_postfix_str(f"{arm} seed {seed}: step {done:,} of {total:,}, {what}")
