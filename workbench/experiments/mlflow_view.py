"""MLflow's view of a store, built anew from all that the store holds. No torch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from workbench.errors import StoreError, WorkbenchError
from workbench.execution.plan import Arm, run_identity
from workbench.experiments.declaration import read_study, studies
from workbench.experiments.external_scores import (
    ExternalScores,
    keep_external_scores,
    read_external_scores,
)
from workbench.experiments.stored_search import objectives_of
from workbench.experiments.study import open_study
from workbench.experiments.summaries import summaries
from workbench.experiments.transfer import show
from workbench.reporting.search_summary import search_summary, search_view
from workbench.results import TrialResult, WeightsRecord
from workbench.search.record_file import find_record
from workbench.search.state import BASELINE, SearchState
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.system.events import Emit, Note, counting, ignore
from workbench.system.progress import Progress
from workbench.system.strict_json import loads
from workbench.tracking.database import artifacts_path, database_path
from workbench.tracking.known_runs import known_runs
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.tracking.replacing import replaced_database
from workbench.tracking.tracker import ScoredWeights, TrialLabel

Results = dict[str, TrialResult]


@dataclass
class RebuiltView:
    """What a new view shows."""

    studies: int = 0
    searches: int = 0
    external: int = 0
    """External checkpoints."""


def rebuild_view(store: Path, emit: Emit = ignore) -> RebuiltView:
    """Replace a store's MLflow view by a new one. Nothing is trained.

    Args:
        store: The store. No study, search or server may use it meanwhile.
        emit: Gets progress, and a note on each part of the store that is left out.

    Raises:
        StoreError: If there is no store, or if it is in use or cannot be written. The old view is
            then kept.
    """
    if not store.is_dir():
        raise StoreError(f"{store}: no such folder; name the store with --store")
    _adopt_external_scores(store)
    with replaced_database(store) as new:
        tracker = MlflowTracker(store, on_warning=_fail, database=new)
        try:
            with counting(emit, "MLflow") as advance:
                return _show_all(store, tracker, emit, advance)
        finally:
            tracker.close()


class _UnwritableError(StoreError):
    """The new view cannot be written."""


def _fail(text: str) -> NoReturn:
    raise _UnwritableError(f"the rebuild failed, and the old view is kept: {text}")


def _show_all(store: Path, tracker: MlflowTracker, emit: Emit, progress: Progress) -> RebuiltView:
    shown = RebuiltView()
    for name in reversed(studies(store)):
        with _left_out(emit, f"study {name}"):
            show((read_study(store, name),), store, tracker, progress)
            shown.studies += 1
        with _left_out(emit, f"the runs of all seeds of study {name}"):
            for summary in summaries(open_study(store, name), store):
                tracker.show(summary)
    searches = Store(store).search_names()
    known = _known_results(store) if searches else {}
    for done, name in enumerate(searches, 1):
        with _left_out(emit, f"search {name}"):
            _show_search(name, store, tracker, known)
            shown.searches += 1
        progress(done, len(searches), name)
    with _left_out(emit, "external checkpoints"):
        for one in read_external_scores(store):
            tracker.show(ScoredWeights(one.label, one.record))
            shown.external += 1
    return shown


@contextmanager
def _left_out(emit: Emit, what: str) -> Iterator[None]:
    """Say what cannot be shown; one damaged file must not keep the rest from the view."""
    try:
        yield
    except _UnwritableError:
        raise
    except WorkbenchError as error:
        emit(Note(f"left out: {what} ({error})"))


def _show_search(name: str, store: Path, tracker: MlflowTracker, known: Results) -> None:
    """Show the trials of a search, those that were stopped early too, and its summary."""
    state = SearchState(find_record(store, name))
    tracker.show(search_view(state.record))
    record = state.record
    out = {**record.stopped(), **record.failures()}
    for proposal in state.trained:
        arm = Arm(proposal.name, "", state.config(proposal))
        for seed in record.settings.trial_seeds:
            result = known.get(run_identity(arm.with_seed(seed)))
            if result is None:
                continue
            tracker.trial_ended(TrialLabel(name, arm.name, seed, result.key), result)
            if arm.name not in out:
                state.results.setdefault(arm.name, []).append(result)
    objectives = objectives_of(record.settings)
    if BASELINE in state.results:
        tracker.show(search_summary(state, objectives))


def _known_results(store: Path) -> Results:
    """Return what a store has of each run, by its identity.

    A search keeps no keys of its trials, and those of today are others than those that it ran
    under if the workbench's code or the images have changed since.
    """
    ledger, found = Ledger(store), Results()
    stopped = filter(None, map(ledger.stopped, ledger.stopped_keys()))
    for result in sorted(stopped, key=lambda one: one.finished_s):
        found[run_identity(result.config)] = result
    for result in sorted(ledger.results(), key=lambda one: one.finished_s):
        found[run_identity(result.config)] = result
    return found


def _adopt_external_scores(store: Path) -> None:
    """Keep scores of external checkpoints that so far only the old view holds."""
    try:
        runs = known_runs(database_path(store))
    except StoreError:
        return  # the old view is damaged, and what it held is lost
    for run in runs:
        path = artifacts_path(store) / run.run_id / "artifacts" / "scores.json"
        if run.seed == "given" and path.is_file():
            try:
                record = WeightsRecord.check(loads(path.read_bytes()))
            except ValueError:
                continue
            keep_external_scores(
                ExternalScores(study=run.study, name=run.variant, key=run.key, record=record), store
            )
