"""Running searches from Python."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from workbench.api.ablation import Setting, python_names, run_context, seed_numbers
from workbench.api.progress import Progressing, shown
from workbench.api.search_results import SearchResults
from workbench.api.sources import Images, source_texts
from workbench.config.bounds import MOST_TRIALS
from workbench.errors import ConfigError, nearest
from workbench.experiments.defaults import DEFAULT_RECIPE, DEFAULT_STORE
from workbench.experiments.run_context import RunContext
from workbench.experiments.search_spec import ResumePolicy, SamplerName, SearchSpec
from workbench.experiments.stored_search import stored_search
from workbench.experiments.study_spec import study_name
from workbench.experiments.trial_spec import TrialSpec


def search(
    space: str,
    *,
    trials: int = 24,
    sampler: SamplerName = "tpe",
    objectives: Sequence[str] = (),
    limits: Mapping[str, float] | None = None,
    rungs: Sequence[float] | None = None,
    keep: float | None = None,
    seed: int = 0,
    seeds: int | str | Sequence[int] = 1,
    batch: int = 4,
    asynchronous: bool = False,
    recipe: str = DEFAULT_RECIPE,
    steps: int | None = None,
    data: Images | None = None,
    validation: str | Path | Mapping[str, str | Path] | None = None,
    benchmarks: Images | None = None,
    overrides: Mapping[str, Setting] | None = None,
    name: str | None = None,
    store: str | Path = DEFAULT_STORE,
    workers: int | None = None,
    tracking_uri: str | None = None,
    allow_overlap: bool = False,
    retry: bool = False,
    fresh: bool = False,
    warm_start: bool = True,
    timeout_min: float | None = None,
    progress: Progressing = True,
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
        seed: Of the sampler, 0 or more.
        seeds: Of the trainings: how many, or which ones; objectives are means over them.
        batch: Networks that are proposed together, or that run at a time if `asynchronous`.
        asynchronous: ASHA: decide for each trial when it reaches a rung.
        recipe: `smoke`, `demo`, `short` or `factsheet`.
        steps: Training steps in all, to which the recipe is scaled; its own if None.
        data: Folders of training images; photographs that ship with scikit-image if None.
        validation: Folder of the images that candidates are compared on at rungs.
        benchmarks: Folders of the images that objectives are scored on.
        overrides: Fields of every trial, such as `{"training.stages.0.batch_size": 8}`.
        name: Of the search; made from space and settings if None.
        store: The folder of the store.
        workers: Trials at a time; one for each core, or one on a GPU, if None.
        tracking_uri: MLflow server or database of your own; the store's if None.
        allow_overlap: Train also on images that are scored, which every table then says.
        retry: Rerun trials of this search whose worker died or whose memory ran out.
        fresh: Start anew; the earlier search is kept under another name.
        warm_start: Show the sampler of a new search what other studies have finished.
        timeout_min: Stop after this many minutes; the same call resumes.
        progress: Whether bars and notes are shown; or a function that gets the events.

    Raises:
        KeyboardInterrupt: After Ctrl-C; running trials have written their checkpoints.
        ConfigError: For arguments that contradict each other or cannot be used.
        DataError: For images that cannot be used.
        WorkbenchError: For anything else that you can fix; what is finished is kept.

    Example:
        >>> found = wb.search("mdrn-size", trials=24, limits={"parameters": 60_000})
        >>> found.front()
    """
    with python_names():
        _check(trials, batch, seed, sampler)
        spec = SearchSpec(
            space=space,
            trials=trials,
            sampler=sampler,
            objectives=tuple(objectives),
            limits=dict(limits or {}),
            rungs=None if rungs is None else tuple(rungs),
            keep=keep,
            seed=seed,
            trial_seeds=seed_numbers(seeds),
            batch=batch,
            asynchronous=asynchronous,
            trial=TrialSpec(
                recipe=recipe,
                steps=steps,
                data=source_texts(data),
                validation=next(iter(source_texts(validation)), None),
                benchmarks=source_texts(benchmarks),
                overrides=dict(overrides or {}),
            ),
            name=study_name(name),
        )
        policy = ResumePolicy(
            retry=retry, fresh=fresh, warm_start=warm_start, timeout_min=timeout_min
        )
        context = run_context(store, workers, tracking_uri, allow_overlap=allow_overlap)
        return _run(spec, context, policy, progress)


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
        show_search(state, context, emit)
    return SearchResults(state)
