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
from workbench.experiments.search_events import SearchEnded, SearchStarted


class TrialBar:
    """Counts the trials that have ended, and shows where one of the running ones is.

    Args:
        make_bar: Returns a bar of tqdm with a description.
    """

    def __init__(self, make_bar: Callable[[str], Any]) -> None:
        self._make_bar = make_bar
        self._bar: Any = None
        self._ended = set[tuple[str, int]]()
        """Arm and seed of each trial that has ended, or has stopped at a rung."""

    def show(self, event: object) -> None:
        """Show an event of the trials; others are ignored."""
        match event:
            case TrialsStarted(trials=count):
                self._start(count)
            case SearchStarted(record=record, trials=count):
                self._start(count * len(record.settings.trial_seeds))
            case TrialsEnded() | SearchEnded():
                self.close()
            case _ if self._bar is not None:
                self._advance(event)

    def close(self) -> None:
        """Close the bar, if there is one."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None

    def _start(self, count: int) -> None:
        self.close()
        self._ended.clear()
        self._bar = self._make_bar("trials")
        self._bar.total = count
        self._bar.refresh()

    def _count(self, arm: str, seed: int) -> None:
        if (arm, seed) not in self._ended:
            self._ended.add((arm, seed))
            self._bar.update()

    def _advance(self, event: object) -> None:
        match event:
            case TrialReused(arm, seed) | TrialFinished(arm, seed):
                self._count(arm, seed)
            case TrialFailed(arm, seed, error):
                self._count(arm, seed)
                self._bar.write(f"{arm} seed {seed}: {error}", file=self._bar.fp)
            case TrialProgressed(arm, seed, done, total, what):
                self._bar.set_postfix_str(f"{arm} seed {seed}: step {done:,} of {total:,}, {what}")
