"""Trackers: live views of trials. The ledger is the only truth, so a tracker may miss anything.

Whatever it missed is made up for by `trial_ended` and `show` for the ledger's entries: every call
may be repeated, and the view is then the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from workbench.config.trial import TrialConfig
from workbench.results import CurvePoint, TrialResult, WeightsRecord
from workbench.tracking.study_view import StudyView
from workbench.tracking.summary import SUMMARY, VariantSummary

if TYPE_CHECKING:
    from workbench.tracking.known_runs import KnownRun


@dataclass(frozen=True)
class TrialLabel:
    """Identifies a row of the view, which each trial has in each study that uses it."""

    study: str
    """The ablation or search that requested the trial."""
    variant: str
    """What differs from the study's base, such as `no-lvar`."""
    seed: int | None
    """None for external checkpoints, and for all seeds together."""
    key: str
    """Key of the trial in the ledger; for an external checkpoint, of what was scored."""
    is_summary: bool = False
    """Whether the row is that of all seeds together."""

    @property
    def seed_text(self) -> str:
        """How the seed is written in tags."""
        if self.is_summary:
            return SUMMARY
        return "given" if self.seed is None else str(self.seed)


@dataclass(frozen=True)
class ScoredWeights:
    """The scores of an external checkpoint, which has no trial."""

    label: TrialLabel
    record: WeightsRecord


Shown = StudyView | VariantSummary | ScoredWeights
"""What a view shows beside trials: the note of a study, the summary of a variant's seeds, the
scores of an external checkpoint."""


class RunQueries(Protocol):
    """Questions to a view. A view that fails answers as if it were empty."""

    def has_summary(self, study: str, variants: Sequence[str], digest: str) -> bool:
        """Return whether the view shows the summaries with this digest of all these variants."""

    def compare_address(self, study: str) -> str | None:
        """Return path and query of the page that compares a study's trials, None without one."""

    def runs(self, study: str) -> list[KnownRun]:
        """Return the runs of a study, the oldest first."""

    def runs_of(self, key: str) -> list[KnownRun]:
        """Return the runs of a trial in all studies, the oldest first."""

    def run(self, run_id: str) -> KnownRun | None:
        """Return a run by the view's own id, None if there is none."""


class Tracker(Protocol):
    """Shows what happens to trials. No call raises, and none may stop a training.

    A trial is started, perhaps validated, and ended; a reused one is ended only. A tracker may be
    one of several of the same study, in other processes.
    """

    @property
    def queries(self) -> RunQueries:
        """What the view shows by now."""

    def trial_started(self, label: TrialLabel, config: TrialConfig) -> None:
        """Show a trial as running, be it new, resumed or started by a driver that died."""

    def validated(self, label: TrialLabel, point: CurvePoint) -> None:
        """Show one more point of the learning curve of a running trial."""

    def trial_ended(self, label: TrialLabel, result: TrialResult | None) -> None:
        """Show everything about a trial, whatever was shown of it before.

        Args:
            label: Its row.
            result: Whatever its state; None if the user stopped it before it had one.
        """

    def show(self, shown: Shown) -> None:
        """Show a description, a summary or scores; a later one replaces it."""

    def close(self) -> None:
        """Show what still runs as interrupted, and release everything."""


class NullTracker:
    """Shows nothing: the tracker where MLflow cannot be opened."""

    @property
    def queries(self) -> RunQueries:
        """Queries of an empty view."""
        return _NullQueries()

    def trial_started(self, label: TrialLabel, config: TrialConfig) -> None:
        """Do nothing."""

    def validated(self, label: TrialLabel, point: CurvePoint) -> None:
        """Do nothing."""

    def trial_ended(self, label: TrialLabel, result: TrialResult | None) -> None:
        """Do nothing."""

    def show(self, shown: Shown) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class _NullQueries:
    def has_summary(self, study: str, variants: Sequence[str], digest: str) -> bool:  # noqa: ARG002
        """Return True, so that no summary is made for nothing."""
        return True

    def compare_address(self, study: str) -> None:  # noqa: ARG002
        """Return None."""
        return

    def runs(self, study: str) -> list[KnownRun]:  # noqa: ARG002
        """Return no runs."""
        return []

    def runs_of(self, key: str) -> list[KnownRun]:  # noqa: ARG002
        """Return no runs."""
        return []

    def run(self, run_id: str) -> None:  # noqa: ARG002
        """Return None."""
        return
