"""Bringing an exported study into a store: check it, merge it, show its trials in MLflow."""

from dataclasses import dataclass
from pathlib import Path

from workbench.experiments.exported import open_export
from workbench.experiments.transfer import Imported, import_export, show
from workbench.experiments.views import optional, tracking
from workbench.system.events import Emit, counting, ignore


@dataclass(frozen=True)
class ImportedStudy:
    """What an import has done."""

    merged: Imported
    in_mlflow: bool
    """Whether MLflow shows trials of the study."""


def import_study(
    folder: Path, store: Path, tracking_uri: str | None = None, emit: Emit = ignore
) -> ImportedStudy:
    """Merge an export into a store and show its trials in MLflow. What the store has is kept.

    Args:
        folder: What `workbench export` has written.
        store: The store; created if it is not there.
        tracking_uri: MLflow server or database; None for the store's.
        emit: Gets progress, and a caution if MLflow fails.

    Raises:
        ConfigError: If the folder is no export, in which case nothing is written.
        StoreError: If a file of it is damaged, in which case nothing is written; or if the store or
            MLflow cannot be used.
    """
    with counting(emit, "checking") as advance:
        export = open_export(folder, advance)
    in_mlflow = False
    with tracking(store, tracking_uri, emit) as tracker:
        with counting(emit, "importing") as advance:
            merged = import_export(export, store, advance)
        with optional("MLflow", emit), counting(emit, "MLflow") as advance:
            show((merged.study, export.study), store, tracker, advance)
            in_mlflow = tracker.queries.compare_address(export.study.study) is not None
    return ImportedStudy(merged, in_mlflow)
