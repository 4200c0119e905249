"""What runs the training steps of one stage: step by step on a CPU, in chunks on a GPU."""

from typing import Protocol

import torch

from workbench.config.training import StageConfig
from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
from workbench.training.device import autocast, images_to_device
from workbench.training.losses import LOSSES
from workbench.training.schedule import learning_rate
from workbench.training.state import TrainingState


class StepRunner(Protocol):
    """Runs steps of one stage; it changes the state's network, average and optimizer."""

    @property
    def most_steps(self) -> int:
        """How many steps to run at once, so that a report comes about every second."""

    def run(self, local: int, count: int) -> list[float]:
        """Run the next steps and return the loss of each.

        Args:
            local: Steps of this stage that are done.
            count: How many to run, 1..`most_steps`.
        """


class HostSteps:
    """Every step is driven by the host: batch, learning rate and loss are its values."""

    most_steps = 1

    def __init__(
        self, config: TrialConfig, stage: StageConfig, state: TrainingState, sampler: CropSampler
    ) -> None:
        self._config, self._stage, self._state = config, stage, state
        self._sampler = sampler
        self._device = torch.device(config.training.device)

    def run(self, local: int, count: int) -> list[float]:
        """See `StepRunner`."""
        return [self._step(local + number) for number in range(count)]

    def _step(self, local: int) -> float:
        state = self._state
        for group in state.optimizer.param_groups:
            group["lr"] = learning_rate(self._stage, local)
        lr, hr = (torch.from_numpy(patches) for patches in self._sampler.batch(local))
        with autocast(self._config.training.precision, self._device):
            output = state.model(images_to_device(lr, self._device))
        loss = LOSSES[self._stage.loss](output.float(), images_to_device(hr, self._device))
        state.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        state.optimizer.step()
        state.average.update_parameters(state.model)
        return float(loss.detach())
