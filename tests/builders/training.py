"""Builders of tests: trainings without the checks and records of a trial."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
from workbench.store.ledger import Ledger
from workbench.training.device import prepare
from workbench.training.state import TrainingState, new_state
from workbench.training.steps import StepRunner
from workbench.training.table_steps import TableStep
from workbench.trial.crops import crop_samplers
from workbench.trial.images import open_images


@dataclass(frozen=True)
class Training:
    """A training before its first step."""

    config: TrialConfig
    state: TrainingState
    samplers: tuple[CropSampler, ...]

    def table_step(self, stage: int = 0) -> TableStep:
        training = self.config.training
        device = torch.device(training.device)
        return TableStep(training, training.stages[stage], self.state, self.samplers[stage], device)

    def run(self, runner: StepRunner, chunks: list[int]) -> list[float]:
        """Run chunks of steps of the first stage and return the losses."""
        losses: list[float] = []
        for count in chunks:
            losses += runner.run(self.state.step, count)
            self.state.step += count
        return losses

    def tensors(self) -> dict[str, Tensor]:
        """Return copies of network, average and optimizer."""
        state = self.state
        found = {f"model.{k}": v for k, v in state.model.state_dict().items()}
        found |= {f"average.{k}": v for k, v in state.average.state_dict().items()}
        for number, values in enumerate(state.optimizer.state.values()):
            found |= {f"optimizer.{number}.{k}": v for k, v in values.items()}
        return {name: tensor.detach().clone() for name, tensor in found.items()}


def begun(config: TrialConfig, store: Path) -> Training:
    """Return a training of a config before its first step."""
    device = prepare(config.training.device, config.training.threads)
    samplers = crop_samplers(config, open_images(config, Ledger(store)))
    state = new_state(config, device)
    state.model.train()
    return Training(config, state, samplers)


def differing(one: dict[str, Tensor], other: dict[str, Tensor]) -> list[str]:
    """Return the names of tensors that are not equal bit for bit."""
    assert one.keys() == other.keys()
    return [name for name in one if not torch.equal(one[name], other[name])]


Capture = Callable[[TableStep], Callable[[], None]]


def uncaptured(step: TableStep) -> Callable[[], None]:
    """Stand for a capture: the replay runs the step eagerly."""
    return step.step
