"""The images of a trial: packed once, opened by every process that needs them. No torch."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from workbench.config.base import Frozen
from workbench.config.data import Degradation, ImageSource
from workbench.config.trial import TrialConfig
from workbench.data.image_store import ImageStore, known_content_hash, open_store
from workbench.data.packing import fingerprint
from workbench.data.sources import find_images
from workbench.store.keys import DataHashes
from workbench.store.ledger import Ledger
from workbench.system.progress import Progress, silent


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


class PackedImages(Frozen):
    """Where the packed images of a trial are: the folders' names below `images/` of a store."""

    training: dict[str, str]
    """By name of the source."""
    validation: tuple[str, str]
    """(name of the source, folder)."""
    benchmarks: dict[str, str]

    def fingerprints(self) -> tuple[str, ...]:
        """Return all folders, each once."""
        found = [*self.training.values(), self.validation[1], *self.benchmarks.values()]
        return tuple(dict.fromkeys(found))


def packed_images(config: TrialConfig) -> PackedImages:
    """Return where the images of a trial are when they are packed.

    Raises:
        DataError: If a folder cannot be used.
    """

    def place(source: ImageSource, degradation: Degradation) -> str:
        files = find_images(source, config.model.scale)
        return fingerprint(files, config.model.scale, degradation)

    validation, scored = config.data.validation, config.evaluation.degradation
    return PackedImages(
        training={s.name: place(s, config.data.degradation) for s in config.data.training},
        validation=(validation.name, place(validation, config.data.degradation)),
        benchmarks={s.name: place(s, scored) for s in config.evaluation.benchmarks},
    )


def open_packed(images: PackedImages, ledger: Ledger) -> TrialImages:
    """Open images that are packed, without the files that they were packed from.

    Their pixels are not compared with their digests; see `ImageStore.is_intact`.

    Raises:
        DataError: If they are not there.
    """

    def opened(name: str, folder: str) -> ImageStore:
        return ImageStore(ledger.paths.packed(folder), name)

    return TrialImages(
        training={name: opened(name, folder) for name, folder in images.training.items()},
        validation=opened(*images.validation),
        benchmarks=tuple(opened(name, folder) for name, folder in images.benchmarks.items()),
    )


def images_needed(config: TrialConfig) -> Hashable:
    """Return what the images of a trial depend on; those of two equal answers are the same."""
    scored = config.evaluation.benchmarks, config.evaluation.degradation
    return config.data, scored, config.model.scale, _largest_patch(config), _smallest_hr(config)


def _largest_patch(config: TrialConfig) -> int:
    return max(stage.hr_patch_px for stage in config.training.stages)


def _smallest_hr(config: TrialConfig) -> int:
    return config.model.smallest_lr_px() * config.model.scale


def open_images(
    config: TrialConfig, ledger: Ledger, progress: Progress = silent, *, check: bool = True
) -> TrialImages:
    """Open the packed images of a trial, packing what is not packed yet.

    Args:
        config: Of the trial.
        ledger: Whose store holds them.
        progress: Called for each image that is packed.
        check: Compare all pixels with their digests, once in a process, and pack damaged images
            again. Without it the images must have been checked by another process.

    Raises:
        DataError: If an image cannot be used.
        StoreError: If the store cannot be written.
    """
    patch, smallest = _largest_patch(config), _smallest_hr(config)

    def opened(source: ImageSource, degradation: Degradation, smallest_hr_px: int) -> ImageStore:
        return open_store(
            source,
            config.model.scale,
            degradation,
            folder=ledger.paths.images,
            smallest_hr_px=smallest_hr_px,
            progress=progress,
            check=check,
        )

    training = {s.name: opened(s, config.data.degradation, patch) for s in config.data.training}
    scored = config.evaluation.degradation
    return TrialImages(
        training=training,
        validation=opened(config.data.validation, config.data.degradation, smallest),
        benchmarks=tuple(opened(s, scored, smallest) for s in config.evaluation.benchmarks),
    )


def check_images(configs: Iterable[TrialConfig], ledger: Ledger) -> None:
    """Compare the packed images of trials with their digests, before the trials begin.

    Each store is read once in a process. A damaged one is named and packed again.

    Raises:
        DataError: If damaged images cannot be packed again, as their files are gone or unusable.
        StoreError: If the store cannot be written.
    """
    sources = dict.fromkeys(
        (source, config.model.scale, degradation)
        for config in configs
        for source, degradation in _sources(config)
    )
    for source, scale, degradation in sources:
        open_store(source, scale, degradation, folder=ledger.paths.images)


def _sources(config: TrialConfig) -> Iterator[tuple[ImageSource, Degradation]]:
    """Yield all images of a trial with what makes their LR."""
    for source in (*config.data.training, config.data.validation):
        yield source, config.data.degradation
    for source in config.evaluation.benchmarks:
        yield source, config.evaluation.degradation


def known_hashes(config: TrialConfig, ledger: Ledger) -> DataHashes | None:
    """Return the content hashes without decoding an image, or None if some are not packed yet.

    Raises:
        DataError: If a folder cannot be used.
    """

    def known(source: ImageSource, degradation: Degradation) -> str | None:
        return known_content_hash(source, config.model.scale, degradation, ledger.paths.images)

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


def named_hashes(config: TrialConfig, ledger: Ledger) -> dict[str, str]:
    """Return the content hash of each set of images by use and name, such as `benchmark Set5`.

    Returns:
        Nothing if some are not packed yet.

    Raises:
        DataError: If a folder cannot be used.
    """
    known = known_hashes(config, ledger)
    if known is None:
        return {}
    return {
        **{f"training {name}": found for name, found in known.training.items()},
        f"validation {config.data.validation.name}": known.validation,
        **{f"benchmark {name}": found for name, found in known.benchmarks.items()},
    }


def changed_images(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the sets of images in both that have another content, by use and name."""
    return [name for name, found in now.items() if before.get(name, found) != found]
