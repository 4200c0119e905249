"""MLflow as a view of the trials.

MLflow can be deleted at any time: `trial_ended` for every entry of the ledger builds the same view
again. Only run drivers write it, and several of them may at once.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.config.trial import TrialConfig
from workbench.errors import one_line
from workbench.results import CurvePoint, TrialResult
from workbench.tracking import run_content as content
from workbench.tracking import run_points as points_of
from workbench.tracking.database import reason_of
from workbench.tracking.mlflow_connection import MlflowConnection
from workbench.tracking.mlflow_queries import MlflowQueries, summary_label
from workbench.tracking.points import milliseconds, point
from workbench.tracking.run_index import RunIndex
from workbench.tracking.run_record import Run
from workbench.tracking.run_writer import RunWriter, has_files
from workbench.tracking.study_view import StudyView
from workbench.tracking.summary import VariantSummary
from workbench.tracking.summary_content import summary_points, summary_tags
from workbench.tracking.tracker import ScoredWeights, Shown, TrialLabel

_RUNNING = "running"
_INTERRUPTED = "interrupted"


def _ignore(text: str) -> None:
    """Drop a warning."""


class MlflowTracker:
    """Shows trials as MLflow runs: an experiment for each study, a run for each trial."""

    def __init__(
        self,
        store: Path,
        tracking_uri: str | None = None,
        on_warning: Callable[[str], None] = _ignore,
        *,
        database: Path | None = None,
    ) -> None:
        """Open or create the view, and make sure that it can be written.

        Args:
            store: Folder of the default database and artifacts; used only without `tracking_uri`.
            tracking_uri: A server or database of the user's own.
            on_warning: Gets one line when a later write fails, once. Training continues.
            database: File that is to replace the store's database, whose artifacts it uses.

        Raises:
            StoreError: If the store cannot be written, or the server does not answer.
        """
        self._on_warning = on_warning
        self._warned = False
        self._live: dict[TrialLabel, Run] = {}
        self._rungs: dict[str, tuple[int, ...]] = {}
        self._connection = MlflowConnection(store, tracking_uri, database)
        self._client = self._connection.client
        self._runs = RunIndex(self._client, self._connection.artifacts, self._connection.refused)
        self._writer = RunWriter(self._connection.entities, self._client)
        self.queries = MlflowQueries(self._runs, self._warn, self._connection.file)

    def trial_started(self, label: TrialLabel, config: TrialConfig) -> None:
        """Show a trial as running: a new run, or the one it had before."""
        with self._tolerating_failure(label):
            run = self._runs.find_or_create(label, milliseconds(time.time()))
            if run.status != "RUNNING":
                self._client.update_run(run.run_id, status="RUNNING")
            tags = {"workbench.state": _RUNNING, "mlflow.note.content": content.started_note(label)}
            tags |= content.evidence_tags(config)
            self._writer.write(run, params=content.config_params(config), tags=tags)
            self._writer.write_files(run, content.config_files(config))
            run.status, run.state = "RUNNING", _RUNNING
            self._live[label] = run

    def validated(self, label: TrialLabel, point: CurvePoint) -> None:
        """Add a point to the curve of a running trial.

        A trial that could not be shown as running is passed over: its result brings the whole
        curve, and a server that is gone is not tried again for every point.
        """
        if label in self._live:
            with self._tolerating_failure(label):
                self._writer.write(self._live[label], points_of.curve_points(point))

    def trial_ended(self, label: TrialLabel, result: TrialResult | None) -> None:
        """Write whatever the run lacks and end it; nothing if it shows this result already."""
        if result is None:
            self._interrupt(label)
            return
        status = "FAILED" if result.state in content.FAILED_STATES else "FINISHED"
        ended_ms = milliseconds(result.finished_s)
        with self._tolerating_failure(label):
            run = self._runs.find_or_create(label, milliseconds(result.started_s))
            self._live.pop(label, None)
            shown = (run.status, run.state, run.ended_ms) == (status, result.state, ended_ms)
            if shown and has_files(run):
                return
            params = content.config_params(result.config)
            self._writer.write(
                run, points_of.result_points(result, self._rungs.get(label.study, ())), params
            )
            files = self._writer.write_files(run, content.result_files(result))
            self._writer.write(run, tags=content.result_tags(label, result) | files)
            # The last step: a run that has ended is complete.
            self._client.set_terminated(run.run_id, status, ended_ms)
            run.status, run.state, run.ended_ms = status, result.state, ended_ms

    def show(self, shown: Shown) -> None:
        """Show the note of a study, the summary of a variant, or scores of a checkpoint."""
        match shown:
            case StudyView():
                self._describe(shown)
            case VariantSummary():
                self._summarize(shown)
            case ScoredWeights():
                self._show_weights(shown)

    def close(self) -> None:
        """Interrupt the trials that still run, and release database and environment."""
        for label in list(self._live):
            self._interrupt(label)
        self._connection.close()

    def _interrupt(self, label: TrialLabel) -> None:
        """End the run of a trial that the user stopped; it may be resumed later."""
        run = self._live.pop(label, None)
        if run is not None:
            with self._tolerating_failure(label):
                self._writer.write(run, tags={"workbench.state": _INTERRUPTED})
                self._client.set_terminated(run.run_id, "KILLED")
                run.status, run.state = "KILLED", _INTERRUPTED

    def _describe(self, view: StudyView) -> None:
        """Write the note of an experiment and the state of its page, where they have changed."""
        self._rungs[view.study] = view.rungs
        with self._tolerating_failure(summary_label(view.study, "")):
            self._runs.describe(view)

    def _summarize(self, summary: VariantSummary) -> None:
        """Write the run of all seeds of a variant; what it showed before is superseded."""
        label = summary_label(summary.study, summary.variant)
        moment_ms = milliseconds(summary.moment_s)
        with self._tolerating_failure(label):
            run = self._runs.find_or_create(label, moment_ms)
            self._writer.write(run, summary_points(summary), summary.params)
            files = self._writer.write_files(run, summary.files)
            # The tags come last: they hold the digest, which says that all is there.
            self._writer.write(run, tags=summary_tags(summary) | files)
            self._client.set_terminated(run.run_id, "FINISHED", moment_ms)
            run.status, run.digest = "FINISHED", summary.digest

            for (seed, key), figures in summary.trials.items():
                trial = self._runs.find(TrialLabel(summary.study, summary.variant, seed, key))
                if trial is not None:
                    points = [point(n, v, summary.moment_s, 0) for n, v in figures.items()]
                    self._writer.write(trial, points)

    def _show_weights(self, scored: ScoredWeights) -> None:
        """Write a run with the scores of a checkpoint, unless it is there and complete."""
        label, record = scored.label, scored.record
        moment_ms = milliseconds(record.finished_s)
        with self._tolerating_failure(label):
            run = self._runs.find_or_create(label, moment_ms)
            if run.status == "FINISHED" and has_files(run):
                return
            self._writer.write(
                run, points_of.weights_points(record), content.weights_params(record)
            )
            files = self._writer.write_files(run, content.weights_files(record))
            self._writer.write(run, tags=content.weights_tags(label, record) | files)
            self._client.set_terminated(run.run_id, "FINISHED", moment_ms)
            run.status = "FINISHED"

    @contextmanager
    def _tolerating_failure(self, label: TrialLabel) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 (a view may fail for any reason)
            self._live.pop(label, None)
            self._runs.forget(label.study)
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            reason = reason_of(error) or one_line(error)
            self._on_warning(
                f"MLflow is behind ({reason}); trials continue and results are kept, "
                "and rerunning the same command brings MLflow up to date"
            )
