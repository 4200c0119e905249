"""What a search has proposed, in a file: with it and the ledger a killed search goes on exactly.

The results are in the ledger; this file holds the settings and the proposals in their order. It is
written before a batch is run, so that a batch that was killed is the batch that goes on.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.config.base import Frozen
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, nearest
from workbench.files import write_atomically
from workbench.search.space import SpaceFile

FOLDER = "searches"


class Settings(Frozen):
    """Everything that decides what a search proposes."""

    space_name: str
    space: SpaceFile
    base: TrialConfig
    objectives: tuple[str, ...]
    sampler: str
    seed: int
    """Of the sampler."""
    trial_seeds: tuple[int, ...]
    """Of the trainings; the same for all candidates."""
    batch: int
    """Candidates that are proposed together; so the number of workers changes nothing."""


class Proposal(Frozen):
    """One combination that the sampler has given."""

    number: int
    """Of the sampler's trial, from 0; the canonical network is 0."""
    overrides: dict[str, Any]
    params: dict[str, Any]
    """As the sampler knows it."""
    distributions: dict[str, str]
    """Likewise, as its own JSON."""
    batch: int
    rejected: str = ""
    """Why it is not trained."""
    same_as: int | None = None
    """Number of the proposal that builds the same network."""

    @property
    def name(self) -> str:
        """How tables and MLflow call it."""
        return f"t{self.number:04}"

    @property
    def trained(self) -> bool:
        """Whether it is a trial of its own."""
        return not self.rejected and self.same_as is None


class SearchRecord(Frozen):
    """A search."""

    name: str
    settings: Settings
    proposals: tuple[Proposal, ...] = ()


def write_record(record: SearchRecord, store: Path) -> None:
    """Write a search.

    Raises:
        StoreError: If the store cannot be written.
    """
    text = json.dumps(record.plain(), indent=1)
    write_atomically(_path(store, record.name), text.encode(), store=store)


def read_record(store: Path, name: str) -> SearchRecord | None:
    """Return a search, or None if there is none of this name.

    Raises:
        ConfigError: If its file cannot be used.
    """
    path = _path(store, name)
    if not path.is_file():
        return None
    try:
        return SearchRecord.check(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError):
        raise ConfigError(
            f"{path}: no search of this version; move it away and run the same command again, "
            "which trains nothing that is finished"
        ) from None


def find_record(store: Path, name: str) -> SearchRecord:
    """Return a search.

    Raises:
        ConfigError: If there is none of this name, with the nearest.
    """
    record = read_record(store, name)
    if record is None:
        known = [path.stem for path in (store / FOLDER).glob("*.json")]
        raise ConfigError(f"unknown search {name!r} in {store}; {nearest(name, known)}")
    return record


def _path(store: Path, name: str) -> Path:
    return store / FOLDER / f"{name}.json"
