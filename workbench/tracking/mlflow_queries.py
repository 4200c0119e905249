"""Questions to MLflow. Gets its client from outside and imports nothing of it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from workbench.tracking.addresses import trials_address
from workbench.tracking.known_runs import DatabaseRuns, KnownRun
from workbench.tracking.run_index import RunIndex
from workbench.tracking.run_writer import has_files
from workbench.tracking.tracker import TrialLabel

Answer = TypeVar("Answer")


def summary_label(study: str, variant: str) -> TrialLabel:
    """Return the label of the run of all seeds; its key never changes, so there is one run."""
    return TrialLabel(study, variant, None, f"summary of {variant}", is_summary=True)


class MlflowQueries:
    """What MLflow shows; the answer of a server that fails is that of an empty one.

    Args:
        index: Finds runs.
        on_failure: Gets the reason of a failure.
        database: File of the runs, which lists those of a study faster than MLflow; None for a
            server.
    """

    def __init__(
        self,
        index: RunIndex,
        on_failure: Callable[[Exception], None],
        database: Path | None = None,
    ) -> None:
        self._index = index
        self._on_failure = on_failure
        self._reader = index if database is None else DatabaseRuns(database)

    def has_summary(self, study: str, variants: Sequence[str], digest: str) -> bool:
        """Return whether the runs of all seeds show what they would show now."""

        def find() -> bool:
            runs = [self._index.find(summary_label(study, variant)) for variant in variants]
            return all(run and run.digest == digest and has_files(run) for run in runs)

        return bool(self._ask(find))

    def compare_address(self, study: str) -> str | None:
        """Return path and query of MLflow's comparison of a study's trials, None without runs.

        Each variant and seed is there once, with its newest run; at most 100 runs are.
        """
        return trials_address(self.runs(study))

    def runs(self, study: str) -> list[KnownRun]:
        """Return the runs of a study, the oldest first."""
        return self._ask(lambda: self._reader.runs(study)) or []

    def runs_of(self, key: str) -> list[KnownRun]:
        """Return the runs of a trial in all studies, the oldest first."""
        return self._ask(lambda: self._index.runs_of(key)) or []

    def run(self, run_id: str) -> KnownRun | None:
        """Return a run by MLflow's id, None if there is none."""
        return self._ask(lambda: self._index.run(run_id))

    def pages(self) -> dict[str, str]:
        """Return path and query of the page of each study's runs, the newest study first."""
        return self._ask(self._index.pages) or {}

    def last_study(self) -> str | None:
        """Return the study whose run was started or ended last, None without runs."""
        return self._ask(self._index.last_study)

    def _ask(self, question: Callable[[], Answer]) -> Answer | None:
        try:
            return question()
        except Exception as error:  # noqa: BLE001 (a view may fail for any reason)
            self._on_failure(error)
            return None
