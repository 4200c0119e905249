"""Builders of tests: declarations of a study that exists."""

from pathlib import Path

from workbench.experiments.declaration import Study, read_study
from workbench.experiments.declaring import merge


def declare_again(store: Path, name: str, *, margin_db: float) -> None:
    """Declare a study once more, an hour later and by another margin."""
    last = read_study(store, name).declarations[-1]
    changes = {"margin_db": margin_db, "declared_s": last.declared_s + 3600, "hash": "f" * 64}
    again = last.model_copy(update=changes)
    merge(store, Study(study=name, declarations=(again,)))
