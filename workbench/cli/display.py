"""How the trials of a study are shown: bars, and one line for each trial that ends."""

from typing import TYPE_CHECKING

from workbench.cli.trial_bars import BarsDisplay, TrialBars
from workbench.execution.events import TrialFailed, TrialFinished, TrialReused
from workbench.results import TrialResult

if TYPE_CHECKING:  # loads scipy
    from workbench.experiments.so_far import SoFar


class AblationDisplay(BarsDisplay):
    """Shows the events of a study's trials.

    A log file gets the lines, and now and then one that says how far the trials are.

    Args:
        trials: How many there are, finished ones included.
        workers: Trials at a time; None if it is not known.
        so_far: Collects results, to print interim differences while other trials run.
    """

    def __init__(self, trials: int, workers: int | None = 1, so_far: "SoFar | None" = None) -> None:
        self.bars = TrialBars(trials, workers)
        self._so_far = so_far
        self._ended = 0

    def __call__(self, event: object) -> None:
        """Show an event; those that are not of trials are ignored."""
        match event:
            case TrialReused(arm, seed, result):
                self._end(arm, seed, result)
            case TrialFinished(arm, seed, result):
                self._end(arm, seed, result)
                interim = self._so_far.text(arm, seed) if self._so_far else ""
                self.bars.say("; ".join(t for t in (ending_text(arm, seed, result), interim) if t))
            case TrialFailed(arm, seed, error):
                self._end(arm, seed, None)
                self.bars.say(f"{arm} seed {seed}: failed, {error}")
            case _:
                self.bars.show(event)

    def _end(self, arm: str, seed: int, result: TrialResult | None) -> None:
        """Remove a trial's bar and count it."""
        self.bars.remove((arm, seed))
        self.bars.pace.settle((arm, seed))
        self._ended += 1
        self.bars.count(self._ended)
        if result and self._so_far:
            self._so_far.add(arm, result)


def ending_text(arm: str, seed: int, result: TrialResult) -> str:
    """Return the line of a trial that has ended: its state, its time, its scores or the reason."""
    scores = ", ".join(f"{s.dataset} PSNR {s.mean().psnr_rgb_db:.3f} dB" for s in result.scores)
    ended = f"{arm} seed {seed}: {result.state} in {result.training_s:.0f} s"
    return f"{ended}, {scores or result.reason}"
