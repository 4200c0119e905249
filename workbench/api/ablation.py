"""Running studies from Python."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from workbench.ablation.designs import Design
from workbench.api.progress import Progressing, shown
from workbench.api.sources import Images, source_texts
from workbench.api.studies import StudyResults, study
from workbench.config.bounds import LARGEST_SEED
from workbench.errors import ConfigError, StoppedByUserError
from workbench.experiments.defaults import DEFAULT_RECIPE, DEFAULT_STORE
from workbench.experiments.run_context import RunContext
from workbench.experiments.seeds import Seeds, seed_rule
from workbench.experiments.study_spec import StudySpec, decision_rule, study_name
from workbench.experiments.trial_spec import TrialSpec
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB

Setting = int | float | str | bool | None | Sequence[object] | Mapping[str, object]


def ablate(
    variants: Sequence[str] = (),
    *,
    base: str | None = None,
    factors: Mapping[str, Sequence[Setting]] | None = None,
    design: Design | None = None,
    path: tuple[str, str] | None = None,
    order: Sequence[str] = (),
    shapley: bool = False,
    budget: int | None = None,
    match: bool = False,
    retune: bool = False,
    seeds: int | str | Sequence[int] = 3,
    recipe: str = DEFAULT_RECIPE,
    steps: int | None = None,
    data: Images | None = None,
    validation: str | Path | Mapping[str, str | Path] | None = None,
    benchmarks: Images | None = None,
    overrides: Mapping[str, Setting] | None = None,
    margin_db: float = MARGIN_DB,
    alpha: float = ALPHA,
    name: str | None = None,
    question: str = "",
    store: str | Path = DEFAULT_STORE,
    workers: int | None = None,
    tracking_uri: str | None = None,
    allow_overlap: bool = False,
    progress: Progressing = True,
) -> StudyResults:
    """Train a baseline and variants of it under the same seeds, and compare them.

    It does what `workbench ablate` does, into the same store: finished trials are taken from there,
    and the same call resumes a study that was stopped. It starts a study of any length.

    Trials run in processes of their own. A script needs no `if __name__ == "__main__"`.

    Args:
        variants: Their names; `variants()` lists them, `["all"]` means all.
        base: Baseline preset; `mdrn-s` if None.
        factors: Fields of a trial and their values, such as `{"model.channels": [20, 24]}`.
        design: `leave-one-out` (if None), `add-one-in`, `factorial`, `fractional-factorial` or
            `one-factor`.
        path: Two presets, in place of variants: every network between them, a component at a time.
        order: Components of the path that come first.
        shapley: Average what each component of the path brings over orders.
        budget: Most trials of `shapley`; 100 if None.
        match: Compare also with the baseline at each variant's number of parameters.
        retune: Choose a learning rate for each network first.
        seeds: How many, or which ones, or `"3..10"`: more where 3 leave it undecided.
        recipe: `smoke`, `demo`, `short` or `factsheet`.
        steps: Training steps in all, to which the recipe is scaled; its own if None.
        data: Folders of training images; photographs that ship with scikit-image if None.
        validation: Folder of the images that learning curves are measured on.
        benchmarks: Folders of the images that networks are scored on.
        overrides: Fields of every trial, such as `{"training.stages.0.learning_rate": 1e-3}`.
        margin_db: Equivalence margin (TOST), dB in 0..100.
        alpha: Family-wise error rate, between 0 and 1.
        name: Of the study; made from what is requested if None.
        question: What the study is to answer, in one line; reports begin with it.
        store: The folder of the store.
        workers: Trials at a time; one for each core, or one on a GPU, if None.
        tracking_uri: MLflow server or database of your own; the store's if None.
        allow_overlap: Train also on images that are scored, which every table then says.
        progress: Whether bars and notes are shown; or a function that gets the events.

    Raises:
        KeyboardInterrupt: After Ctrl-C; running trials have written their checkpoints.
        ConfigError: For arguments that contradict each other or cannot be used.
        DataError: For images that cannot be used.
        WorkbenchError: For anything else that you can fix; what is finished is kept.

    Example:
        >>> study = wb.ablate(["no-lvar", "channels-20"], recipe="demo", seeds=4)
        >>> study.verdicts()
    """
    with python_names():
        spec = StudySpec(
            variants=(variants,) if isinstance(variants, str) else tuple(variants),
            base=base,
            factors={key: tuple(values) for key, values in (factors or {}).items()},
            design=design,
            path=None if path is None else ":".join(path),
            order=tuple(order),
            shapley=shapley,
            budget=budget,
            match=match,
            retune=retune,
            seeds=_seeds(seeds),
            trial=TrialSpec(
                recipe=recipe,
                steps=steps,
                data=source_texts(data),
                validation=next(iter(source_texts(validation)), None),
                benchmarks=source_texts(benchmarks),
                overrides=dict(overrides or {}),
            ),
            rule=decision_rule(alpha, margin_db),
            name=study_name(name),
            question=question,
        )
        context = run_context(store, workers, tracking_uri, allow_overlap=allow_overlap)
        return _run(spec, context, progress)


def run_context(
    store: str | Path,
    workers: int | None,
    tracking_uri: str | None = None,
    *,
    allow_overlap: bool = False,
) -> RunContext:
    """Return where and how trials run.

    Raises:
        ConfigError: For fewer workers than one.
    """
    if workers is not None and workers < 1:
        raise ConfigError(f"workers must be at least 1, got {workers}")
    return RunContext(
        Path(store), workers or 0, tracking_uri=tracking_uri, allow_overlap=allow_overlap
    )


@contextmanager
def python_names() -> Iterator[None]:
    """Let errors of the block name arguments as Python has them, and Ctrl-C be KeyboardInterrupt.

    Raises:
        KeyboardInterrupt: In place of `StoppedByUserError`.
        ConfigError: With `benchmarks` in place of `--benchmark`, and so on.
    """
    try:
        yield
    except StoppedByUserError as stopped:
        raise KeyboardInterrupt(str(stopped).replace("command", "call")) from None
    except ConfigError as error:
        raise ConfigError(_OPTION.sub(_argument, str(error))) from None


_OPTION = re.compile(r"--([a-z][a-z-]*)")
_ARGUMENTS = {
    "benchmark": "benchmarks",
    "factor": "factors",
    "limit": "limits",
    "margin": "margin_db",
    "objective": "objectives",
    "set": "overrides",
    "study": "name",
    "variant": "variants",
}
"""Arguments whose names are not those of the option."""


def _argument(option: re.Match[str]) -> str:
    name = option.group(1)
    return _ARGUMENTS.get(name, name.replace("-", "_"))


def _run(spec: StudySpec, context: RunContext, progress: Progressing) -> StudyResults:
    from workbench.experiments.ablation import ablate as run
    from workbench.experiments.study_views import show_study

    with shown(progress) as emit:
        outcome = run(spec, context, emit)
        if not spec.shapley:  # whose many networks have no verdicts of their own
            show_study(outcome.study, context, emit)
    return study(outcome.study, context.store).with_outcome(outcome)


def seed_numbers(seeds: int | str | Sequence[int]) -> tuple[int, ...]:
    """Return the seeds of a count or a list.

    Raises:
        ConfigError: If it is neither.
    """
    rule = _seeds(seeds)
    if rule.looks:
        raise ConfigError(f"seeds must be a count or a list here, got {seeds!r}")
    return rule.seeds


def _seeds(seeds: int | str | Sequence[int]) -> Seeds:
    """Return a count, a list, or a first and a last look.

    Raises:
        ConfigError: If it is none of these.
    """
    if isinstance(seeds, int | str):
        return seed_rule(str(seeds))
    listed = tuple(seeds)
    for seed in listed:
        if not 0 <= seed <= LARGEST_SEED:
            raise ConfigError(f"seeds must lie in 0..{LARGEST_SEED}, got {seed}")
    if not listed or len(set(listed)) < len(listed):
        raise ConfigError(f"seeds must be at least one, each once, got {list(listed)}")
    return Seeds(listed)
