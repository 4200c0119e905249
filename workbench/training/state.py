"""Everything that a training carries from one step to the next, and its checkpoint.

A checkpoint holds all of it, so that a resumed training gives bit for bit the weights of an
undisturbed one on the same machine. The crops need no state: they are a function of the step.
"""

import io
import json
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam
from torch.optim.swa_utils import AveragedModel

from workbench.config.training import TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.models.factory import build_model
from workbench.models.taking import take_weights
from workbench.results import CurvePoint
from workbench.system.digests import DamagedError, say_damaged, seal, unseal
from workbench.system.files import write_atomically
from workbench.system.strict_json import loads
from workbench.training.schedule import ema_decay

FORMAT = 1


@dataclass
class TrainingState:
    """The moving parts of one training. Mutable by nature; nothing else is."""

    model: nn.Module
    average: AveragedModel
    optimizer: Adam
    step: int = 0
    """Steps done, over all stages."""
    losses: list[float] = field(default_factory=list)
    """Loss of each step since the last point of the curve."""
    curve: list[CurvePoint] = field(default_factory=list)
    training_s: float = 0.0
    sessions: int = 1
    started_s: float = field(default_factory=time.time)

    def restart_optimizer(self, config: TrainingConfig) -> None:
        """Start a stage: the weights are kept, the optimizer is a new one."""
        self.optimizer = make_optimizer(self.model, config)


def new_state(
    config: TrialConfig, device: torch.device, pretrained: Mapping[str, Tensor] | None = None
) -> TrainingState:
    """Return the state before the first step.

    Args:
        config: The trial.
        device: Where it trains.
        pretrained: Trained weights to start from, as far as they fit.
    """
    model = build_model(config.model, seed=config.seed)
    if pretrained is not None:
        take_weights(model, pretrained)
    return state_of(model.to(device), config.training)


def state_of(model: nn.Module, config: TrainingConfig) -> TrainingState:
    """Return the state before the first step of a network with its initial weights."""
    average = AveragedModel(model, multi_avg_fn=_average(config))
    average.n_averaged.fill_(1)  # the average starts as a copy of the initial weights
    return TrainingState(model=model, average=average, optimizer=make_optimizer(model, config))


def make_optimizer(model: nn.Module, config: TrainingConfig) -> Adam:
    """Return a fresh Adam; its rate is set at every step, on CUDA on the device."""
    device = next(model.parameters()).device
    return Adam(
        model.parameters(),
        lr=torch.zeros((), device=device) if device.type == "cuda" else 1e-3,
        capturable=device.type == "cuda",
        betas=config.adam_betas,
        weight_decay=config.weight_decay,
        eps=1e-8,
        fused=True,
    )


def save_checkpoint(state: TrainingState, path: Path, *, store: Path) -> None:
    """Write a checkpoint atomically.

    Raises:
        StoreError: If the store cannot be written; the last checkpoint is then as it was.
    """
    content = {
        "format": FORMAT,
        "model": state.model.state_dict(),
        "average": state.average.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "step": state.step,
        "losses": state.losses,
        "curve": json.dumps([point.plain() for point in state.curve]),
        "training_s": state.training_s,
        "sessions": state.sessions,
        "started_s": state.started_s,
    }

    # Through memory: torch.save hides a full disk behind an error of its own.
    encoded = io.BytesIO()
    torch.save(content, encoded)
    write_atomically(path, seal(encoded.getvalue()), store=store)


def load_checkpoint(state: TrainingState, path: Path, device: torch.device) -> bool:
    """Fill `state` from a checkpoint.

    Returns:
        Whether there was a usable one. One that is damaged is named and as good as none: training
        starts again from the first step, which costs time and no result.
    """
    try:
        encoded = path.read_bytes()
    except OSError:
        return False
    content = decode_checkpoint(encoded, path, device)
    if content is None or content.get("format") != FORMAT:
        return False
    try:
        curve = [CurvePoint.parse(point) for point in loads(content["curve"])]
    except (ConfigError, ValueError) as error:
        say_damaged(path, error)
        return False
    state.model.load_state_dict(content["model"])
    state.average.load_state_dict(content["average"])
    state.optimizer.load_state_dict(content["optimizer"])
    state.step = content["step"]
    state.losses = list(content["losses"])
    state.curve = curve
    state.training_s = content["training_s"]
    state.sessions = content["sessions"] + 1
    state.started_s = content["started_s"]
    return True


def decode_checkpoint(encoded: bytes, path: Path, device: torch.device) -> dict[str, Any] | None:
    """Return what a checkpoint holds, None if it is damaged, which is said.

    Args:
        encoded: The content of the file.
        path: The file, which a message names.
        device: Where its tensors go.
    """
    try:
        content = torch.load(io.BytesIO(unseal(encoded)), map_location=device, weights_only=True)
    except DamagedError as damage:
        say_damaged(path, damage)
        return None
    except (RuntimeError, EOFError, OSError, ValueError, pickle.UnpicklingError):
        content = None
    if not isinstance(content, dict):
        say_damaged(path, "no checkpoint that PyTorch can read")
        return None
    return content


def _average(config: TrainingConfig) -> Any:
    """Return the update that `AveragedModel` calls with the number of the step."""

    @torch.no_grad()
    def update(averaged: list[Tensor], current: list[Tensor], number: Tensor | int) -> None:
        weight = 1 - ema_decay(config, int(number))
        torch._foreach_lerp_(averaged, current, weight)

    return update
