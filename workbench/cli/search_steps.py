"""What `workbench search` does: run a search, or show one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.cli.ablate_steps import Place, pack
from workbench.cli.console import note, print_json
from workbench.cli.optional import optional, tracking
from workbench.cli.search_display import SearchDisplay
from workbench.cli.search_table import plain_search, print_front, print_search
from workbench.cli.time_limit import TimeIsUpError, time_limit
from workbench.errors import ConfigError
from workbench.execution.events import to_all
from workbench.execution.lookup import look_up
from workbench.execution.plan import Arm, Plan
from workbench.execution.run import by_arm
from workbench.execution.stream import run_arms
from workbench.execution.tracked import TrackedTrials
from workbench.search.forking import fork_checkpoints
from workbench.search.loop import run_loop
from workbench.search.objectives import Objective
from workbench.search.record import PriorObservation, SearchEvent, SearchRecord, Settings
from workbench.search.record_file import (
    add_line,
    find_record,
    only_driver,
    put_aside,
    read_record,
    start_record,
)
from workbench.search.state import BASELINE, SearchState
from workbench.search.warm_start import prior_observations
from workbench.store.ledger import Ledger
from workbench.system.digests import sha256_of_json
from workbench.system.files import write_atomically
from workbench.tracking.tracker import Tracker
from workbench.trial.images import changed_images, known_hashes, named_hashes


@dataclass(frozen=True)
class GoingOn:
    """What becomes of an earlier search of the same name, and when this one ends."""

    resume: bool = False
    """Refuse to begin a new one."""
    fresh: bool = False
    """Put the earlier one aside and begin anew; what is trained is not trained again."""
    cold: bool = False
    """Tell the sampler nothing of what other studies have found."""
    timeout_min: float | None = None
    """Stop after so many minutes, as Ctrl-C does."""
    retry: bool = False
    """Run trials again that failed; refuse to begin a new search."""


def run_search(
    settings: Settings,
    name: str | None,
    trials: int,
    place: Place,
    going_on: GoingOn,
    *,
    as_json: bool,
) -> None:
    """Run a search or go on with it, and print what it found.

    Raises:
        WorkbenchError: For anything that the user can mend; what is finished is kept.
    """
    digest = sha256_of_json(settings.plain())[:6]
    name = name or f"{settings.space_name}_{settings.sampler}_{digest}"
    if (going_on.resume or going_on.retry) and read_record(place.store, name) is None:
        option = "--resume" if going_on.resume else "--retry failed"
        raise ConfigError(f"{option}: there is no search {name!r} in {place.store}")
    pack(Plan(name, (Arm("base", "", settings.base),), settings.trial_seeds), place)
    at_once = settings.batch * len(settings.trial_seeds)
    if place.workers > at_once and place.engine.address is None:
        note(f"--batch {settings.batch}: {place.workers - at_once} of the workers will be idle")
    with only_driver(place.store, name):
        record = _begin(settings, name, place.store, going_on)
        with tracking(place.store, place.tracking_uri) as tracker:
            _describe(record, tracker, place.command)
            state = _searched_in_time(record, trials, place, tracker, going_on)
            if state.record.exhausted:
                note("nothing new was found any more within the space and its limits")
            _print(state, as_json=as_json)
            with optional("MLflow's run of the search"):
                _show_in_mlflow(state, tracker)


def _begin(settings: Settings, name: str, store: Path, going_on: GoingOn) -> SearchRecord:
    """Return the search as it was left, or a new one."""
    if going_on.fresh:
        other = put_aside(store, name)
        if other:
            note(f"what was proposed before is kept as search {other}")
    record, images = read_record(store, name), named_hashes(settings.base, Ledger(store))
    if record is None:
        note(f"search {name} begins")
        known = () if going_on.cold else _known(settings, store)
        record = SearchRecord(name=name, settings=settings, prior=known, images=images)
        start_record(record, store)
        if known:
            note(f"the sampler begins with {len(known)} networks that are finished; --cold if not")
    _check_the_same(record, settings, images, store)
    if record.proposals:
        note(f"search {name} goes on: {sum(p.trained for p in record.proposals)} trials proposed")
    if going_on.retry and not record.retrying and not record.retryable():
        note("--retry failed: no trial of this search has failed")
    return record


def _check_the_same(
    record: SearchRecord, settings: Settings, images: Mapping[str, str], store: Path
) -> None:
    """Refuse to go on with a search whose settings, or whose images, are not those of now.

    Raises:
        ConfigError: With what to do.
    """
    if record.settings != settings:
        raise ConfigError(
            f"search {record.name!r} in {store} has other settings; give another --study, "
            "--fresh to begin anew, or the same options to go on with it"
        )
    changed = changed_images(record.images, images)
    if changed:
        raise ConfigError(
            f"search {record.name!r} in {store}: images changed: {', '.join(changed)}; what it "
            "proposed rests on the scores of the old ones. --fresh begins anew and keeps it under "
            "another name"
        )


def _known(settings: Settings, store: Path) -> tuple[PriorObservation, ...]:
    """Return the networks of the space that the ledger has, on these images with this recipe."""
    ledger = Ledger(store)
    hashes = known_hashes(settings.base, ledger)
    if hashes is None:
        return ()
    return prior_observations(settings, objectives_of(settings), ledger.results(), hashes)


def _searched_in_time(
    record: SearchRecord,
    trials: int,
    place: Place,
    tracker: Tracker,
    going_on: GoingOn,
) -> SearchState:
    try:
        with time_limit(going_on.timeout_min):
            return _searched(record, trials, place, tracker, retry=going_on.retry)
    except TimeIsUpError:
        note("the time is up; rerun the same command to resume")
        return stored_state(record.name, place.store)


def _describe(record: SearchRecord, tracker: Tracker, command: str) -> None:
    """Show in MLflow what the search looks for, and prepare its page."""
    from workbench.reporting.search_summary import search_view

    with optional("MLflow"):
        tracker.study_described(search_view(record, command))


def _show_in_mlflow(state: SearchState, tracker: Tracker) -> None:
    """Write the search's own run, unless it is there as it would be now."""
    from workbench.reporting.search_summary import VARIANT, digest_of, search_summary

    known = tracker.knows_summary(state.record.name, [VARIANT], digest_of(state))
    if BASELINE in state.results and not known:
        tracker.variant_judged(search_summary(state, objectives_of(state.record.settings)))


def _searched(
    record: SearchRecord, trials: int, place: Place, tracker: Tracker, *, retry: bool
) -> SearchState:
    objectives = objectives_of(record.settings)
    with (
        SearchDisplay(record, trials, objectives, place.at_once) as display,
        place.engine.open(place.store, place.workers) as executor,
    ):

        def keep(line: SearchEvent) -> None:
            add_line(line, place.store, record.name)
            display.note(line)

        seeds = record.settings.trial_seeds
        run = partial(
            run_arms,
            seeds=seeds,
            store=place.store,
            executor=executor,
            emit=to_all(display, TrackedTrials(tracker, record.name)),
        )
        fork = partial(fork_checkpoints, seeds=seeds, store=place.store)
        return run_loop(record, trials, objectives, run, keep, fork, retry=retry)


def view(what: str, name: str, store: Path, *, as_json: bool) -> None:
    """Print a search from its record and the ledger; nothing is trained.

    Raises:
        ConfigError: If there is no such search.
    """
    state = stored_state(name, store)
    if as_json or what == "status":
        _print(state, as_json=as_json)
        return
    objectives = objectives_of(state.record.settings)
    names = state.front(objectives)
    print_front(state, objectives, names[:1] if what == "best" and len(objectives) == 1 else names)


def write_view(what: str, name: str, out: Path | None, store: Path) -> None:
    """Write a search as an HTML page, or as a study of Optuna's.

    Args:
        what: `report` or `optuna`.
        name: Of the search.
        out: File; None names it after the search, in this folder.
        store: The store.

    Raises:
        ConfigError: If there is no such search, or a study's file exists.
    """
    state = stored_state(name, store)
    objectives = objectives_of(state.record.settings)
    if what == "report":
        from workbench.reporting.search_page import search_page
        from workbench.search.analysis import analyse_search

        path = out or Path(f"{name}.html")
        write_atomically(path, search_page(analyse_search(state, objectives)).encode())
        note(f"written to {path}")
        return
    from workbench.reporting.search_study import write_study

    path = out or Path(f"{name}.db")
    if path.exists():
        raise ConfigError(f"--out {path} is there already; studies are written to new files only")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"--out {path}: there is no folder {path.parent}")
    write_study(state, objectives, path)
    note(f"written to {path}; pip install optuna-dashboard, then optuna-dashboard sqlite:///{path}")


def stored_state(name: str, store: Path) -> SearchState:
    """Return a search as its record and the ledger have it.

    Raises:
        ConfigError: If the store has no search of this name.
    """
    record = find_record(store, name)
    state = SearchState(record)
    seeds = record.settings.trial_seeds
    out = {**record.stopped(), **record.failures()}
    arms = tuple(Arm(p.name, "", state.config(p)) for p in state.trained if p.name not in out)
    if arms:
        plan = Plan(name, arms, seeds)
        found = {(t.arm, t.seed): t.result for t in look_up(plan, store) if t.result}
        state.results = {n: results for n, results in by_arm(plan, found).items() if results}
    return state


def objectives_of(settings: Settings) -> tuple[Objective, ...]:
    """Return the objectives of a search, in the order of its settings."""
    return tuple(Objective(name) for name in settings.objectives)


def _print(state: SearchState, *, as_json: bool) -> None:
    objectives = objectives_of(state.record.settings)
    if as_json:
        print_json(plain_search(state, objectives))
    else:
        print_search(state, objectives)
        failed = [proposal.name for proposal in state.record.retryable()]
        if failed:
            note(
                f"{', '.join(failed)} failed: the search's command with --retry failed added runs "
                "them again"
            )
