"""What a trial gave: frozen records that turn into JSON and back. No torch.

Units are in the names. PSNR is in dB, SSIM in -1..1, both of the whole protocol that
`DatasetScores.protocol` names.
"""

import statistics
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from workbench.config.base import Frozen
from workbench.config.evaluation import InferencePrecision
from workbench.config.evidence import Evidence, evidence_text
from workbench.config.plausible import (
    HIGHEST_DB,
    Count,
    Finite,
    Moment,
    NotNegative,
    PsnrDb,
    Seconds,
    Size,
    Ssim,
)
from workbench.config.trial import TrialConfig
from workbench.provenance import Environment, Usage


class TrialState(StrEnum):
    """How a trial ended."""

    COMPLETE = "complete"
    """Trained to the last step and evaluated."""
    PRUNED = "pruned"
    """Stopped early by its caller; scores up to that step exist."""
    DIVERGED = "diverged"
    """The loss became infinite or not a number."""
    OUT_OF_MEMORY = "out of memory"
    """The device's memory did not suffice."""

    @property
    def is_final(self) -> bool:
        """Whether it is a property of the trial, and not of the caller or of the machine."""
        return self in (TrialState.COMPLETE, TrialState.DIVERGED)


class Cost(Frozen):
    """What a network costs at one input size."""

    lr_height_px: Size
    lr_width_px: Size
    parameters: Count
    multiply_adds: Count
    """Multiply-adds of all convolutions and matrix products: what the field calls FLOPs."""
    challenge_flops: Count
    """The NTIRE challenge's counter: multiply-adds plus one for each ReLU-family output."""
    activations: Count
    """Number of values in the outputs of all convolutions."""
    convolutions: Count


class ImageScore(Frozen):
    """Scores of one image."""

    name: str
    psnr_rgb_db: PsnrDb
    ssim_rgb: Ssim
    psnr_y_db: PsnrDb
    ssim_y: Ssim


class MeanScore(Frozen):
    """Means over the images of a data set."""

    psnr_rgb_db: PsnrDb
    ssim_rgb: Ssim
    psnr_y_db: PsnrDb
    ssim_y: Ssim


SCORE_NAMES = tuple(MeanScore.model_fields)


def mean_of(images: Sequence[ImageScore]) -> MeanScore:
    """Return the means over at least one image."""
    means = {name: statistics.fmean(getattr(one, name) for one in images) for name in SCORE_NAMES}
    return MeanScore(**means)


class TrainedOn(Frozen):
    """How many of the images that a network is judged by it was trained on."""

    benchmark_images: Count
    """Images of the benchmark itself."""
    validation_images: Count
    """Validation images: learning curves and early stopping rest on them."""

    def describe(self) -> str:
        """Return the part of a protocol's line that warns of it."""
        parts = [f"{self.benchmark_images} of these images"] if self.benchmark_images else []
        if self.validation_images:
            plural = "s" if self.validation_images > 1 else ""
            parts.append(f"{self.validation_images} validation image{plural}")
        return f"TRAINED ON {' and '.join(parts)}" if parts else ""


class Protocol(Frozen):
    """How scores were made. Scores of different protocols must not stand in one table."""

    scale: Size
    crop_px: Count
    """Cropped on each side before scoring."""
    lr_origin: str
    """`given` for LR files that came with the set, otherwise the degradation that made them."""
    data_hash: str
    """Content hash of the images."""
    tile_lr_px: Size | None = None
    tile_overlap_lr_px: Count | None = None
    trained_on: TrainedOn | None = None
    """None if training shares no image with validation and benchmarks, or if that is not known:
    of weights that were not trained here, and in records of earlier versions."""
    precision: InferencePrecision = Field(default="fp32", exclude_if=lambda value: value == "fp32")
    """What the network computed in; records of fp32 are written as before there was a choice."""
    self_ensemble: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether outputs are means over eight orientations of the LR image."""
    evidence: Evidence = Field(default="retrained", exclude_if=lambda value: value == "retrained")
    """What a difference of such scores can say. Kinds are never put side by side."""
    pretrained: str = Field(default="", exclude_if=lambda value: not value)
    """Hash of the weights that a lesion is made from, or that training went on from."""

    @property
    def evidence_text(self) -> str:
        """The kind of evidence, with the weights: `lesion of weights a9312c0c`."""
        return evidence_text(self.evidence, self.pretrained)

    def describe(self) -> str:
        """Return one line: scale, crop, LR, how networks ran, overlap with training, evidence."""
        tile = f", tiles {self.tile_lr_px}+{self.tile_overlap_lr_px}" if self.tile_lr_px else ""
        overlap = f", {self.trained_on.describe()}" if self.trained_on else ""
        how = "" if self.precision == "fp32" else f", {self.precision}"
        how += ", self-ensemble x8" if self.self_ensemble else ""
        kind = "" if self.evidence == "retrained" else f", {self.evidence_text}"
        made = f"x{self.scale}, uint8, crop {self.crop_px}, LR {self.lr_origin}"
        return f"{made}{how}{tile}{overlap}{kind}"


def _told_apart(images: tuple[ImageScore, ...]) -> tuple[ImageScore, ...]:
    names = {image.name for image in images}
    if not images or len(names) < len(images):
        raise ValueError("must be at least one image, and no two of one name")
    return images


class DatasetScores(Frozen):
    """Scores of every image of one data set."""

    dataset: str
    protocol: Protocol
    images: Annotated[tuple[ImageScore, ...], AfterValidator(_told_apart)]
    bicubic: MeanScore | None = None
    """Of MATLAB-bicubic upscaling of the same LR images, scored likewise: what a network must beat
    to be of use. None without upscaling, and in records of versions that did not have it."""

    def mean(self) -> MeanScore:
        """Return the means over the images."""
        return mean_of(self.images)


_DECIMALS = 6
"""Of a score of one validation image: far below what a difference can mean, and half the size."""
_Psnrs = tuple[Annotated[float, Field(ge=0, le=HIGHEST_DB)], ...]
_Ssims = tuple[Annotated[float, Field(ge=-1, le=1)], ...]


class PerImage(Frozen):
    """Scores of each validation image at one point of the curve, rounded to 1e-6.

    One value an image, in the order of `TrialResult.validation_images`.
    """

    psnr_rgb_db: _Psnrs
    ssim_rgb: _Ssims
    psnr_y_db: _Psnrs
    ssim_y: _Ssims

    @classmethod
    def of(cls, images: Sequence[ImageScore]) -> Self:
        """Return the scores of at least one image."""
        columns = {
            name: tuple(round(getattr(one, name), _DECIMALS) for one in images)
            for name in SCORE_NAMES
        }
        return cls(**columns)

    @model_validator(mode="after")
    def _of_equal_length(self) -> Self:
        lengths = {len(getattr(self, name)) for name in SCORE_NAMES}
        if len(lengths) > 1 or 0 in lengths:
            raise ValueError(f"must be one value an image for every score, got {sorted(lengths)}")
        return self

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.psnr_rgb_db)


class CurvePoint(Frozen):
    """One point of the learning curve: the averaged weights on the validation images."""

    step: Count
    """Steps trained, over all stages."""
    time_s: Moment
    """Unix time at which it was measured."""
    loss: Finite
    """Mean training loss since the last point."""
    learning_rate: NotNegative
    score: MeanScore
    per_image: PerImage | None = Field(default=None, exclude_if=lambda scores: scores is None)
    """What `score` is the mean of; None in points that 0.4.0 and earlier versions measured."""


class WeightsRecord(Frozen):
    """Scores of an external checkpoint: one network that was not trained here."""

    name: str
    """What tables call it."""
    file: str | None
    """The weights file; None for a network as its constructor drew it."""
    origin: str
    """What the file was recognised as, or the class that was named."""
    weights_hash: str
    """SHA-256 over the names and values of the weights."""
    cost: Cost | None
    """None if it could not be counted."""
    scores: tuple[DatasetScores, ...]
    environment: Environment
    finished_s: Moment
    """Unix time."""


class TrialResult(Frozen):
    """A finished trial: its config, how it ended, what it scored and what it cost."""

    key: str
    """The trial's key in the ledger."""
    training_key: str
    """Key of its training; trials that differ in the benchmarks only share it."""
    config: TrialConfig
    state: TrialState = Field(strict=False)  # JSON holds its text
    reason: str = ""
    """Why it ended, where the state alone does not say."""
    steps: Count
    cost: Cost
    scores: tuple[DatasetScores, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    training_s: Seconds
    """Seconds in training steps, over all sessions."""
    evaluation_s: Seconds = 0.0
    sessions: Count
    """How often it was started or resumed."""
    started_s: Moment
    """Unix time of the first session."""
    finished_s: Moment
    environment: Environment
    weights_hash: str = ""
    """SHA-256 over the names and values of the averaged weights."""
    validation_bicubic: MeanScore | None = None
    """Of MATLAB-bicubic upscaling of the validation images, which `curve` is to be seen against."""
    usage: tuple[Usage, ...] = ()
    """Of the last session's process, now and then; empty in records of earlier versions."""
    validation_images: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)
    """Names of the validation images, in the order of `CurvePoint.per_image`; empty in records of
    0.4.0 and earlier versions."""

    @model_validator(mode="after")
    def _names_every_image(self) -> Self:
        for point in self.curve:
            if point.per_image and len(point.per_image) != len(self.validation_images):
                raise ValueError(
                    f"curve: step {point.step:,} must have a score of each of the "
                    f"{len(self.validation_images)} validation images, got {len(point.per_image)}"
                )
        return self

    def score(self, dataset: str) -> DatasetScores | None:
        """Return the scores on `dataset`, or None if it was not evaluated."""
        return next((s for s in self.scores if s.dataset == dataset), None)
