"""All proxies of one network with the initial weights of one seed."""

import math
import time
from collections.abc import Callable, Mapping

import torch
from torch import nn

from workbench.config.trial import TrialConfig
from workbench.errors import WorkbenchError, one_line
from workbench.models.factory import build_model
from workbench.models.own_code import own_code
from workbench.proxies.batch import ProxyBatch
from workbench.proxies.gradients import loss_gradient, synaptic_flow
from workbench.proxies.jacobian import (
    correlations,
    effective_rank,
    input_gradients,
    jacobian_covariance,
    pixel_jacobian,
)
from workbench.proxies.kinds import PROXIES, ProxyValue
from workbench.store.keys import model_hash
from workbench.system.global_state import random_streams_restored, torch_settings_kept
from workbench.training.losses import LOSSES


@random_streams_restored()
@torch_settings_kept()
def measure(config: TrialConfig, batch: ProxyBatch) -> tuple[ProxyValue, ...]:
    """Compute the proxies of a trial's initial weights: in float32, on one CPU thread.

    The same call gives the same values on the same machine. What cannot be computed has no value
    and a reason: no gradient, a value that is not finite, or an error of the network's own code.

    Args:
        config: Of the trial; its seed draws the initial weights, as it does for the training.
        batch: From `first_batch`.
    """
    torch.set_num_threads(1)
    network = model_hash(config.model)
    found: list[ProxyValue] = []
    for compute, names in _PASSES:
        started = time.perf_counter()
        reason, values = "", dict[str, float]()
        try:
            with own_code(config.model, "run and differentiated"):
                values = dict(compute(config, batch))
        except (WorkbenchError, RuntimeError, MemoryError) as error:
            reason = one_line(error)
        seconds = time.perf_counter() - started
        for name in names:
            value, why = _checked(values.get(name), reason)
            text = batch.text if PROXIES[name].needs == "batch" else ""
            found.append(
                ProxyValue(
                    network=network,
                    seed=config.seed,
                    proxy=name,
                    value=value,
                    reason=why,
                    seconds=seconds,
                    batch=text,
                )
            )
    return tuple(found)


def _checked(value: float | None, reason: str) -> tuple[float | None, str]:
    """Return a value, or why there is none."""
    if value is None:
        return None, reason
    if not math.isfinite(value):
        return None, f"the value is {value}"
    return value, ""


def _initial(config: TrialConfig) -> nn.Module:
    return build_model(config.model, seed=config.seed).train()


def _of_loss(config: TrialConfig, batch: ProxyBatch) -> Mapping[str, float]:
    loss = LOSSES[config.training.stages[0].loss]
    found = loss_gradient(_initial(config), batch.first_lr, batch.hr, loss)
    return {"initial_loss": found.loss, "gradient_norm": found.norm, "snip": found.snip}


def _of_flow(config: TrialConfig, batch: ProxyBatch) -> Mapping[str, float]:
    flow = synaptic_flow(_initial(config), batch.lr.shape[-1])
    return {"synflow": math.log10(flow) if flow > 0 else math.nan}


def _of_crops(config: TrialConfig, batch: ProxyBatch) -> Mapping[str, float]:
    gradients = input_gradients(_initial(config), batch.lr)
    return {"jacobian_covariance": jacobian_covariance(correlations(gradients))}


def _of_pixel(config: TrialConfig, batch: ProxyBatch) -> Mapping[str, float]:
    jacobian = pixel_jacobian(_initial(config), batch.lr[:1], config.model.scale)
    finite = bool(torch.isfinite(jacobian).all())
    return {"jacobian_rank": effective_rank(jacobian) if finite else math.nan}


_Pass = Callable[[TrialConfig, ProxyBatch], Mapping[str, float]]
_PASSES: tuple[tuple[_Pass, tuple[str, ...]], ...] = (
    (_of_loss, ("initial_loss", "gradient_norm", "snip")),
    (_of_flow, ("synflow",)),
    (_of_crops, ("jacobian_covariance",)),
    (_of_pixel, ("jacobian_rank",)),
)
"""What is computed at once, and the proxies that it gives."""
