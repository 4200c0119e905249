"""The images of a trial: packed once, opened by every process that needs them. No torch."""

from dataclasses import dataclass

from workbench.config.data import Degradation, ImageSource
from workbench.config.trial import TrialConfig
from workbench.data.image_store import ImageStore, known_content_hash, open_store
from workbench.keys import DataHashes
from workbench.ledger import Ledger
from workbench.progress import Progress, silent


@dataclass(frozen=True)
class TrialImages:
    """The opened images of a trial."""

    training: dict[str, ImageStore]
    validation: ImageStore
    benchmarks: tuple[ImageStore, ...]

    def hashes(self) -> DataHashes:
        """Return the content hashes that the trial's key needs."""
        return DataHashes(
            training={name: images.content_hash for name, images in self.training.items()},
            validation=self.validation.content_hash,
            benchmarks={images.name: images.content_hash for images in self.benchmarks},
        )


def open_images(config: TrialConfig, ledger: Ledger, progress: Progress = silent) -> TrialImages:
    """Open the packed images of a trial, packing what is not packed yet.

    Raises:
        DataError: If an image cannot be used.
        StoreError: If the store cannot be written.
    """
    patch = max(stage.hr_patch_px for stage in config.training.stages)
    smallest = config.model.smallest_lr_px() * config.model.scale

    def opened(source: ImageSource, degradation: Degradation, smallest_hr_px: int) -> ImageStore:
        return open_store(
            source,
            config.model.scale,
            degradation,
            folder=ledger.images,
            smallest_hr_px=smallest_hr_px,
            progress=progress,
        )

    training = {s.name: opened(s, config.data.degradation, patch) for s in config.data.training}
    scored = config.evaluation.degradation
    return TrialImages(
        training=training,
        validation=opened(config.data.validation, config.data.degradation, smallest),
        benchmarks=tuple(opened(s, scored, smallest) for s in config.evaluation.benchmarks),
    )


def known_hashes(config: TrialConfig, ledger: Ledger) -> DataHashes | None:
    """Return the content hashes without decoding an image, or None if some are not packed yet.

    Raises:
        DataError: If a folder cannot be used.
    """

    def known(source: ImageSource, degradation: Degradation) -> str | None:
        return known_content_hash(source, config.model.scale, degradation, ledger.images)

    scored = config.evaluation.degradation
    training = {s.name: known(s, config.data.degradation) for s in config.data.training}
    benchmarks = {s.name: known(s, scored) for s in config.evaluation.benchmarks}
    validation = known(config.data.validation, config.data.degradation)
    found = [*training.values(), *benchmarks.values(), validation]
    if validation is None or None in found:
        return None
    return DataHashes(
        training={name: digest for name, digest in training.items() if digest},
        validation=validation,
        benchmarks={name: digest for name, digest in benchmarks.items() if digest},
    )
