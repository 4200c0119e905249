"""`run_trial`: build, count, train, evaluate, record. Every ending is visible here."""

import time
from dataclasses import dataclass
from pathlib import Path

from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
from workbench.data.image_store import ImageStore
from workbench.evaluation.baseline import packed_bicubic
from workbench.evaluation.evaluate import NotFiniteError, Tiling, evaluate
from workbench.models.checkpoints import save_weights, weights_hash
from workbench.models.complexity import DEFAULT_LR_PX, count
from workbench.results import CurvePoint, DatasetScores, MeanScore, TrialResult, TrialState
from workbench.store.keys import TrialKey, trial_key
from workbench.store.ledger import Ledger
from workbench.store.store import CHECKPOINT, WEIGHTS
from workbench.system.global_state import random_streams_kept, torch_settings_kept
from workbench.system.memory import ran_out
from workbench.system.progress import Progress, Waiting, no_waiting, silent
from workbench.training.device import is_out_of_memory, prepare
from workbench.training.loop import OnPoint, StopTraining, Surroundings, train
from workbench.training.state import TrainingState, load_checkpoint, new_state
from workbench.trial.environment import record_environment
from workbench.trial.images import TrialImages, open_images
from workbench.trial.overlap import find_overlaps, with_overlaps
from workbench.trial.resume import begin
from workbench.trial.usage import UsageSampler


class TrialStopped(StopTraining):
    """Raised by `on_validation` to end a trial early; its result is `PRUNED`."""


@dataclass(frozen=True)
class _Ending:
    """How the training part of a trial ended."""

    state: TrialState
    reason: str = ""


@dataclass(frozen=True)
class _Evaluated:
    """What the final evaluation gave."""

    scores: tuple[DatasetScores, ...] = ()
    seconds: float = 0.0
    validation_bicubic: MeanScore | None = None


def ignore(point: CurvePoint) -> None:
    """Do nothing with a validation."""


@random_streams_kept()
@torch_settings_kept()
def run_trial(
    config: TrialConfig,
    *,
    store: Path,
    images: TrialImages | None = None,
    until: int | None = None,
    on_validation: OnPoint = ignore,
    progress: Progress = silent,
    waiting: Waiting = no_waiting,
) -> TrialResult:
    """Run a trial, or go on with it, or return it if it is finished.

    Deterministic for (config, kind of device): the same call gives the same weights bit for bit
    on the same machine, also when it is interrupted at any instant and called again. The process's
    random streams, number of threads and determinism flags are as they were afterwards.

    Args:
        config: What to run.
        store: Where the ledger, the packed images and this trial's own folder are.
        images: Its images if they are open already; else they are found, and packed if need be.
        until: End as `PRUNED` at the first validation at or after this step, from which a later
            call goes on; a trial that is finished is returned as it is.
        on_validation: Gets each point of the learning curve; may raise `TrialStopped`.
        progress: Gets the steps done; may raise to stop, after which a later call goes on.
        waiting: Called while another process trains the same network.

    Raises:
        ConfigError: If the device does not exist.
        DataError: If an image cannot be used.
        StoreError: If the store cannot be written.
    """
    ledger, usage = Ledger(store), UsageSampler()
    images = images or open_images(config, ledger)
    key = trial_key(config, images.hashes())
    finished = ledger.result(key.trial)
    if finished is not None:
        return finished
    with ledger.training_lock(key, waiting):
        finished = ledger.result(key.trial)  # another process may have finished it meanwhile
        if finished is not None:
            return finished
        device = prepare(config.training.device, config.training.threads)
        state = new_state(config, device)
        begin(key, ledger)
        load_checkpoint(state, ledger.paths.checkpoint(key.training), device)
        on_point = on_validation if until is None else _stopping(until, on_validation)
        if until is not None and state.curve and state.curve[-1].step >= until:
            ending = _Ending(TrialState.PRUNED, _stopped_text(state.curve[-1]))
        else:
            watched = usage.watching(progress)
            ending = _train(config, images, state, ledger.training_folder(key), on_point, watched)
        evaluated = _Evaluated()
        if ending.state is TrialState.COMPLETE:
            try:
                evaluated = _evaluate(config, images, state, progress)
            except NotFiniteError as error:
                ending = _Ending(TrialState.DIVERGED, str(error))
            except (RuntimeError, MemoryError, OSError) as error:
                ending = _out_of_memory(error)
        result = _result(config, key, ending, state, evaluated)
        result = result.model_copy(update={"usage": usage.end()})
        if ending.state.is_final:
            # The other endings depend on who asked and on the machine; they are tried again.
            ledger.record(result)
    return result


def _stopping(until: int, on_validation: OnPoint) -> OnPoint:
    """Return a callback that also ends the trial at a step."""

    def on_point(point: CurvePoint) -> None:
        on_validation(point)
        if point.step >= until:
            raise TrialStopped(_stopped_text(point))

    return on_point


def _stopped_text(point: CurvePoint) -> str:
    return f"stopped at step {point.step:,}"


def _train(
    config: TrialConfig,
    images: TrialImages,
    state: TrainingState,
    folder: Path,
    on_point: OnPoint,
    progress: Progress,
) -> _Ending:
    """Train the steps that are left and save the weights."""
    around = Surroundings(
        device=next(state.model.parameters()).device,
        samplers=_samplers(config, images),
        validate=lambda state: _score(config, state, images.validation).mean(),
        on_point=on_point,
        progress=progress,
        checkpoint=folder / CHECKPOINT,
        store=folder.parent.parent,
    )
    try:
        diverged = train(config, state, around)
    except TrialStopped as stop:
        return _Ending(TrialState.PRUNED, str(stop))
    except NotFiniteError as error:  # the last step broke the weights, not yet the loss
        return _Ending(TrialState.DIVERGED, str(error))
    except (RuntimeError, MemoryError, OSError) as error:
        return _out_of_memory(error)
    if diverged:
        reason = f"the loss was {diverged.loss} at step {diverged.step}"
        return _Ending(TrialState.DIVERGED, reason)
    save_weights(
        folder / WEIGHTS, config.model, state.average.module.state_dict(), store=around.store
    )
    return _Ending(TrialState.COMPLETE)


def _out_of_memory(error: Exception) -> _Ending:
    """Return the ending that an error means, or raise it again."""
    if not (is_out_of_memory(error) or ran_out(error)):
        raise error
    return _Ending(TrialState.OUT_OF_MEMORY, " ".join(str(error).split())[:200])


def _samplers(config: TrialConfig, images: TrialImages) -> tuple[CropSampler, ...]:
    """Return the crops of each stage: they depend on the seed and the step only."""
    samplers = []
    for number, stage in enumerate(config.training.stages):
        names = [s.name for s in stage.sources] if stage.sources else list(images.training)
        samplers.append(
            CropSampler(
                [images.training[name] for name in names],
                seed=config.seed,
                stage=number,
                hr_patch_px=stage.hr_patch_px,
                batch_size=stage.batch_size,
                first=[s.first for s in stage.sources] if stage.sources else None,
            )
        )
    return tuple(samplers)


def _score(config: TrialConfig, state: TrainingState, images: ImageStore) -> DatasetScores:
    """Score the averaged weights on one set."""
    scored = config.evaluation
    return evaluate(
        state.average.module,
        images,
        smallest_lr_px=config.model.smallest_lr_px(),
        tiling=Tiling(scored.tile_lr_px, scored.tile_overlap_lr_px),
    )


def _evaluate(
    config: TrialConfig, images: TrialImages, state: TrainingState, progress: Progress
) -> _Evaluated:
    """Score the averaged weights on every benchmark set."""
    started, total, scores = time.perf_counter(), config.training.total_steps(), []
    overlaps = find_overlaps(config, images)
    for benchmark in images.benchmarks:
        progress(total, total, f"scoring {benchmark.name}")
        found = with_overlaps(_score(config, state, benchmark), overlaps)
        scores.append(found.model_copy(update={"bicubic": _bicubic(benchmark, total, progress)}))
    seconds = time.perf_counter() - started
    return _Evaluated(tuple(scores), seconds, _bicubic(images.validation, total, progress))


def _bicubic(images: ImageStore, steps: int, progress: Progress) -> MeanScore | None:
    """Return the scores of bicubic upscaling, saying so where they are computed first."""

    def scored(done: int, count: int, _name: str) -> None:
        progress(steps, steps, f"bicubic of {images.name}: {done} of {count} images")

    return packed_bicubic(images, scored)


def _result(
    config: TrialConfig,
    key: TrialKey,
    ending: _Ending,
    state: TrainingState,
    evaluated: _Evaluated,
) -> TrialResult:
    lr_px = max(DEFAULT_LR_PX, config.model.smallest_lr_px())
    return TrialResult(
        key=key.trial,
        training_key=key.training,
        config=config,
        state=ending.state,
        reason=ending.reason,
        steps=state.step,
        cost=count(config.model, lr_px, lr_px).cost,
        scores=evaluated.scores,
        curve=tuple(state.curve),
        training_s=state.training_s,
        evaluation_s=evaluated.seconds,
        validation_bicubic=evaluated.validation_bicubic,
        sessions=state.sessions,
        started_s=state.started_s,
        finished_s=time.time(),
        environment=record_environment(config.training.device, config.training.threads),
        weights_hash=weights_hash(state.average.module.state_dict()),
    )
