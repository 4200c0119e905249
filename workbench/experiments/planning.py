"""What `workbench plan` does: how many seeds find an effect, and how long they take."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from workbench.config.data import ImageSource
from workbench.config.trial import TrialConfig
from workbench.data.sources import find_images
from workbench.errors import ConfigError
from workbench.execution.plan import Plan
from workbench.execution.speed import seconds_left
from workbench.experiments.power_plan import (
    SHOWN_SEEDS,
    DatasetPlan,
    PowerPlan,
    PowerSpec,
    Running,
)
from workbench.experiments.run_context import RunContext
from workbench.experiments.running import prepare
from workbench.experiments.seeds import Seeds
from workbench.experiments.study_plan import plan_study
from workbench.experiments.study_spec import StudySpec
from workbench.results import TrialResult, TrialState
from workbench.statistics.estimate import Matrix
from workbench.statistics.matrix import differences
from workbench.statistics.power import Spreads, power, seeds_needed, spreads_of
from workbench.store.ledger import Ledger
from workbench.system.events import Emit, ignore, working

_FIRST = (1, 2)
"""Seeds of the plan that is built to find out what would run."""


def plan_power(
    spec: PowerSpec, study: StudySpec, context: RunContext, emit: Emit = ignore
) -> PowerPlan:
    """Plan a study: simulate its power, and time its trials on this machine.

    Args:
        spec: What it is to find.
        study: Its base, recipe and images; its variants and seeds are replaced.
        context: The store, and where the trials would run.
        emit: Gets progress and notes.

    Raises:
        ConfigError: If an option is out of bounds, a variant or preset is unknown, or the ledger
            has no spreads and not all are stated.
        DataError: If an image cannot be used.
    """
    spec.check()

    def planned(seeds: Sequence[int]) -> Plan:
        wanted = replace(study, variants=spec.variants, seeds=Seeds(tuple(seeds)))
        return plan_study(wanted).plan

    plan = planned(_FIRST)
    base = plan.base.config
    context = context.on(base.training.device)
    with working(emit, "reading the ledger"):
        known = _alike(plan, Ledger(context.store))
    with working(emit, "simulating studies"):
        datasets = tuple(
            _dataset_plan(spec, plan, source, known, context)
            for source in base.evaluation.benchmarks
        )
    needed = [one.seeds for one in datasets if one.seeds is not None]
    seeds = max(needed) if needed else None
    running = None if seeds is None else _running(planned(range(1, seeds + 1)), context, emit)
    return PowerPlan(spec, len(plan.arms) - 1, datasets, seeds, running)


def _running(plan: Plan, context: RunContext, emit: Emit) -> Running:
    ready = prepare(plan, context, emit)
    with working(emit, "timing the networks"):
        seconds = seconds_left(ready.trials, Ledger(context.store), context.workers, context.gpus)
    waiting = sum(trial.result is None for trial in ready.trials)
    return Running(len(ready.trials), waiting, seconds, context.describe_workers())


Known = dict[str, dict[int, TrialResult]]
"""Finished trials by network, as JSON, then by seed."""


def _alike(plan: Plan, ledger: Ledger) -> Known:
    """Return the finished trials of the plan's recipe and images."""
    base = plan.base.config
    found: Known = {}
    for result in ledger.results():
        config = result.config
        same = (config.training, config.data, config.evaluation, config.pretrained) == (
            base.training,
            base.data,
            base.evaluation,
            base.pretrained,
        )
        if same and result.state is TrialState.COMPLETE:
            found.setdefault(_network(config), {})[config.seed] = result
    return found


def _network(config: TrialConfig) -> str:
    return config.model.model_dump_json()


def _dataset_plan(
    spec: PowerSpec, plan: Plan, source: ImageSource, known: Known, context: RunContext
) -> DatasetPlan:
    images = len(find_images(source, plan.base.config.model.scale).hr)
    deltas = list(_deltas(plan, known, source.name))
    spreads = _spreads(spec, spreads_of(deltas), context)
    stated = None not in (spec.seed_sd_db, spec.image_sd_db, spec.rest_sd_db)
    alpha = spec.alpha / (len(plan.arms) - 1)  # the first step of the step-down

    def found(seeds: int) -> float:
        return power(spec.effect_db, spreads, seeds, images, alpha)

    seeds = seeds_needed(spec.effect_db, spreads, images, alpha, spec.power)
    return DatasetPlan(
        dataset=source.name,
        images=images,
        spreads=spreads,
        pairs=0 if stated else len(deltas),
        seeds=seeds,
        power=None if seeds is None else found(seeds),
        powers={count: found(count) for count in SHOWN_SEEDS},
    )


def _deltas(plan: Plan, known: Known, dataset: str) -> Iterator[Matrix]:
    """Yield differences of networks of two seeds and images or more.

    Those of the variants if the ledger has any, else of all networks with the base, else of all
    pairs that follow each other.
    """
    base, *arms = (_network(arm.config) for arm in plan.arms)
    others = [network for network in known if network != base]
    choices = [
        [(arm, base) for arm in arms],
        [(network, base) for network in others],
        list(itertools.pairwise(others)),
    ]
    for pairs in choices:
        found = [
            delta
            for one, other in pairs
            if one in known
            and other in known
            and (delta := _delta(known[one], known[other], dataset)) is not None
        ]
        if found:
            yield from found
            return


def _delta(
    one: dict[int, TrialResult], other: dict[int, TrialResult], dataset: str
) -> Matrix | None:
    found = differences(_psnr(one, dataset), _psnr(other, dataset))
    return None if found is None or min(found.delta.shape) < 2 else found.delta


def _psnr(results: dict[int, TrialResult], dataset: str) -> dict[int, dict[str, float]]:
    """Return seed -> image -> PSNR in dB."""
    scored = {seed: result.score(dataset) for seed, result in results.items()}
    return {
        seed: {image.name: image.psnr_rgb_db for image in scores.images}
        for seed, scores in scored.items()
        if scores is not None
    }


def _spreads(spec: PowerSpec, known: Spreads | None, context: RunContext) -> Spreads:
    """Return the stated spreads, and the ledger's where none is stated.

    Raises:
        ConfigError: If one is in neither.
    """
    given = {"seed": spec.seed_sd_db, "image": spec.image_sd_db, "rest": spec.rest_sd_db}
    missing = [f"--{name}-sd" for name, value in given.items() if value is None]
    if missing and known is None:
        raise ConfigError(
            f"{context.store} has no two networks of this recipe and these images under two or "
            f"more of the same seeds, which would say how much differences vary; state "
            f"{', '.join(missing)}"
        )
    base = known or Spreads(0.0, 0.0, 0.0)
    return replace(base, **{name: value for name, value in given.items() if value is not None})
