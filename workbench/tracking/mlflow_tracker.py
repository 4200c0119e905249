"""MLflow as a view of the trials. The only file that imports mlflow.

MLflow can be deleted at any time: `trial_finished` for every entry of the ledger builds the same
view again. Only run drivers write it, and several of them may at once.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from workbench.config.trial import TrialConfig
from workbench.errors import StoreError, one_line
from workbench.results import Cost, CurvePoint, TrialResult, WeightsRecord
from workbench.system.global_state import environment_set
from workbench.tracking import database as databases
from workbench.tracking import run_content as content
from workbench.tracking import run_points as points_of
from workbench.tracking.addresses import trials_address
from workbench.tracking.known_runs import KnownRun
from workbench.tracking.points import milliseconds, point
from workbench.tracking.run_index import Run, RunIndex
from workbench.tracking.run_writer import RunWriter, has_files
from workbench.tracking.study_view import StudyView
from workbench.tracking.summary import VariantSummary
from workbench.tracking.summary_content import summary_points, summary_tags
from workbench.tracking.tracker import TrialLabel

_RUNNING = "running"
_INTERRUPTED = "interrupted"

_SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true"}
_DEFAULT_SETTINGS = {
    # MLflow's own defaults would hold up a run for minutes when the server is gone.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # What it logs at ERROR it also raises, and then it becomes our one line.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
}


Answer = TypeVar("Answer")


def _summary_label(study: str, variant: str) -> TrialLabel:
    """Return the label of the run of all seeds; its key never changes, so there is one run."""
    return TrialLabel(study, variant, None, f"summary of {variant}", is_summary=True)


def _ignore(text: str) -> None:
    """Say nothing."""


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
            on_warning: Told once, in one line, when a later write fails. Training goes on then.
            database: File that is to replace the store's database, whose artifacts it uses.

        Raises:
            StoreError: If the store cannot be written, or the server does not answer.
        """
        self._environment = ExitStack()  # until `close`: MLflow reads it at each request
        self._environment.enter_context(environment_set(_DEFAULT_SETTINGS))
        self._environment.enter_context(environment_set(_SETTINGS, replace=True))
        import mlflow
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        self._mlflow: Any = mlflow
        self._failures = (MlflowException, SQLAlchemyError, sqlite3.Error, OSError)
        self._on_warning = on_warning
        self._warned = False
        self._live: dict[TrialLabel, Run] = {}
        self._rungs: dict[str, tuple[int, ...]] = {}
        own = database or databases.database_path(store)
        self._address = tracking_uri or databases.sqlite_address(own)
        self._file = databases.sqlite_file(tracking_uri) if tracking_uri else own
        artifacts = None if tracking_uri else databases.artifacts_path(store)
        try:
            self._client = self._open(artifacts)
        except self._failures as error:
            raise self._cannot_open(error, of_store=not tracking_uri) from error
        location = artifacts.as_uri() if artifacts else None
        self._runs = RunIndex(self._client, location, MlflowException)
        self._writer = RunWriter(mlflow.entities, self._client)

    def trial_started(self, label: TrialLabel, config: TrialConfig, cost: Cost | None) -> None:
        """Show a trial as running: a new run, or the one it had before."""
        with self._tolerating_failure(label):
            run = self._runs.find_or_create(label, milliseconds(time.time()))
            if run.status != "RUNNING":
                self._client.update_run(run.run_id, status="RUNNING")
            tags = {"workbench.state": _RUNNING, "mlflow.note.content": content.started_note(label)}
            points = points_of.cost_points(cost) if cost else []
            self._writer.write(run, points, content.config_params(config), tags)
            self._writer.write_files(run, content.config_files(config))
            run.status, run.state = "RUNNING", _RUNNING
            self._live[label] = run

    def validated(self, label: TrialLabel, point: CurvePoint) -> None:
        """Add a point to the curve of a running trial.

        A trial that could not be shown as running is passed over: its result brings the whole
        curve, and a server that is gone is not asked again for every point.
        """
        if label in self._live:
            with self._tolerating_failure(label):
                self._writer.write(self._live[label], points_of.curve_points(point))

    def trial_finished(self, label: TrialLabel, result: TrialResult) -> None:
        """Write whatever the run lacks and end it; nothing if it shows this result already."""
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

    def trial_interrupted(self, label: TrialLabel) -> None:
        """End the run of a trial that the user stopped; it can go on later."""
        run = self._live.pop(label, None)
        if run is not None:
            with self._tolerating_failure(label):
                self._writer.write(run, tags={"workbench.state": _INTERRUPTED})
                self._client.set_terminated(run.run_id, "KILLED")
                run.status, run.state = "KILLED", _INTERRUPTED

    def weights_scored(self, label: TrialLabel, record: WeightsRecord) -> None:
        """Write a run with the scores of given weights, unless it is there and complete."""
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

    def variant_judged(self, summary: VariantSummary) -> None:
        """Write the run of all seeds of a variant; what it showed before is superseded."""
        label = _summary_label(summary.study, summary.variant)
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

    def study_described(self, view: StudyView) -> None:
        """Write the note of an experiment and the state of its page, where they have changed."""
        self._rungs[view.study] = view.rungs
        with self._tolerating_failure(_summary_label(view.study, "")):
            self._runs.describe(view)

    def knows_summary(self, study: str, variants: Sequence[str], digest: str) -> bool:
        """Tell whether the runs of all seeds show what they would show now."""

        def ask() -> bool:
            runs = [self._runs.find(_summary_label(study, variant)) for variant in variants]
            return all(run and run.digest == digest and has_files(run) for run in runs)

        return bool(self._ask(ask))

    def close(self) -> None:
        """Interrupt the trials that still run, and let go of database and environment."""
        for label in list(self._live):
            self.trial_interrupted(label)
        self._environment.close()
        if self._file:
            # MLflow itself keeps connections for the life of the process.
            self._client._tracking_client.store.engine.dispose()
            with suppress(sqlite3.Error):
                databases.fold_log(self._file)

    def compare_address(self, study: str) -> str | None:
        """Return path and query of MLflow's comparison of a study's trials, None without runs.

        Each variant and seed is there once, with its newest run; at most 100 runs are.
        """
        return trials_address(self.runs(study))

    def runs(self, study: str) -> list[KnownRun]:
        """Return the runs of a study, the oldest first."""
        return self._ask(lambda: self._runs.runs(study)) or []

    def runs_of(self, key: str) -> list[KnownRun]:
        """Return the runs of a trial in all studies, the oldest first."""
        return self._ask(lambda: self._runs.runs_of(key)) or []

    def run(self, run_id: str) -> KnownRun | None:
        """Return a run by MLflow's id, None if there is none."""
        return self._ask(lambda: self._runs.run(run_id))

    def pages(self) -> dict[str, str]:
        """Return path and query of the page of each study's runs, the newest study first."""
        return self._ask(self._runs.pages) or {}

    def last_study(self) -> str | None:
        """Return the study whose run was started or ended last, None without runs."""
        return self._ask(self._runs.last_study)

    def _open(self, artifacts: Path | None) -> Any:
        if self._file:
            databases.prepare_database(self._file, artifacts, self._create_tables)
        client = self._mlflow.MlflowClient(self._address)
        client.search_experiments(max_results=1)  # fails here if the server is not there
        return client

    def _create_tables(self, address: str, artifacts: str) -> None:
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        SqlAlchemyStore(address, artifacts).engine.dispose()

    def _cannot_open(self, error: Exception, *, of_store: bool) -> StoreError:
        reason = databases.reason_of(error)
        if of_store and self._file:
            return databases.broken_database(self._file, reason)
        return databases.unusable_server(self._address, reason)

    def _ask(self, question: Callable[[], Answer]) -> Answer | None:
        try:
            return question()
        except Exception as error:  # noqa: BLE001 (a view may fail for any reason)
            self._warn(error)
            return None

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
            reason = databases.reason_of(error) or one_line(error)
            self._on_warning(
                f"MLflow is behind ({reason}); trials go on and results are kept, "
                "and the same command run again brings MLflow up to date"
            )
