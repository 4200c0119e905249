"""MLflow as a view of the trials. The only file that imports mlflow.

MLflow can be deleted at any time: `trial_finished` for every entry of the ledger builds the same
view again. Only run drivers write it, and several of them may at once.
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from workbench.config.trial import TrialConfig
from workbench.errors import StoreError
from workbench.results import Cost, CurvePoint, TrialResult, WeightsRecord
from workbench.tracking import database as databases
from workbench.tracking import run_content as content
from workbench.tracking.addresses import trials_address
from workbench.tracking.database import KnownRun
from workbench.tracking.run_index import Run, RunIndex
from workbench.tracking.summary import VariantSummary
from workbench.tracking.summary_content import summary_points, summary_tags
from workbench.tracking.tracker import TrialLabel

_RUNNING = "running"
_INTERRUPTED = "interrupted"
_METRICS_A_CALL = 1_000  # MLflow's own limits, the second one for params too
_TAGS_A_CALL = 100

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
    ) -> None:
        """Open or create the view, and make sure that it can be written.

        Args:
            store: Folder of the default database and artifacts; used only without `tracking_uri`.
            tracking_uri: A server or database of the user's own.
            on_warning: Told once, in one line, when a later write fails. Training goes on then.

        Raises:
            StoreError: If the store cannot be written, or the server does not answer.
        """
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        for name, value in _DEFAULT_SETTINGS.items():
            os.environ.setdefault(name, value)
        import mlflow
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        self._mlflow: Any = mlflow
        self._failures = (MlflowException, SQLAlchemyError, sqlite3.Error, OSError)
        self._on_warning = on_warning
        self._warned = False
        self._live: dict[TrialLabel, Run] = {}
        own = databases.database_path(store)
        self._address = tracking_uri or databases.sqlite_address(own)
        self._file = databases.sqlite_file(tracking_uri) if tracking_uri else own
        artifacts = None if tracking_uri else databases.artifacts_path(store)
        try:
            self._client = self._open(artifacts)
        except self._failures as error:
            raise self._cannot_open(error, of_store=not tracking_uri) from error
        location = artifacts.as_uri() if artifacts else None
        self._runs = RunIndex(self._client, location, MlflowException)

    def trial_started(self, label: TrialLabel, config: TrialConfig, cost: Cost | None) -> None:
        """Show a trial as running: a new run, or the one it had before."""
        with self._tolerating_failure(label):
            run = self._runs.find_or_create(label, content.milliseconds(time.time()))
            if run.status != "RUNNING":
                self._client.update_run(run.run_id, status="RUNNING")
            tags = {"workbench.state": _RUNNING, "mlflow.note.content": content.started_note(label)}
            points = content.cost_points(cost) if cost else []
            self._write(run, points, content.config_params(config), tags)
            self._write_files(run, content.config_files(config))
            run.status, run.state = "RUNNING", _RUNNING
            self._live[label] = run

    def validated(self, label: TrialLabel, point: CurvePoint) -> None:
        """Add a point to the curve of a running trial.

        A trial that could not be shown as running is passed over: its result brings the whole
        curve, and a server that is gone is not asked again for every point.
        """
        if label in self._live:
            with self._tolerating_failure(label):
                self._write(self._live[label], content.curve_points(point))

    def trial_finished(self, label: TrialLabel, result: TrialResult) -> None:
        """Write whatever the run lacks and end it; nothing if it shows this result already."""
        status = "FAILED" if result.state in content.FAILED_STATES else "FINISHED"
        ended_ms = content.milliseconds(result.finished_s)
        with self._tolerating_failure(label):
            run = self._runs.find_or_create(label, content.milliseconds(result.started_s))
            self._live.pop(label, None)
            if (run.status, run.state, run.ended_ms) == (status, result.state, ended_ms):
                return
            params = content.config_params(result.config)
            self._write(run, content.result_points(result), params)
            self._write_files(run, content.result_files(result))
            self._write(run, tags=content.result_tags(label, result))
            # The last step: a run that has ended is complete.
            self._client.set_terminated(run.run_id, status, ended_ms)
            run.status, run.state, run.ended_ms = status, result.state, ended_ms

    def trial_interrupted(self, label: TrialLabel) -> None:
        """End the run of a trial that the user stopped; it can go on later."""
        run = self._live.pop(label, None)
        if run is not None:
            with self._tolerating_failure(label):
                self._write(run, tags={"workbench.state": _INTERRUPTED})
                self._client.set_terminated(run.run_id, "KILLED")
                run.status, run.state = "KILLED", _INTERRUPTED

    def weights_scored(self, label: TrialLabel, record: WeightsRecord) -> None:
        """Write a run with the scores of given weights, unless it is there and complete."""
        moment_ms = content.milliseconds(record.finished_s)
        with self._tolerating_failure(label):
            run = self._runs.find_or_create(label, moment_ms)
            if run.status == "FINISHED":
                return
            self._write(run, content.weights_points(record), content.weights_params(record))
            self._write_files(run, content.weights_files(record))
            self._write(run, tags=content.weights_tags(label, record))
            self._client.set_terminated(run.run_id, "FINISHED", moment_ms)
            run.status = "FINISHED"

    def variant_judged(self, summary: VariantSummary) -> None:
        """Write the run of all seeds of a variant; what it showed before is superseded."""
        label = _summary_label(summary.study, summary.variant)
        moment_ms = content.milliseconds(summary.moment_s)
        with self._tolerating_failure(label):
            run = self._runs.find_or_create(label, moment_ms)
            self._write(run, summary_points(summary), summary.params)
            with tempfile.TemporaryDirectory() as folder:
                for name, data in summary.files.items():
                    Path(folder, name).write_bytes(data)
                self._client.log_artifacts(run.run_id, folder)
            # The tags come last: they hold the digest, which says that all is there.
            self._write(run, tags=summary_tags(summary))
            self._client.set_terminated(run.run_id, "FINISHED", moment_ms)
            run.status, run.digest = "FINISHED", summary.digest

    def knows_summary(self, study: str, variants: Sequence[str], digest: str) -> bool:
        """Tell whether the runs of all seeds show what they would show now."""

        def ask() -> bool:
            runs = [self._runs.find(_summary_label(study, variant)) for variant in variants]
            return all(run is not None and run.digest == digest for run in runs)

        return bool(self._ask(ask))

    def close(self) -> None:
        """Interrupt the trials that still run."""
        for label in list(self._live):
            self.trial_interrupted(label)
        if self._file:
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
        except self._failures as error:
            self._warn(error)
            return None

    @contextmanager
    def _tolerating_failure(self, label: TrialLabel) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            self._live.pop(label, None)
            self._runs.forget(label.study)
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            self._on_warning(
                f"MLflow is behind ({databases.reason_of(error)}); trials go on and results are "
                "kept, and the same command run again brings MLflow up to date"
            )

    def _write(
        self,
        run: Run,
        points: Sequence[content.Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        kinds = self._mlflow.entities
        metrics = [kinds.Metric(p.name, p.value, p.time_ms, p.step) for p in points]
        missing = [kinds.Param(k, v) for k, v in (params or {}).items() if k not in run.params]
        words = [kinds.RunTag(name, value) for name, value in (tags or {}).items()]
        for start in range(0, len(metrics), _METRICS_A_CALL):
            self._client.log_batch(run.run_id, metrics=metrics[start : start + _METRICS_A_CALL])
        for start in range(0, max(len(missing), len(words)), _TAGS_A_CALL):
            part = slice(start, start + _TAGS_A_CALL)
            self._client.log_batch(run.run_id, params=missing[part], tags=words[part])
        run.params.update(param.key for param in missing)

    def _write_files(self, run: Run, files: Mapping[str, str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                Path(folder, name).write_text(text, encoding="utf-8")
            self._client.log_artifacts(run.run_id, folder)
