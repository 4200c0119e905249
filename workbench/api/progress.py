"""Progress bars and notes of the API: in terminals and in notebooks."""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from workbench.api.trial_bar import TrialBar
from workbench.system.events import (
    Caution,
    Emit,
    Note,
    Progressed,
    WorkEnded,
    WorkStarted,
    ignore,
)

Progressing = bool | Callable[[object], None]
"""True shows bars and notes on stderr or in the notebook, False shows nothing; a function gets
every event (`workbench.system.events`, `workbench.execution.events`) in place of that."""


@contextmanager
def shown(progress: Progressing) -> Iterator[Emit]:
    """Yield what functions give their events to; bars are closed at the end of the block."""
    if callable(progress):
        yield progress
    elif not progress:
        yield ignore
    else:
        bars = _Bars()
        try:
            yield bars
        finally:
            bars.close()


class _Bars:
    """Shows the work at hand as a bar, and notes above it."""

    def __init__(self) -> None:
        self._bars: list[Any] = []
        self._trials = TrialBar(_bar)

    def __call__(self, event: object) -> None:
        """Show an event; those of other kinds are ignored."""
        match event:
            case Note(text):
                self._write(text)
            case Caution(text):
                self._write(f"warning: {text}")
            case WorkStarted(what):
                self._bars.append(_bar(what))
            case Progressed(done, total, what) if self._bars:
                bar = self._bars[-1]
                bar.total = total
                bar.set_postfix_str(what, refresh=False)
                bar.update(done - bar.n)
            case WorkEnded() if self._bars:
                self._bars.pop().close()
            case _:
                self._trials.show(event)

    def close(self) -> None:
        """Close what an error has left open."""
        while self._bars:
            self._bars.pop().close()
        self._trials.close()

    def _write(self, text: str) -> None:
        _tqdm().write(text, file=sys.stderr)


def _bar(what: str) -> Any:
    return _tqdm()(desc=what, total=None, leave=False, file=sys.stderr, dynamic_ncols=True)


def _tqdm() -> Any:
    """Return tqdm: a widget in notebooks that have ipywidgets, text everywhere else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where ipywidgets are not installed
        from tqdm.auto import tqdm
    return tqdm
