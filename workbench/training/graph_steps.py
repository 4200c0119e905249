"""A training step as one CUDA graph: captured once for each stage, then only replayed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from workbench.config.training import StageConfig, TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
from workbench.kernels.capture import capture_graph
from workbench.kernels.fused import FUSED, require_fused
from workbench.models.memory import is_out_of_memory
from workbench.models.operations import use_operations
from workbench.system.digests import say
from workbench.system.memory import one_line
from workbench.training.device import exclusive, precision_of
from workbench.training.state import TrainingState
from workbench.training.steps import HostSteps, StepRunner
from workbench.training.table_steps import TableStep, TableSteps

WARM_UP_STEPS = 3
"""Eager steps before the capture: libraries choose algorithms and caches are filled."""

Replay = Callable[[], None]


def step_runner(
    config: TrialConfig, stage: StageConfig, state: TrainingState, sampler: CropSampler
) -> StepRunner:
    """Return what runs the steps of a stage: a CUDA graph, eager steps if that fails, or the CPU's.

    A step that cannot be captured is named in a warning; its weights are the same.

    Raises:
        WorkbenchError: If the recipe wants fused kernels, and there is no Triton.
    """
    if config.training.device == "cpu":
        return HostSteps(config, stage, state, sampler)
    device = torch.device(config.training.device)
    if config.training.resolved_kernels() == "fused":
        require_fused(device)
        use_operations(state.model, FUSED)  # not the average's, as scores are by the reference
    with exclusive(device), precision_of(config.training, device):
        step = TableStep(config.training, stage, state, sampler, device)
        step.fill(0, 1)
        replay = captured(step, capture)
    if replay is None:
        return TableSteps(step, state, config.training)
    return GraphSteps(step, state, config.training, replay)


class GraphSteps(TableSteps):
    """Replays a captured step."""

    def __init__(
        self, step: TableStep, state: TrainingState, config: TrainingConfig, replay: Replay
    ) -> None:
        super().__init__(step, state, config)
        self._replay = replay

    def enqueue(self, count: int) -> None:
        """Start the steps of the first `count` rows."""
        for _ in range(count):
            self._replay()


def captured(step: TableStep, capture: Callable[[TableStep], Replay]) -> Replay | None:
    """Return a function that replays the step, None if it cannot be captured, which is said.

    Networks, average and optimizer are afterwards as before.

    Raises:
        torch.OutOfMemoryError: If the device's memory does not suffice.
    """
    with _unchanged(step):
        try:
            for _ in range(WARM_UP_STEPS):
                step.step()
                step.rewind()
            return capture(step)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            reason = one_line(error)[:200]
            say(
                f"a training step cannot be captured as a CUDA graph ({reason}); "
                "it runs eagerly, slower and with the same result"
            )
            return None


def capture(step: TableStep) -> Replay:
    """Capture a step on the current stream of this thread."""
    graph, _ = capture_graph(step.step, torch.cuda.current_stream())
    replay: Replay = graph.replay
    return replay


@contextmanager
def _unchanged(step: TableStep) -> Iterator[None]:
    """Put everything that the steps of the warm-up change back into the same tensors."""
    before = {name: tensor.clone() for name, tensor in step.tensors()}
    try:
        yield
    finally:
        with torch.no_grad():
            for name, tensor in step.tensors():
                # An optimizer makes its state at its first step, from zeros.
                tensor.copy_(before[name]) if name in before else tensor.zero_()
