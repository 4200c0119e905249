"""Training steps for a benchmark: lanes of one process, on images of noise."""

import copy
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image
from torch import nn

from workbench.config.data import ImageSource
from workbench.config.training import TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
from workbench.data.image_store import ImageStore, open_store
from workbench.training.device import own_stream, prepare
from workbench.training.graph_steps import GraphSteps, step_runner
from workbench.training.state import state_of
from workbench.training.steps import StepRunner

_IMAGES = 4
_MARGIN_LR_PX = 8
"""By which images are larger than a patch."""
_FEWEST_STEPS, _MOST_STEPS = 2, 20
"""Steps of one timed run on CUDA: what the host does once for a chunk is shared by them."""
_RUN_S = 0.5
"""About the longest that a timed run of one lane takes."""


@contextmanager
def noise_images(scale: int, hr_patch_px: int) -> Iterator[ImageStore]:
    """Pack a few images of noise, a little larger than a patch, into a temporary folder."""
    side = hr_patch_px + _MARGIN_LR_PX * scale
    generator = np.random.default_rng(0)
    with TemporaryDirectory(prefix="workbench-bench-") as place:
        folder = Path(place, "noise")
        folder.mkdir()
        for number in range(_IMAGES):
            pixels = generator.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png", compress_level=1)
        source = ImageSource(name="noise", folder=str(folder))
        yield open_store(source, scale, "bicubic", folder=Path(place, "packed"))


class Lane:
    """One training in a thread and, on CUDA, on a stream of its own."""

    def __init__(self, build: Callable[[], StepRunner], device: torch.device) -> None:
        """Build the training in its thread; what that raises is raised here.

        Args:
            build: Makes what runs the steps.
            device: Where they run.
        """
        self._pool = ThreadPoolExecutor(1)
        self._open = ExitStack()
        self._local = 0
        try:
            self._pool.submit(self._open.enter_context, own_stream(device)).result()
            self.runner = self._pool.submit(build).result()
        except BaseException:
            self.close()
            raise

    def start(self, steps: int) -> Future[list[float]]:
        """Begin so many steps; the result are their losses."""
        first, self._local = self._local, self._local + steps
        return self._pool.submit(self.runner.run, first, steps)

    def close(self) -> None:
        """End the thread."""
        self._pool.submit(self._open.close).result()
        self._pool.shutdown()


def steps_of_run(lane: Lane) -> int:
    """Return how many steps a timed run on CUDA has, by the time of the first steps."""
    lane.start(_FEWEST_STEPS).result()
    started = time.perf_counter()
    lane.start(_FEWEST_STEPS).result()
    seconds = (time.perf_counter() - started) / _FEWEST_STEPS
    return max(_FEWEST_STEPS, min(_MOST_STEPS, int(_RUN_S / max(seconds, 1e-9))))


class Lanes:
    """The trainings of one network, all from the same weights on other crops."""

    def __init__(
        self,
        module: nn.Module,
        recipe: TrainingConfig,
        images: ImageStore,
        device: torch.device,
        count: int,
    ) -> None:
        """Build the trainings, each with a copy of the network.

        Raises:
            WorkbenchError: If foreign code cannot be trained.
            torch.OutOfMemoryError: If the device's memory does not suffice.
        """
        self._lanes: list[Lane] = []
        self.steps = 1
        """Of one run of each lane."""
        try:
            for seed in range(count):
                build = _Builder(module, recipe, images, device, seed)
                self._lanes.append(Lane(build, device))
            if device.type == "cuda":
                self.steps = steps_of_run(self._lanes[0])
        except BaseException:
            self.close()
            raise

    @property
    def is_graphed(self) -> bool:
        """Whether the step is a CUDA graph."""
        return all(isinstance(lane.runner, GraphSteps) for lane in self._lanes)

    def run_together(self) -> None:
        """Run the steps of all lanes at a time."""
        for losses in [lane.start(self.steps) for lane in self._lanes]:
            losses.result()

    def run_in_turn(self) -> None:
        """Run the steps of one lane after the other."""
        for lane in self._lanes:
            lane.start(self.steps).result()

    def close(self) -> None:
        """End all threads and give their memory back."""
        for lane in self._lanes:
            lane.close()
        self._lanes = []


class _Builder:
    """Makes the training of one lane, in the thread of that lane."""

    def __init__(
        self,
        module: nn.Module,
        recipe: TrainingConfig,
        images: ImageStore,
        device: torch.device,
        seed: int,
    ) -> None:
        self._module, self._recipe, self._images = module, recipe, images
        self._device, self._seed = device, seed

    def __call__(self) -> StepRunner:
        prepare(self._device.type, self._recipe.threads)
        module = copy.deepcopy(self._module).to(self._device).train()
        module.requires_grad_(True)  # networks that are opened for inference may have it off
        (stage,) = self._recipe.stages
        sampler = CropSampler(
            (self._images,),
            seed=self._seed,
            stage=0,
            hr_patch_px=stage.hr_patch_px,
            batch_size=stage.batch_size,
        )
        config = TrialConfig.model_construct(training=self._recipe)
        return step_runner(config, stage, state_of(module, self._recipe), sampler)
