"""A search as its record and the ledger have it, and what is written from it. Trains nothing."""

from pathlib import Path

from workbench.errors import ConfigError
from workbench.execution.lookup import look_up
from workbench.execution.plan import Arm, Plan
from workbench.execution.run import by_arm
from workbench.search.objectives import Objective, objectives_named
from workbench.search.record import Settings
from workbench.search.record_file import find_record
from workbench.search.state import SearchState
from workbench.system.files import write_atomically


def stored_search(name: str, store: Path) -> SearchState:
    """Return a search as its record and the ledger have it. Loads no torch.

    Raises:
        ConfigError: If the store has no search of this name, with the nearest.
        StoreError: If a record of the ledger cannot be read.
    """
    record = find_record(store, name)
    state = SearchState(record)
    out = {**record.stopped(), **record.failures()}
    arms = tuple(Arm(p.name, "", state.config(p)) for p in state.trained if p.name not in out)
    if arms:
        plan = Plan(name, arms, record.settings.trial_seeds)
        found = {(t.arm, t.seed): t.result for t in look_up(plan, store) if t.result}
        state.results = {n: results for n, results in by_arm(plan, found).items() if results}
    return state


def objectives_of(settings: Settings) -> tuple[Objective, ...]:
    """Return the objectives of a search, in the order of its settings."""
    return objectives_named(settings.objectives, settings.selection)


def best_names(state: SearchState) -> tuple[str, ...]:
    """Return the best network of a search with one objective, else those on its front."""
    objectives = objectives_of(state.record.settings)
    names = state.front(objectives)
    return names[:1] if len(objectives) == 1 else names


def write_search_report(name: str, store: Path, out: Path | None = None) -> Path:
    """Write a search as an HTML page, and return its path.

    Args:
        name: Of the search.
        store: The store.
        out: File; None names it after the search, in the current folder.

    Raises:
        ConfigError: If there is no such search.
        WorkbenchError: If the file cannot be written.
    """
    from workbench.reporting.search_page import search_page
    from workbench.search.analysis import analyse_search

    state = stored_search(name, store)
    path = out or Path(f"{name}.html")
    write_atomically(
        path, search_page(analyse_search(state, objectives_of(state.record.settings))).encode()
    )
    return path


def write_optuna_study(name: str, store: Path, out: Path | None = None) -> Path:
    """Write a search as an SQLite file with an Optuna study, and return its path.

    Args:
        name: Of the search.
        store: The store.
        out: New file; None names it after the search, in the current folder.

    Raises:
        ConfigError: If there is no such search, the file exists, or its folder does not.
    """
    from workbench.reporting.search_study import write_study

    state = stored_search(name, store)
    path = out or Path(f"{name}.db")
    if path.exists():
        raise ConfigError(f"--out {path} exists already; a study is written to a new file only")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"--out {path}: there is no folder {path.parent}")
    write_study(state, objectives_of(state.record.settings), path)
    return path
