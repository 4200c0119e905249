"""What `workbench search` does: run a search, resume it, and show it in MLflow."""

from dataclasses import replace
from functools import partial

from workbench.config.pinning import without_digests
from workbench.errors import ConfigError, StoppedByUserError
from workbench.execution.events import to_all
from workbench.execution.plan import Arm, Plan
from workbench.execution.stream import run_arms
from workbench.execution.tracked import TrackedTrials
from workbench.experiments.early_stop import TrialsWatched, stopped_early
from workbench.experiments.packing import pack
from workbench.experiments.run_context import RunContext
from workbench.experiments.search_events import SearchEnded, SearchRecorded, SearchStarted
from workbench.experiments.search_opening import open_search, with_stored_audits
from workbench.experiments.search_settings import settings_of
from workbench.experiments.search_spec import ResumePolicy, SearchSpec
from workbench.experiments.stored_search import objectives_of, stored_search
from workbench.experiments.views import optional, tracking
from workbench.search.audits import DEFAULT_SHARE
from workbench.search.forking import fork_checkpoints
from workbench.search.loop import run_loop
from workbench.search.record import EXHAUSTED, NONE_FOUND, SearchEvent, SearchRecord, Settings
from workbench.search.record_file import (
    add_line,
    only_driver,
    read_record,
)
from workbench.search.state import BASELINE, SearchState
from workbench.system.digests import sha256_of_json
from workbench.system.events import Emit, Note, ignore, working
from workbench.system.stopping import StopRequested
from workbench.tracking.tracker import Tracker


def search(
    spec: SearchSpec,
    context: RunContext,
    policy: ResumePolicy = ResumePolicy(),  # noqa: B008 (frozen)
    emit: Emit = ignore,
) -> SearchState:
    """Run a search, or resume it, until it has as many trials as requested.

    Args:
        spec: What to look for.
        context: Where and how its trials are run.
        policy: What happens to an earlier search of the same name.
        emit: Gets `SearchStarted`, `SearchRecorded`, `SearchEnded`, the events of the trials, notes
            and cautions.

    Returns:
        The search as far as it is known; after SIGTERM, SIGUSR1 or the time limit with what was
        finished until then, and with `stopped` set.

    Raises:
        StoppedByUserError: After Ctrl-C; the same call resumes.
        StoppedEarlyError: After SIGTERM, SIGUSR1 or the time limit before its first trial.
        WorkbenchError: For anything that the user can fix; what is finished is kept.
    """
    with working(emit, "checking the space"):
        settings = settings_of(spec)
    if spec.audit_share is None and not policy.fresh:
        settings = with_stored_audits(settings, spec.name or _name(settings), context.store)
    return run_search(settings, spec.name or _name(settings), spec.trials, context, policy, emit)


def run_search(
    settings: Settings,
    name: str | None,
    trials: int,
    context: RunContext,
    policy: ResumePolicy,
    emit: Emit = ignore,
) -> SearchState:
    """Run a search whose settings are complete, or resume it; see `search`.

    Raises:
        StoppedByUserError: After Ctrl-C; the same call resumes.
        StoppedEarlyError: After SIGTERM, SIGUSR1 or the time limit before its first trial.
        WorkbenchError: For anything that the user can fix; what is finished is kept.
    """
    name, context = name or _name(settings), context.on(settings.base.training.device)
    if (policy.resume or policy.retry) and read_record(context.store, name) is None:
        option = "--resume" if policy.resume else "--retry failed"
        raise ConfigError(f"{option}: there is no search {name!r} in {context.store}")
    with stopped_early(context, emit) as watched:
        pack(Plan(name, (Arm("base", "", settings.base),), settings.trial_seeds), context, emit)
        _note_idle_workers(settings, context, emit)
        with only_driver(context.store, name):
            record = open_search(settings, name, context.store, policy, emit)
            with tracking(context.store, context.tracking_uri, emit) as tracker:
                _describe(record, tracker, context.command, emit)
                state = _searched_in_time(
                    record, trials, context, tracker, watched, retry=policy.retry
                )
    if state.record.end == EXHAUSTED:
        emit(Note("every network of the space within its limits has been proposed"))
    if state.record.end == NONE_FOUND:
        emit(Note("no new network within the limits found so far; the same command looks on"))
    return state


def show_search(state: SearchState, context: RunContext, emit: Emit = ignore) -> None:
    """Bring MLflow's run of a search up to date. It is a view: a failure is a caution.

    Args:
        state: The search.
        context: Whose store has it.
        emit: Gets cautions.
    """
    from workbench.reporting.search_summary import VARIANT, digest_of, search_summary

    if BASELINE not in state.results:
        return
    with (
        optional("MLflow's run of the search", emit),
        tracking(context.store, context.tracking_uri, emit) as tracker,
    ):
        if not tracker.queries.has_summary(state.record.name, [VARIANT], digest_of(state)):
            tracker.show(search_summary(state, objectives_of(state.record.settings)))


def _name(settings: Settings) -> str:
    """Name a search; a digest keeps searches of different settings apart."""
    plain = without_digests(settings.plain())  # edited code is refused and not another search
    plain.pop("sources", None)
    if plain["audit_share"] in {0.0, DEFAULT_SHARE}:  # searches before audits keep their names
        del plain["audit_share"]
    del plain["selection"]  # a search of an older version, which has another, keeps its name
    digest = sha256_of_json(plain)[:6]
    return f"{settings.space_name}_{settings.sampler}_{digest}"


def _note_idle_workers(settings: Settings, context: RunContext, emit: Emit) -> None:
    """Note that a batch has fewer trials than there are workers or lanes."""
    text = context.idle_text(settings.batch * len(settings.trial_seeds))
    if text:
        emit(Note(f"--batch {settings.batch}: {text}"))


def _describe(record: SearchRecord, tracker: Tracker, command: str, emit: Emit) -> None:
    """Show in MLflow what the search looks for, and prepare its page."""
    from workbench.reporting.search_summary import search_view

    with optional("MLflow", emit):
        tracker.show(search_view(record, command))


def _searched_in_time(
    record: SearchRecord,
    trials: int,
    context: RunContext,
    tracker: Tracker,
    watched: TrialsWatched,
    *,
    retry: bool,
) -> SearchState:
    """Run a search; after a stop other than Ctrl-C return what is finished."""
    try:
        return _searched(record, trials, context, tracker, watched.emit, retry=retry)
    except (StopRequested, StoppedByUserError):
        if not watched.request.reason:
            raise
    state = stored_search(record.name, context.store)
    ended = {**state.results, **state.record.stopped(), **state.record.failures()}
    left = replace(watched.left(), planned=trials, finished=len(ended), failed=0, what="networks")
    watched.emit(Note(left.text()))
    return replace(state, stopped=left)


def _searched(
    record: SearchRecord,
    trials: int,
    context: RunContext,
    tracker: Tracker,
    emit: Emit,
    *,
    retry: bool,
) -> SearchState:
    objectives, seeds = objectives_of(record.settings), record.settings.trial_seeds

    def keep(line: SearchEvent) -> None:
        add_line(line, context.store, record.name)
        emit(SearchRecorded(line))

    emit(SearchStarted(record, trials, context.at_once))
    try:
        with context.executor.open(context.store, context.at_once) as executor:
            run = partial(
                run_arms,
                seeds=seeds,
                store=context.store,
                executor=executor,
                emit=to_all(emit, TrackedTrials(tracker, record.name)),
            )
            fork = partial(fork_checkpoints, seeds=seeds, store=context.store)
            return run_loop(record, trials, objectives, run, keep, fork, retry=retry)
    finally:
        emit(SearchEnded())
