"""Shows the trials of a study to a tracker while they run."""

from dataclasses import dataclass, field

from workbench.execution.events import (
    TrialFailed,
    TrialFinished,
    TrialInterrupted,
    TrialReused,
    TrialStarted,
    TrialValidated,
)
from workbench.tracking.tracker import Tracker, TrialLabel


@dataclass
class TrackedTrials:
    """An emit that calls a tracker; reused trials are shown, too, so that its view is complete."""

    tracker: Tracker
    study: str
    running: dict[tuple[str, int], TrialLabel] = field(default_factory=dict)
    """By arm and seed."""

    def __call__(self, event: object) -> None:
        """Show an event; others than those of trials are ignored."""
        match event:
            case TrialStarted(arm, seed, key, config):
                label = self.running[arm, seed] = TrialLabel(self.study, arm, seed, key)
                self.tracker.trial_started(label, config)
            case TrialValidated(arm, seed, point):
                self.tracker.validated(self.running[arm, seed], point)
            case TrialReused(arm, seed, result) | TrialFinished(arm, seed, result):
                self.running.pop((arm, seed), None)
                self.tracker.trial_ended(TrialLabel(self.study, arm, seed, result.key), result)
            case TrialFailed(arm, seed) | TrialInterrupted(arm, seed):
                if (arm, seed) in self.running:
                    self.tracker.trial_ended(self.running.pop((arm, seed)), None)
