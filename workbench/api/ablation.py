"""Running studies from Python."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Unpack

from workbench.ablation.designs import Design
from workbench.api.options import (
    Options,
    Setting,
    check_options,
    run_context,
    trial_spec,
    with_options,
)
from workbench.api.progress import Progressing, shown
from workbench.api.studies import StudyResults, study
from workbench.config.bounds import LARGEST_SEED
from workbench.errors import ConfigError, StoppedByUserError, WorkbenchError
from workbench.execution.unfinished import StoppedEarlyError
from workbench.experiments.run_context import RunContext
from workbench.experiments.seeds import Seeds, seed_rule
from workbench.experiments.study_spec import StudySpec, decision_rule, study_name
from workbench.statistics.decision_rule import ALPHA, MARGIN_DB, ErrorRateScope


@with_options(Options)
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
    weights_from: str | Path | None = None,
    heal: str | None = None,
    seeds: int | str | Sequence[int] = 3,
    margin_db: float = MARGIN_DB,
    alpha: float = ALPHA,
    error_rate: ErrorRateScope = "dataset",
    name: str | None = None,
    question: str = "",
    **options: Unpack[Options],
) -> StudyResults:
    """Train a baseline and variants of it under the same seeds, and compare them.

    It does what `workbench ablate` does, into the same store: finished trials are taken from there,
    and the same call resumes a stopped study. It does not ask before a long one. Trials run in
    processes of their own; a script needs no `if __name__ == "__main__"`.

    Args:
        variants: Their names; `variants()` lists them, `["all"]` means all.
        base: Baseline preset; `mdrn-s` if None.
        factors: Fields of a trial and their values, such as `{"model.channels": [20, 24]}`.
        design: `leave-one-out` (if None), `add-one-in`, `factorial`, `fractional-factorial`.
        path: Two presets, in place of variants: every network between them, a component at a time.
        order: Components of the path that come first.
        shapley: Average what each component of the path brings over orders.
        budget: Most trials of `shapley`; 100 if None.
        match: Compare also with the baseline at each variant's number of parameters.
        retune: Choose a learning rate for each network first.
        weights_from: Trained weights that all networks start from: a file, or the key of a trial.
            Nothing is trained: a lesion study, which says what these weights use.
        heal: Recipe by which all train on from these weights, in place of `recipe`.
        seeds: How many, or which ones, or `"3..10"`: more where 3 leave it undecided.
        margin_db: Equivalence margin (TOST), dB in 0..100.
        alpha: Family-wise error rate, between 0 and 1.
        error_rate: Whether `alpha` holds on each data set (`dataset`) or over all (`study`).
        name: Of the study; made from what is requested if None.
        question: What the study is to answer, in one line; reports begin with it.
        **options: See `Options`.

    Raises:
        KeyboardInterrupt: After Ctrl-C, SIGTERM or SIGUSR1; running trials have written their
            checkpoints.
        StoppedEarlyError: If `time_limit` has ended it before there is anything to compare.
        WorkbenchError: In one line, for what you can fix; what is finished is kept.

    Example:
        >>> wb.ablate(["no-lvar", "channels-20"], recipe="demo", seeds=4).verdicts()
    """
    with python_names():
        check_options(options, Options)
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
            weights_from=None if weights_from is None else str(weights_from),
            heal=heal,
            seeds=_seeds(seeds),
            trial=trial_spec(options),
            rule=decision_rule(alpha, margin_db, error_rate),
            name=study_name(name),
            question=question,
        )
        return _run(spec, run_context(options), options.get("progress", True))


@contextmanager
def python_names() -> Iterator[None]:
    """Let errors of the block name arguments as Python has them, and a stop be KeyboardInterrupt.

    Raises:
        KeyboardInterrupt: In place of `StoppedByUserError`, and after SIGTERM or SIGUSR1.
        StoppedEarlyError: After a time limit.
        ConfigError: With `benchmarks` in place of `--benchmark`, and so on.
    """
    try:
        yield
    except StoppedByUserError as stopped:
        raise KeyboardInterrupt(_call(str(stopped))) from None
    except StoppedEarlyError as stopped:
        if stopped.left.in_time:
            stopped.args = (_call(str(stopped)),)
            raise
        raise KeyboardInterrupt(_call(str(stopped))) from None
    except ConfigError as error:
        raise ConfigError(_OPTION.sub(_argument, str(error))) from None


_OPTION = re.compile(r"--([a-z][a-z-]*)")
_ARGUMENTS = {
    "benchmark": "benchmarks",
    "effect": "effect_db",
    "factor": "factors",
    "from": "weights_from",
    "image-sd": "image_sd_db",
    "limit": "limits",
    "margin": "margin_db",
    "objective": "objectives",
    "rest-sd": "rest_sd_db",
    "seed-sd": "seed_sd_db",
    "set": "overrides",
    "study": "name",
    "variant": "variants",
}
"""Arguments whose names are not those of the option."""


def _call(text: str) -> str:
    return text.replace("same command", "same call")


def _argument(option: re.Match[str]) -> str:
    name = option.group(1)
    return _ARGUMENTS.get(name, name.replace("-", "_"))


def _run(spec: StudySpec, context: RunContext, progress: Progressing) -> StudyResults:
    from workbench.experiments.ablation import ablate as run
    from workbench.experiments.study_views import show_study

    with shown(progress) as emit:
        try:
            outcome = run(spec, context, emit)
        except StoppedEarlyError as stopped:
            return _so_far(stopped, context)
        if not spec.shapley:  # whose many networks have no verdicts of their own
            show_study(outcome.study, context, emit, outcome.declared_comparison)
    return study(outcome.study, context.store).with_outcome(outcome)


def _so_far(stopped: StoppedEarlyError, context: RunContext) -> StudyResults:
    """Return what a study has finished within its time limit.

    Raises:
        StoppedEarlyError: After a signal, or if that is not enough for a comparison.
    """
    if not (stopped.left.in_time and stopped.study):
        raise stopped
    try:
        return study(stopped.study, context.store)
    except WorkbenchError:
        raise stopped from None


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
