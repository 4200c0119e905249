"""The trials of studies and searches as a table. No torch."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path

from workbench.errors import ConfigError, WorkbenchError, nearest
from workbench.experiments.declaration import read_study, studies
from workbench.experiments.stored_search import stored_search
from workbench.experiments.study import finished_trials
from workbench.results import TrialResult
from workbench.store.keys import model_hash
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.tables.merging import joined_names, merged
from workbench.tables.table import TrialTable


def stored_table(names: Sequence[str], store: Path, table: str) -> TrialTable:
    """Return the finished trials of studies and searches.

    Args:
        names: At least one. A study counts as it was declared last.
        store: The store.
        table: Name of the table.

    Raises:
        ConfigError: For an unknown name, with the nearest, or trials that do not belong together.
        WorkbenchError: If a study or search has no finished trial.
        StoreError: If a record cannot be read.
    """
    found = [_one(name, store, table) for name in dict.fromkeys(names)]
    return reduce(merged, found)


def _one(name: str, store: Path, table: str) -> TrialTable:
    searches = Store(store).search_names()
    if name in studies(store):
        found = _of_study(name, store, table)
    elif name in searches:
        found = _of_search(name, store, table)
    else:
        known = [*studies(store), *searches]
        raise ConfigError(f"unknown study or search {name!r} in {store}; {nearest(name, known)}")
    if not found.results:
        raise WorkbenchError(f"{name!r} has no finished trial yet, so there is nothing to write")
    return found


def _of_study(name: str, store: Path, table: str) -> TrialTable:
    declared = read_study(store, name).declarations[-1]
    arms = finished_trials(declared, Ledger(store))
    return TrialTable(
        table,
        _final(arms.values()),
        _names(arms, name),
        studies=(name,),
        images=dict(declared.images),
    )


def _of_search(name: str, store: Path, table: str) -> TrialTable:
    state = stored_search(name, store)
    settings = state.record.settings
    return TrialTable(
        table,
        _final(state.results.values()),
        _names(state.results, name),
        settings.space,
        settings.space_name,
        (name,),
        dict(state.record.images),
    )


def _final(arms: Iterable[Sequence[TrialResult]]) -> tuple[TrialResult, ...]:
    """Return the trials that have ended, each once: two arms may be the same network."""
    found = {one.key: one for results in arms for one in results if one.state.is_final}
    return tuple(found.values())


def _names(arms: Mapping[str, Sequence[TrialResult]], study: str) -> dict[str, str]:
    """Return what the study calls each network; the first of several names for one."""
    names: dict[str, str] = {}
    for arm, results in arms.items():
        if results:
            names = joined_names(names, {model_hash(results[0].config.model): arm}, (study,))
    return names
