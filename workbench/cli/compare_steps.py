"""What `workbench compare` does. No torch."""

import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.analysis.comparison import Comparison
from workbench.analysis.comparison import compare as compare_arms
from workbench.cli.comparison_table import print_comparison
from workbench.cli.console import OUT, heading, note, print_json
from workbench.errors import ConfigError, WorkbenchError, nearest
from workbench.execution.plan import run_identity
from workbench.experiments.declaration import read_study, studies
from workbench.experiments.study import open_study
from workbench.reporting.plain import as_plain
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.tracking.addresses import runs_address, summaries_address, trials_address
from workbench.tracking.database import database_path, sqlite_file
from workbench.tracking.known_runs import DatabaseRuns, KnownRun
from workbench.tracking.summary import SUMMARY

SHORTEST = 6
"""Letters of a key that say which trial is meant."""
RUN_ID = 32
"""Letters of MLflow's ids."""


@dataclass(frozen=True)
class View:
    """Where MLflow shows the runs."""

    tracking_uri: str | None
    port: int
    opened: bool
    """Whether the browser is to show it."""

    @property
    def server(self) -> str:
        """Address of the server, without a slash at the end."""
        uri = self.tracking_uri or ""
        if uri.startswith(("http://", "https://")):
            return uri.rstrip("/")
        return f"http://127.0.0.1:{self.port}"


def show(names: Sequence[str], store: Path, view: View, *, as_json: bool) -> None:
    """Compare what is named, and print or open MLflow's comparison of the same runs.

    Raises:
        WorkbenchError: If a name means nothing, or nothing of it is finished.
    """
    known = studies(store)
    if all(name in known for name in names):
        found = {name: open_study(store, name).comparison for name in dict.fromkeys(names)}
        addresses = _of_studies(list(found), store, view)
    else:
        keys = [_key(name, store, known, view) for name in dict.fromkeys(names)]
        found = {"trials": _trials(keys, store)}
        addresses = _of_trials(keys, store, view)
    if as_json:
        plain = {name: as_plain(comparison) for name, comparison in found.items()}
        print_json({"comparisons": plain, "mlflow": addresses})
    else:
        for name, comparison in found.items():
            OUT.print(heading(name))
            print_comparison(comparison)
        for what, address in addresses.items():
            OUT.print(f"{what}: {address}", soft_wrap=True)
    if not addresses:
        note("MLflow has no runs of them; workbench ablate brings it up to date")
    elif view.opened:
        _open(next(iter(addresses.values())), view)
    else:
        note(f"workbench ui serves these addresses at {view.server}")


def _key(name: str, store: Path, known: Sequence[str], view: View) -> str:
    """Return the key of the trial that is meant."""
    if len(name) >= SHORTEST and name.isalnum():
        keys = Store(store).trial_keys(name)
        if len(keys) == 1:
            return keys[0]
        if keys:
            raise ConfigError(f"{name!r} begins the keys of {len(keys)} trials; give more letters")
        run = _runs(store, view).run(name) if len(name) == RUN_ID else None
        if run is not None and run.seed != SUMMARY:
            return run.key
    if name in known:
        raise ConfigError(f"{name!r} is a study; compare studies, or trials, but not both")
    raise ConfigError(
        f"unknown study or trial {name!r} in {store}; {nearest(name, known)} "
        f"(a trial is named by {SHORTEST} or more letters of its key, or by MLflow's id of its run)"
    )


def _trials(keys: Sequence[str], store: Path) -> Comparison:
    """Compare single trials; those that differ in the seed alone are one network."""
    ledger, names = Ledger(store), _names(store)
    arms: dict[str, list[TrialResult]] = {}
    called: dict[str, str] = {}
    for key in keys:
        result = ledger.result(key)
        if result is None:
            raise WorkbenchError(f"trial {key} is not finished")
        identity = run_identity(result.config.model_copy(update={"seed": 0}))
        if identity not in called:
            name = names.get(key, key[:12])
            called[identity] = name if name not in arms else f"{name} ({key[:8]})"
        arms.setdefault(called[identity], []).append(result)
    for name, results in arms.items():
        seeds = [result.config.seed for result in results]
        if len(set(seeds)) < len(seeds):
            raise ConfigError(f"two trials of {name} have the same seed, {seeds}")
    return compare_arms(arms, {})


def _names(store: Path) -> dict[str, str]:
    """Return what studies call each trial, the name in the last study first."""
    found: dict[str, str] = {}
    for study in studies(store):
        for declared in read_study(store, study).declarations:
            for arm, keys in declared.keys.items():
                for key in keys:
                    found.setdefault(key, arm)
    return found


class _Runs(Protocol):
    """Tells which MLflow runs show what."""

    def runs(self, study: str) -> list[KnownRun]:
        """Return the runs of a study, the oldest first."""

    def runs_of(self, key: str) -> list[KnownRun]:
        """Return the runs of a trial in all studies, the oldest first."""

    def run(self, run_id: str) -> KnownRun | None:
        """Return a run by MLflow's id, None if there is none."""


def _runs(store: Path, view: View) -> _Runs:
    uri = view.tracking_uri
    file = sqlite_file(uri) if uri else database_path(store)
    if file is not None:
        return DatabaseRuns(file)
    # Only for servers: loading MLflow takes longer than all the rest.
    from workbench.tracking.mlflow_tracker import MlflowTracker

    return MlflowTracker(store, uri, note)


def _of_studies(names: Sequence[str], store: Path, view: View) -> dict[str, str]:
    reader, found = _runs(store, view), {}
    for name in names:
        declared = read_study(store, name).declarations[-1]
        runs = reader.runs(name)
        for what, path in (
            (f"{name}, all trials", trials_address(runs, declared.all_keys)),
            (f"{name}, a run for each variant", summaries_address(runs)),
        ):
            if path:
                found[what] = f"{view.server}/{path}"
    return found


def _of_trials(keys: Sequence[str], store: Path, view: View) -> dict[str, str]:
    reader = _runs(store, view)
    path = runs_address([run for key in keys for run in reader.runs_of(key)[-1:]])
    return {"these trials": f"{view.server}/{path}"} if path else {}


def _open(address: str, view: View) -> None:
    """Open the browser, if a server answers.

    Raises:
        WorkbenchError: If none does, or there is no browser.
    """
    # Not through a proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{view.server}/health", timeout=5).close()
    except (urllib.error.URLError, OSError):
        raise WorkbenchError(
            f"no MLflow server answers at {view.server}; start it with workbench ui"
        ) from None
    if not webbrowser.open(address):
        raise WorkbenchError(f"there is no browser to open {address}")
