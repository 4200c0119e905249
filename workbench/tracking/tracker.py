"""What a run driver tells about its trials while they run, without knowing who listens.

The ledger of finished trials is the only truth. A tracker is a view of it: whatever it misses is
made up for by calling `trial_finished` again for the ledger's entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.config.trial import TrialConfig
from workbench.results import Cost, CurvePoint, TrialResult, WeightsRecord
from workbench.tracking.study_view import StudyView
from workbench.tracking.summary import SUMMARY, VariantSummary


@dataclass(frozen=True)
class TrialLabel:
    """Whose trial it is. One label is one row of the view, however often it is told."""

    study: str
    """The ablation or search that asked for the trial."""
    variant: str
    """What differs from the study's base, such as `no-lvar`."""
    seed: int | None
    """None for weights that were given, not trained here, and for all seeds together."""
    key: str
    """Key of the trial in the ledger; for given weights, of what was scored."""
    is_summary: bool = False
    """Whether the row is that of all seeds together."""

    @property
    def seed_text(self) -> str:
        """How the seed is written in tags."""
        if self.is_summary:
            return SUMMARY
        return "given" if self.seed is None else str(self.seed)


class Tracker(Protocol):
    """Hears how trials go. Every call may be repeated; no call may stop the training."""

    def trial_started(self, label: TrialLabel, config: TrialConfig, cost: Cost | None) -> None:
        """Show a trial as running, be it new, resumed or started by a driver that died."""

    def validated(self, label: TrialLabel, point: CurvePoint) -> None:
        """Show one more point of the learning curve of a running trial."""

    def trial_finished(self, label: TrialLabel, result: TrialResult) -> None:
        """Show everything about a finished trial, whatever was shown of it before."""

    def trial_interrupted(self, label: TrialLabel) -> None:
        """Show that the user stopped a running trial, which may go on later."""

    def weights_scored(self, label: TrialLabel, record: WeightsRecord) -> None:
        """Show the scores of given weights."""

    def variant_judged(self, summary: VariantSummary) -> None:
        """Show what a variant's seeds say together."""

    def study_described(self, view: StudyView) -> None:
        """Show what a study asks, and how it is to be presented."""

    def knows_summary(self, study: str, variants: Sequence[str], digest: str) -> bool:
        """Tell whether the view shows these summaries already."""

    def close(self) -> None:
        """Interrupt what still runs and let go of everything."""

    def compare_address(self, study: str) -> str | None:
        """Return path and query of the view that compares a study's trials, None without one."""


class NullTracker:
    """Shows nothing."""

    def trial_started(self, label: TrialLabel, config: TrialConfig, cost: Cost | None) -> None:
        """Do nothing."""

    def validated(self, label: TrialLabel, point: CurvePoint) -> None:
        """Do nothing."""

    def trial_finished(self, label: TrialLabel, result: TrialResult) -> None:
        """Do nothing."""

    def trial_interrupted(self, label: TrialLabel) -> None:
        """Do nothing."""

    def weights_scored(self, label: TrialLabel, record: WeightsRecord) -> None:
        """Do nothing."""

    def variant_judged(self, summary: VariantSummary) -> None:
        """Do nothing."""

    def study_described(self, view: StudyView) -> None:
        """Do nothing."""

    def knows_summary(
        self,
        study: str,  # noqa: ARG002
        variants: Sequence[str],  # noqa: ARG002
        digest: str,  # noqa: ARG002
    ) -> bool:
        """Return True: there is nothing to be shown."""
        return True

    def close(self) -> None:
        """Do nothing."""

    def compare_address(self, study: str) -> str | None:  # noqa: ARG002
        """Return None: there is nothing to look at."""
        return None
