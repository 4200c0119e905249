"""A training step as a function of a counter on the device, so that a CUDA graph can be all of it.

Before a chunk of steps the host fills tables: crops, learning rates, weights of the average. A step
reads row `counter` of each, trains, writes its loss to that row of another table, and adds one to
the counter. Nothing on the host changes what a step computes, and the host waits once a chunk.
"""

import time
from collections.abc import Iterator

import torch
from torch import Tensor

from workbench.config.training import StageConfig, TrainingConfig
from workbench.data.crops import CropSampler
from workbench.training.crop_tables import crop_table
from workbench.training.device import autocast, exclusive, precision_of
from workbench.training.losses import LOSSES
from workbench.training.schedule import ema_decay, learning_rate
from workbench.training.state import TrainingState

ROWS = 128
"""The most steps of a chunk."""
REPORT_EVERY_S = 1.0
"""About how long a chunk takes."""


class TableStep:
    """One step, whose inputs are rows of tables on the device.

    Args:
        config: The recipe.
        stage: The stage whose steps are run.
        state: Its network, average and optimizer stay the same objects.
        sampler: Of the stage.
        device: Where all of it is.
    """

    def __init__(
        self,
        config: TrainingConfig,
        stage: StageConfig,
        state: TrainingState,
        sampler: CropSampler,
        device: torch.device,
    ) -> None:
        self._config, self._stage, self._state, self._device = config, stage, state, device
        self._crops = crop_table(sampler, device, ROWS)
        self.rows = self._crops.rows
        # Adam takes the rate in float32 on CUDA, and in float64, as a number, on a CPU.
        kind = torch.float32 if device.type == "cuda" else torch.float64
        self._rates = torch.zeros(self.rows, dtype=kind, device=device)
        self._weights = torch.zeros(self.rows, dtype=torch.float32, device=device)
        self._losses = torch.zeros(self.rows, dtype=torch.float32, device=device)
        self._counter = torch.zeros(1, dtype=torch.int64, device=device)
        self._rate = torch.zeros((), dtype=kind, device=device)
        for group in state.optimizer.param_groups:
            group["lr"] = self._rate
        self._current = [parameter.detach() for parameter in state.model.parameters()]
        self._averaged = [parameter.detach() for parameter in state.average.module.parameters()]
        stored = state.average.module.state_dict().keys()
        averaged = dict(state.average.module.named_buffers())
        self._buffers = [
            (averaged[name], buffer)
            for name, buffer in state.model.named_buffers()
            if name in stored
        ]

    def fill(self, local: int, count: int) -> None:
        """Write the rows of the next `count` steps after `local` steps of the stage."""
        done = self._state.step
        rates = [learning_rate(self._stage, local + row) for row in range(count)]
        weights = [1 - ema_decay(self._config, done + 1 + row) for row in range(count)]
        self._rates[:count].copy_(torch.tensor(rates, dtype=self._rates.dtype))
        self._weights[:count].copy_(torch.tensor(weights, dtype=torch.float32))
        self._crops.fill(local, count)
        self.rewind()

    def losses(self, count: int) -> list[float]:
        """Return the losses of the first `count` rows; waits for the steps."""
        values: list[float] = self._losses[:count].cpu().tolist()
        return values

    def step(self) -> None:
        """Run the step of row `counter`."""
        row, state = self._counter, self._state
        lr, hr = self._crops.gather(row)
        self._rate.copy_(self._rates.index_select(0, row)[0])
        with autocast(self._config.precision, self._device):
            output = state.model(lr)
        loss = LOSSES[self._stage.loss](output.float(), hr)
        state.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        state.optimizer.step()
        self._update_average(self._weights.index_select(0, row)[0])
        self._losses.index_copy_(0, row, loss.detach().reshape(1))
        self._counter.add_(1)

    def rewind(self) -> None:
        """Let the next step be that of row 0."""
        self._counter.zero_()

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """Yield all that a step changes and a training carries on, with a name of each."""
        state = self._state
        for name, module in (("model", state.model), ("average", state.average.module)):
            for path, tensor in module.state_dict().items():
                yield f"{name}.{path}", tensor
        for number, parameter in enumerate(state.model.parameters()):
            for key, value in state.optimizer.state.get(parameter, {}).items():
                if isinstance(value, Tensor):
                    yield f"optimizer.{number}.{key}", value

    @torch.no_grad()
    def _update_average(self, weight: Tensor) -> None:
        # `torch._foreach_lerp_` cannot be captured with a tensor as its weight.
        change = torch._foreach_sub(self._current, self._averaged)
        torch._foreach_mul_(change, weight)
        torch._foreach_add_(self._averaged, change)
        for averaged, current in self._buffers:
            averaged.copy_(current)


class TableSteps:
    """A `StepRunner` that runs a `TableStep` eagerly, chunk by chunk."""

    def __init__(self, step: TableStep, state: TrainingState, config: TrainingConfig) -> None:
        self._step, self._state, self._config = step, state, config
        self._device = torch.device(config.device)
        self.most_steps = 1
        """It grows with the measured speed."""

    def run(self, local: int, count: int) -> list[float]:
        """See `StepRunner`."""
        started = time.perf_counter()
        self._step.fill(local, count)
        self.enqueue(count)
        losses = self._step.losses(count)
        self._state.average.n_averaged.fill_(self._state.step + count + 1)
        self._pace((time.perf_counter() - started) / count)
        return losses

    def enqueue(self, count: int) -> None:
        """Start the steps of the first `count` rows."""
        # Eager steps allocate, so they keep others from capturing.
        with exclusive(self._device), precision_of(self._config, self._device):
            for _ in range(count):
                self._step.step()

    def _pace(self, seconds_a_step: float) -> None:
        fitting = int(REPORT_EVERY_S / max(seconds_a_step, 1e-9))
        # A chunk at a time, as the first one is slow for other reasons.
        self.most_steps = max(1, min(fitting, 4 * self.most_steps, self._step.rows))
