"""Studies or single trials compared, with the MLflow pages of the same runs. No torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.analysis.comparison import Comparison
from workbench.analysis.comparison import compare as compare_arms
from workbench.errors import ConfigError, WorkbenchError, nearest
from workbench.execution.plan import run_identity
from workbench.experiments.declaration import read_study, studies
from workbench.experiments.study import open_study
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.system.events import Caution, Emit, ignore
from workbench.tracking.addresses import runs_address, summaries_address, trials_address
from workbench.tracking.database import database_path, sqlite_file
from workbench.tracking.known_runs import DatabaseRuns, KnownRun
from workbench.tracking.summary import SUMMARY

KEY_LETTERS = 6
"""Fewest letters of a key that name a trial."""
RUN_ID_LETTERS = 32
"""Of MLflow's ids."""


@dataclass(frozen=True)
class Compared:
    """What the names given mean, compared."""

    comparisons: dict[str, Comparison]
    """By study; single trials are one comparison, `trials`."""
    pages: dict[str, str]
    """What MLflow shows of the same runs, by what it is: path and query behind the server's
    address. Empty if MLflow has none of them."""


def compare_named(
    names: Sequence[str], store: Path, tracking_uri: str | None = None, emit: Emit = ignore
) -> Compared:
    """Compare studies, each by the rules that it declared, or single trials.

    Trials that differ in the seed alone are one network; the first network named is what the others
    are compared with.

    Args:
        names: Of studies; or of trials, each by 6 or more letters of its key or by MLflow's id of
            its run.
        store: The store. Nothing is written.
        tracking_uri: MLflow server or database; None for the store's.
        emit: Gets cautions about MLflow.

    Raises:
        ConfigError: For a name that is neither, with the nearest valid one.
        WorkbenchError: If nothing of a study or trial is finished.
    """
    known, runs = studies(store), _KnownRuns(store, tracking_uri, emit)
    if all(name in known for name in names):
        found = {name: open_study(store, name).comparison for name in dict.fromkeys(names)}
        return Compared(found, _pages_of_studies(list(found), store, runs))
    keys = [_key(name, store, known, runs) for name in dict.fromkeys(names)]
    return Compared({"trials": _compare_trials(keys, store)}, _pages_of_trials(keys, runs))


class _Runs(Protocol):
    """Looks up which MLflow runs show what."""

    def runs(self, study: str) -> list[KnownRun]:
        """Return the runs of a study, the oldest first."""

    def runs_of(self, key: str) -> list[KnownRun]:
        """Return the runs of a trial in all studies, the oldest first."""

    def run(self, run_id: str) -> KnownRun | None:
        """Return a run by MLflow's id, None if there is none."""


@dataclass(frozen=True)
class _KnownRuns:
    """Opens the look-up of MLflow runs when it is first needed."""

    store: Path
    tracking_uri: str | None
    emit: Emit

    def open(self) -> _Runs:
        """Return the runs of the store's database, or of a server."""
        uri = self.tracking_uri
        file = sqlite_file(uri) if uri else database_path(self.store)
        if file is not None:
            return DatabaseRuns(file)
        # Only for servers: loading MLflow takes longer than all the rest.
        from workbench.tracking.mlflow_tracker import MlflowTracker

        return MlflowTracker(self.store, uri, lambda text: self.emit(Caution(text))).queries


def _key(name: str, store: Path, known: Sequence[str], runs: _KnownRuns) -> str:
    """Return the key of the trial that is meant."""
    if len(name) >= KEY_LETTERS and name.isalnum():
        keys = Store(store).trial_keys(name)
        if len(keys) == 1:
            return keys[0]
        if keys:
            raise ConfigError(f"{name!r} is the start of {len(keys)} trial keys; give more of it")
        run = runs.open().run(name) if len(name) == RUN_ID_LETTERS else None
        if run is not None and run.seed != SUMMARY:
            return run.key
    if name in known:
        raise ConfigError(f"{name!r} is a study; compare studies, or trials, but not both")
    raise ConfigError(
        f"unknown study or trial {name!r} in {store}; {nearest(name, known)} "
        f"(a trial is named by {KEY_LETTERS} or more letters of its key, or by its MLflow run id)"
    )


def _compare_trials(keys: Sequence[str], store: Path) -> Comparison:
    """Compare single trials; those that differ in the seed alone are one network."""
    ledger, known = Ledger(store), _names_in_studies(store)
    arms: dict[str, list[TrialResult]] = {}
    names_of: dict[str, str] = {}
    for key in keys:
        result = ledger.result(key)
        if result is None:
            raise WorkbenchError(f"trial {key} is not finished")
        identity = run_identity(result.config.model_copy(update={"seed": 0}))
        if identity not in names_of:
            name = known.get(key, key[:12])
            names_of[identity] = name if name not in arms else f"{name} ({key[:8]})"
        arms.setdefault(names_of[identity], []).append(result)
    for name, results in arms.items():
        seeds = [result.config.seed for result in results]
        if len(set(seeds)) < len(seeds):
            raise ConfigError(f"two trials of {name} have the same seed, {seeds}")
    return compare_arms(arms, {})


def _names_in_studies(store: Path) -> dict[str, str]:
    """Return what studies call each trial; what the study declared last says counts."""
    found: dict[str, str] = {}
    for study in studies(store):
        for declared in read_study(store, study).declarations:
            for arm, keys in declared.keys.items():
                for key in keys:
                    found.setdefault(key, arm)
    return found


def _pages_of_studies(names: Sequence[str], store: Path, known: _KnownRuns) -> dict[str, str]:
    reader, found = known.open(), {}
    for name in names:
        declared = read_study(store, name).declarations[-1]
        runs = reader.runs(name)
        for what, path in (
            (f"{name}, all trials", trials_address(runs, declared.all_keys)),
            (f"{name}, a run for each variant", summaries_address(runs)),
        ):
            if path:
                found[what] = path
    return found


def _pages_of_trials(keys: Sequence[str], known: _KnownRuns) -> dict[str, str]:
    reader = known.open()
    path = runs_address([run for key in keys for run in reader.runs_of(key)[-1:]])
    return {"these trials": path} if path else {}
