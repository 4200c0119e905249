"""`run_trial`: build, count, train, evaluate, record. Every ending is visible here."""

import time
from dataclasses import dataclass
from pathlib import Path

import torch

from workbench.config.trial import TrialConfig
from workbench.evaluation.running import NotFiniteError
from workbench.models.checkpoints import save_weights, weights_hash
from workbench.models.complexity import cost_of
from workbench.models.memory import is_out_of_memory
from workbench.provenance import Usage
from workbench.results import CurvePoint, TrialResult, TrialState
from workbench.store.keys import TrialKey, trial_key
from workbench.store.ledger import Ledger
from workbench.store.sources import load_sources
from workbench.system.global_state import random_streams_restored, torch_settings_kept
from workbench.system.memory import ran_out
from workbench.system.progress import Progress, Waiting, no_waiting, silent
from workbench.training.device import exclusive, own_stream, prepare
from workbench.training.loop import OnPoint, StopTraining, TrainContext, train
from workbench.training.state import TrainingState, load_checkpoint, new_state
from workbench.trial.crops import crop_samplers
from workbench.trial.environment import record_environment
from workbench.trial.images import TrialImages, open_images
from workbench.trial.pretrained import pretrained_state
from workbench.trial.resume import fork_checkpoint
from workbench.trial.scoring import FinalScores, Validation, final_scores
from workbench.trial.usage import UsageSampler


class TrialStopped(StopTraining):
    """Raised by `on_validation` to end a trial early; its result is `PRUNED`."""


@dataclass(frozen=True)
class _Ending:
    """How a trial ended."""

    state: TrialState
    reason: str = ""


def ignore(point: CurvePoint) -> None:
    """Do nothing with a validation."""


@random_streams_restored()
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
    """Run a trial as `run_trial_in_worker` does, for a caller who trains for its own ends, too.

    The process's random streams, number of threads and determinism flags are restored.
    """
    return run_trial_in_worker(
        config,
        store=store,
        images=images,
        until=until,
        on_validation=on_validation,
        progress=progress,
        waiting=waiting,
    )


def run_trial_in_worker(
    config: TrialConfig,
    *,
    store: Path,
    images: TrialImages | None = None,
    until: int | None = None,
    on_validation: OnPoint = ignore,
    progress: Progress = silent,
    waiting: Waiting = no_waiting,
) -> TrialResult:
    """Run a trial, resume it, or return its result if it is finished.

    The same call gives the same weights bit for bit on the same machine, also when it is
    interrupted at any instant and called again, and when other threads run other trials with the
    same device and number of threads. PyTorch's settings of the process stay as the trial needs
    them, so this is for processes that do nothing else; see `run_trial`.

    Args:
        config: The trial.
        store: The store of its images, checkpoints, weights and result.
        images: Its images if they are open already; otherwise they are packed if necessary.
        until: End as `PRUNED` at the first validation at or after this step; a later call
            resumes. A finished trial is returned as it is.
        on_validation: Gets each point of the learning curve; may raise `TrialStopped`.
        progress: Gets the steps done; may raise to stop, and a later call resumes.
        waiting: Called while another process trains the same network.

    Raises:
        ConfigError: If the device does not exist.
        CheckpointError: If the store lacks the weights that the trial starts from.
        DataError: If an image cannot be used.
        StoreError: If the store cannot be written.
    """
    ledger, usage = Ledger(store), UsageSampler()
    images = images or open_images(config, ledger)
    key = trial_key(config, images.hashes())
    finished = ledger.result(key.trial)
    if finished is not None:
        return finished
    load_sources(config.model, ledger.store)
    with ledger.paths.training_lock(key.training, waiting):
        finished = ledger.result(key.trial)  # another process may have finished it meanwhile
        if finished is not None:
            return finished
        device = prepare(config.training.device, config.training.threads)
        with own_stream(device):
            state = _resumed_state(config, key, ledger, device)
            on_point = on_validation if until is None else _stopping(until, on_validation)
            watching = usage.watching(progress)
            context = _train_context(config, images, key, ledger, on_point, watching)
            evaluated = FinalScores()
            try:
                _check_until(until, state)
                diverged = None if config.is_lesion else train(config, state, context)
                if diverged:
                    ending = _Ending(TrialState.DIVERGED, diverged.describe())
                else:
                    _save_weights(config, state, key, ledger)
                    evaluated = final_scores(config, images, state, progress)
                    ending = _Ending(TrialState.COMPLETE)
            except (TrialStopped, NotFiniteError, RuntimeError, MemoryError, OSError) as error:
                ending = _ending_of(error)
            result = _result(config, images, key, ending, state, evaluated, usage.end())
        if ending.state.is_final:
            # The other endings depend on the caller and the machine; they are tried again.
            ledger.record(result)
    return result


def _ending_of(error: Exception) -> _Ending:
    """Return the ending that an error means; an error that means none is raised again."""
    if isinstance(error, TrialStopped):
        return _Ending(TrialState.PRUNED, str(error))
    if isinstance(error, NotFiniteError):  # the last step broke the weights, not yet the loss
        return _Ending(TrialState.DIVERGED, str(error))
    if is_out_of_memory(error) or ran_out(error):
        return _Ending(TrialState.OUT_OF_MEMORY, " ".join(str(error).split())[:200])
    raise error


def _resumed_state(
    config: TrialConfig, key: TrialKey, ledger: Ledger, device: torch.device
) -> TrainingState:
    """Return the state from which training continues, at the first step if there is none."""
    pretrained = pretrained_state(config, ledger)
    if config.is_lesion:
        with exclusive(device):
            return new_state(config, device, pretrained)
    fork_checkpoint(key, ledger)
    with exclusive(device):
        state = new_state(config, device, pretrained)
        load_checkpoint(state, ledger.paths.checkpoint(key.training), device)
    return state


def _stopping(until: int, on_validation: OnPoint) -> OnPoint:
    """Return a callback that also ends the trial at a step."""

    def on_point(point: CurvePoint) -> None:
        on_validation(point)
        if point.step >= until:
            raise TrialStopped(_stopped_text(point))

    return on_point


def _check_until(until: int | None, state: TrainingState) -> None:
    """End a trial that has been trained to `until` before.

    Raises:
        TrialStopped: If it has.
    """
    if until is not None and state.curve and state.curve[-1].step >= until:
        raise TrialStopped(_stopped_text(state.curve[-1]))


def _stopped_text(point: CurvePoint) -> str:
    return f"stopped at step {point.step:,}"


def _train_context(
    config: TrialConfig,
    images: TrialImages,
    key: TrialKey,
    ledger: Ledger,
    on_point: OnPoint,
    progress: Progress,
) -> TrainContext:
    return TrainContext(
        samplers=crop_samplers(config, images),
        validate=Validation(config, images.validation).score,
        on_point=on_point,
        progress=progress,
        checkpoint=ledger.paths.checkpoint(key.training),
        store=ledger.store,
    )


def _save_weights(config: TrialConfig, state: TrainingState, key: TrialKey, ledger: Ledger) -> None:
    averaged = state.average.module.state_dict()
    path = ledger.paths.weights(key.training)
    save_weights(path, config.model, averaged, store=ledger.store)


def _result(
    config: TrialConfig,
    images: TrialImages,
    key: TrialKey,
    ending: _Ending,
    state: TrainingState,
    evaluated: FinalScores,
    usage: tuple[Usage, ...],
) -> TrialResult:
    return TrialResult(
        key=key.trial,
        training_key=key.training,
        config=config,
        state=ending.state,
        reason=ending.reason,
        steps=state.step,
        cost=cost_of(config.model),
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
        usage=usage,
        validation_images=tuple(images.validation.names),
    )
