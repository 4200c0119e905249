"""The final evaluation of a trial: its averaged weights on every benchmark set."""

import time
from dataclasses import dataclass

import torch
from torch import nn

from workbench.config.trial import TrialConfig
from workbench.data.image_store import ImageStore
from workbench.evaluation.baseline import packed_bicubic
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.graphs import GraphedNetwork
from workbench.evaluation.running import Tiling
from workbench.results import DatasetScores, ImageScore, MeanScore
from workbench.system.progress import Progress
from workbench.training.device import exclusive
from workbench.training.state import TrainingState
from workbench.trial.images import TrialImages
from workbench.trial.overlap import find_overlaps, with_overlaps

MOST_GRAPHED_LR_PX = 2**18
"""A graph keeps the memory of its feature maps. Images of DIV2K at x4 are captured (510 x 339 px),
larger ones, in which a launch matters less, are not."""


@dataclass(frozen=True)
class FinalScores:
    """What the final evaluation gave; nothing for a trial that ended before it."""

    scores: tuple[DatasetScores, ...] = ()
    """One for each benchmark set."""
    seconds: float = 0.0
    validation_bicubic: MeanScore | None = None


class Validation:
    """Scores the averaged weights of one training on the same images, again and again.

    On CUDA the network becomes one CUDA graph for each size of image, as a small image takes the
    host longer to launch than the device to compute, and other trainings wait for it.

    Args:
        config: The trial.
        images: Its validation images.
    """

    def __init__(self, config: TrialConfig, images: ImageStore) -> None:
        self._config, self._images = config, images
        self._graphed: GraphedNetwork | None = None

    def score(self, state: TrainingState) -> tuple[ImageScore, ...]:
        """Return the scores of every image.

        Raises:
            NotFiniteError: If the network gives values that are infinite or not numbers.
        """
        network = state.average.module
        if self._config.training.device == "cuda":
            if self._graphed is None or self._graphed.network is not network:
                self._graphed = GraphedNetwork(network, most_lr_px=MOST_GRAPHED_LR_PX)
            network = self._graphed
        return score_images(self._config, network, self._images).images


def score_images(config: TrialConfig, network: nn.Module, images: ImageStore) -> DatasetScores:
    """Score a network on one set of images.

    Args:
        config: The trial whose network it is.
        network: With the averaged weights, on the trial's device.
        images: What it is scored on.

    Raises:
        NotFiniteError: If the network gives values that are infinite or not numbers.
    """
    scored = config.evaluation
    device = torch.device(config.training.device)
    return evaluate(
        network,
        images,
        smallest_lr_px=config.model.smallest_lr_px(),
        tiling=Tiling(scored.tile_lr_px, scored.tile_overlap_lr_px),
        # Image by image, so that other trainings of this process wait for one of them at most.
        each=lambda: exclusive(device),
    )


def final_scores(
    config: TrialConfig, images: TrialImages, state: TrainingState, progress: Progress
) -> FinalScores:
    """Score the averaged weights on every benchmark set, next to bicubic upscaling.

    Args:
        config: The trial.
        images: Its images.
        state: At the last step.
        progress: Gets the last step of the training and the set that is scored.

    Raises:
        NotFiniteError: If the network gives values that are infinite or not numbers.
    """
    started, total, scores = time.perf_counter(), config.training.total_steps(), []
    overlaps = () if config.is_lesion else find_overlaps(config, images)
    for benchmark in images.benchmarks:
        progress(total, total, f"scoring {benchmark.name}")
        found = with_overlaps(score_images(config, state.average.module, benchmark), overlaps)
        found = _with_evidence(found, config)
        scores.append(found.model_copy(update={"bicubic": _bicubic(benchmark, total, progress)}))
    seconds = time.perf_counter() - started
    if config.is_lesion:  # it has no learning curve to be compared with
        return FinalScores(tuple(scores), seconds)
    return FinalScores(tuple(scores), seconds, _bicubic(images.validation, total, progress))


def _with_evidence(scores: DatasetScores, config: TrialConfig) -> DatasetScores:
    """Say in the protocol what kind of evidence the scores are."""
    if config.pretrained is None:
        return scores
    made = {"evidence": config.evidence, "pretrained": config.pretrained.hash}
    protocol = scores.protocol.model_copy(update=made)
    return scores.model_copy(update={"protocol": protocol})


def _bicubic(images: ImageStore, steps: int, progress: Progress) -> MeanScore | None:
    """Return the scores of bicubic upscaling, with progress where they are not yet stored."""

    def scored(done: int, count: int, _name: str) -> None:
        progress(steps, steps, f"bicubic of {images.name}: {done} of {count} images")

    return packed_bicubic(images, scored)
