"""Running searches from Python."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Unpack, get_args

from workbench.api.ablation import python_names, seed_numbers
from workbench.api.options import (
    SearchOptions,
    check_options,
    run_context,
    trial_spec,
    with_options,
)
from workbench.api.progress import Progressing, shown
from workbench.api.search_results import SearchResults
from workbench.config.bounds import MOST_TRIALS
from workbench.errors import ConfigError, nearest
from workbench.execution.unfinished import StoppedEarlyError
from workbench.experiments.defaults import DEFAULT_STORE
from workbench.experiments.run_context import RunContext
from workbench.experiments.search_spec import ResumePolicy, SamplerName, SearchSpec
from workbench.experiments.stored_search import stored_search
from workbench.experiments.study_spec import study_name
from workbench.system.time_limit import read_time_limit


@with_options(SearchOptions)
def search(
    space: str,
    *,
    trials: int = 24,
    sampler: SamplerName = "tpe",
    objectives: Sequence[str] = (),
    limits: Mapping[str, float] | None = None,
    rungs: Sequence[float] | None = None,
    keep: float | None = None,
    audit_share: float | None = None,
    seed: int = 0,
    seeds: int | str | Sequence[int] = 1,
    batch: int = 4,
    asynchronous: bool = False,
    name: str | None = None,
    **options: Unpack[SearchOptions],
) -> SearchResults:
    """Search a space for the best networks within hard limits.

    It does what `workbench search` does, into the same store: the same call resumes a search that
    was stopped, and with more `trials` it continues one that has ended. The canonical network is
    always trial 0.

    Args:
        space: Name of a search space, or of several as `A+B`.
        trials: Networks that are trained in all, 1 or more.
        sampler: `tpe`, `nsga2`, `nsga3`, `gp`, `random`, `grid`, or `pbt` for population based
            training.
        objectives: Scores such as `psnr_rgb_db` or `Set5/ssim_rgb`, maximized, and costs such as
            `parameters`, minimized; those of the space if empty.
        limits: Costs and their bounds, such as `{"parameters": 60_000}`; in place of the space's.
        rungs: Fractions of the steps, in 0..1, at which candidates are compared; `[]` for none.
        keep: Fraction of the candidates that is promoted at each rung (1 / eta), in 0..1.
        audit_share: Fraction of the candidates that no rung stops, so that the rungs can be judged,
            in 0..1; a tenth if None, or what a search of this name has.
        seed: Of the sampler, 0 or more.
        seeds: Of the trainings: how many, or which ones; objectives are means over them.
        batch: Networks that are proposed together, or that run at a time if `asynchronous`.
        asynchronous: ASHA: decide for each trial when it reaches a rung.
        name: Of the search; made from space and settings if None.
        **options: See `Options`.

    Raises:
        KeyboardInterrupt: After Ctrl-C, SIGTERM or SIGUSR1; running trials have written their
            checkpoints.
        StoppedEarlyError: If `time_limit` has ended it before its first trial.
        WorkbenchError: In one line, for what you can fix; what is finished is kept.

    Example:
        >>> found = wb.search("mdrn-size", trials=24, limits={"parameters": 60_000})
        >>> found.front()
    """
    with python_names():
        check_options(options, SearchOptions)
        _check(trials, batch, seed, sampler)
        spec = SearchSpec(
            space=space,
            trials=trials,
            sampler=sampler,
            objectives=tuple(objectives),
            limits=dict(limits or {}),
            rungs=None if rungs is None else tuple(rungs),
            keep=keep,
            audit_share=audit_share,
            seed=seed,
            trial_seeds=seed_numbers(seeds),
            batch=batch,
            asynchronous=asynchronous,
            trial=trial_spec(options),
            name=study_name(name),
        )
        return _run(spec, _context(options), _policy(options), options.get("progress", True))


def open_search(name: str, store: str | Path = DEFAULT_STORE) -> SearchResults:
    """Read a search from a store; trains nothing.

    Args:
        name: Of the search.
        store: The folder of the store.

    Raises:
        ConfigError: If there is no such search, with the nearest name.
        StoreError: If a record cannot be read.

    Example:
        >>> wb.open_search("mdrn-size_tpe_1a2b3c").best
    """
    return SearchResults(stored_search(name, Path(store)))


def _context(options: SearchOptions) -> RunContext:
    """Return where and how trials run.

    Raises:
        ConfigError: See `run_context`; or if the time limit is given by both of its names.
    """
    minutes = options.get("timeout_min")
    if minutes is None:
        return run_context(options)
    if options.get("time_limit") is not None:
        raise ConfigError("time_limit and timeout_min are the same; write one of them")
    return replace(run_context(options), time_limit=read_time_limit(minutes, "timeout_min"))


def _policy(options: SearchOptions) -> ResumePolicy:
    return ResumePolicy(
        retry=options.get("retry", False),
        fresh=options.get("fresh", False),
        warm_start=options.get("warm_start", True),
    )


def _check(trials: int, batch: int, seed: int, sampler: str) -> None:
    """Refuse what the options of the command refuse by themselves.

    Raises:
        ConfigError: Naming the argument, its bounds and the value.
    """
    for name, value, least, most in (
        ("trials", trials, 1, MOST_TRIALS),
        ("batch", batch, 1, MOST_TRIALS),
        ("seed", seed, 0, 2**32 - 1),
    ):
        if not least <= value <= most:
            raise ConfigError(f"{name} must lie in {least}..{most:,}, got {value}")
    if sampler not in get_args(SamplerName):
        raise ConfigError(f"unknown sampler {sampler!r}; {nearest(sampler, get_args(SamplerName))}")


def _run(
    spec: SearchSpec, context: RunContext, policy: ResumePolicy, progress: Progressing
) -> SearchResults:
    from workbench.experiments.search import search as run
    from workbench.experiments.search import show_search

    with shown(progress) as emit:
        state = run(spec, context, policy, emit)
        if state.stopped and not state.stopped.in_time:
            raise StoppedEarlyError(state.stopped)
        show_search(state, context, emit)
    return SearchResults(state)
