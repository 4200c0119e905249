"""Images that a network is both trained on and scored on. No torch.

Equal means equal HR pixels, as they are packed: the file's name, folder and format do not matter.
A score on such images says how well a network remembers them, so a study with an overlap starts
only if the user allows it, and the protocol of its scores then says so in every table.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.config.trial import TrialConfig
from workbench.data.image_store import ImageStore
from workbench.errors import DataError
from workbench.results import DatasetScores, TrainedOn
from workbench.trial.images import TrialImages

_SAMPLED_ROWS = 4
_NAMED = 3
"""Images that a message names; of the others it says how many there are."""


@dataclass(frozen=True)
class Overlap:
    """Equal images of one training source and of one set that networks are scored on."""

    training: str
    """Name of the training source."""
    scored: str
    """Name of the validation source or of the benchmark."""
    is_validation: bool
    images: tuple[tuple[str, str], ...]
    """(name among the training images, name among the scored ones) of each pair."""


def find_overlaps(config: TrialConfig, images: TrialImages) -> tuple[Overlap, ...]:
    """Compare the training images of a trial with its validation images and benchmarks.

    Only images of equal size are read: four rows of each, and all of those whose rows agree.

    Args:
        config: Says which of the training images are used.
        images: The packed images of the trial.
    """
    scored = [(images.validation, True), *((store, False) for store in images.benchmarks)]
    sizes = {store.size_px(index) for store, _ in scored for index in range(len(store))}
    found = []
    for name, count in _used_images(config, images).items():
        index = _by_sample(images.training[name], count, sizes)
        for store, is_validation in scored:
            pairs = tuple(_equal_images(images.training[name], index, store))
            if pairs:
                found.append(Overlap(name, store.name, is_validation, pairs))
    return tuple(found)


def check_tuning_images(config: TrialConfig, images: TrialImages) -> None:
    """Refuse to tune on images that are scored.

    What is chosen on the images of a benchmark is too good there, and not by the same amount for
    each network.

    Args:
        config: The trial; its folders are named.
        images: The packed images of the trial.

    Raises:
        DataError: Naming the folders, how many images they share and the first of them.
    """
    validation = images.validation
    sizes = {store.size_px(index) for store in images.benchmarks for index in range(len(store))}
    index = _by_sample(validation, len(validation), sizes)
    folders = {source.name: source.folder for source in config.evaluation.benchmarks}
    for store in images.benchmarks:
        pairs = tuple(_equal_images(validation, index, store))
        if pairs:
            raise DataError(
                f"--retune would choose on images that are scored: {len(pairs)} of validation "
                f"{validation.name} ({config.data.validation.folder}) and benchmark {store.name} "
                f"({folders[store.name]}): {_listed(pairs)}; give other images with --validation "
                "or --benchmark, or add --allow-overlap"
            )


def check_overlaps(config: TrialConfig, overlaps: Sequence[Overlap]) -> None:
    """Refuse to train on images that are scored.

    Args:
        config: The trial; its folders are named.
        overlaps: What was found for it.

    Raises:
        DataError: Naming the folders, how many images they share and the first of them.
    """
    if not overlaps:
        return
    training = {source.name: source.folder for source in config.data.training}
    benchmarks = {source.name: source.folder for source in config.evaluation.benchmarks}
    parts = []
    for one in overlaps:
        folder = config.data.validation.folder if one.is_validation else benchmarks[one.scored]
        role = "validation" if one.is_validation else "benchmark"
        parts.append(
            f"{len(one.images)} of training {one.training} ({training[one.training]}) and "
            f"{role} {one.scored} ({folder}): {_listed(one.images)}"
        )
    raise DataError(
        f"training images are also scored: {'; '.join(parts)}; remove them from one side, or add "
        "--allow-overlap, and every table will say so"
    )


def check_same(overlaps: Mapping[str, Sequence[Overlap]]) -> None:
    """Refuse arms that share other images with a benchmark: one table could not show them.

    Args:
        overlaps: By name of the arm.

    Raises:
        DataError: Naming the first two arms that differ.
    """
    (base, expected), *others = overlaps.items()
    for name, found in others:
        if _scored_names(found) != _scored_names(expected):
            raise DataError(
                f"{name} and {base} are trained on different images of the validation set or the "
                "benchmarks, so their scores cannot be compared; remove these images"
            )


def with_overlaps(scores: DatasetScores, overlaps: Sequence[Overlap]) -> DatasetScores:
    """Say in the protocol of a benchmark's scores how many images were trained on."""
    trained_on = TrainedOn(
        benchmark_images=_scored_images(
            one for one in overlaps if not one.is_validation and one.scored == scores.dataset
        ),
        validation_images=_scored_images(one for one in overlaps if one.is_validation),
    )
    if not (trained_on.benchmark_images or trained_on.validation_images):
        return scores
    protocol = scores.protocol.model_copy(update={"trained_on": trained_on})
    return scores.model_copy(update={"protocol": protocol})


def _used_images(config: TrialConfig, images: TrialImages) -> dict[str, int]:
    """Return how many of the first images of each training source some stage uses."""
    used: dict[str, int] = {}
    for stage in config.training.stages:
        for name, store in images.training.items():
            if stage.sources is None:
                used[name] = len(store)
                continue
            firsts = [source.first for source in stage.sources if source.name == name]
            counts = [len(store) if first is None else first for first in firsts]
            used[name] = max(used.get(name, 0), *counts, 0)
    return used


def _by_sample(
    store: ImageStore, count: int, sizes: set[tuple[int, int]]
) -> dict[tuple[tuple[int, int], bytes], list[int]]:
    """Return the first images of a store by size and a hash of some rows."""
    found: dict[tuple[tuple[int, int], bytes], list[int]] = {}
    for index in range(min(count, len(store))):
        if store.size_px(index) in sizes:
            found.setdefault(_sample(store, index), []).append(index)
    return found


def _sample(store: ImageStore, index: int) -> tuple[tuple[int, int], bytes]:
    height, width = store.size_px(index)
    # Neighbouring rows lie together in the file, so this is one short read.
    rows = store.hr(index)[height // 2 : height // 2 + _SAMPLED_ROWS]
    return (height, width), hashlib.sha256(rows.tobytes()).digest()


def _equal_images(
    training: ImageStore,
    by_sample: dict[tuple[tuple[int, int], bytes], list[int]],
    scored: ImageStore,
) -> Iterable[tuple[str, str]]:
    if not by_sample:
        return
    for index in range(len(scored)):
        for candidate in by_sample.get(_sample(scored, index), ()):
            if np.array_equal(training.hr(candidate), scored.hr(index)):
                yield training.names[candidate], scored.names[index]


def _scored_names(overlaps: Sequence[Overlap]) -> set[tuple[bool, str, str]]:
    return {(one.is_validation, one.scored, name) for one in overlaps for _, name in one.images}


def _scored_images(overlaps: Iterable[Overlap]) -> int:
    return len({name for one in overlaps for _, name in one.images})


def _listed(pairs: Sequence[tuple[str, str]]) -> str:
    names = [a if a == b else f"{a} = {b}" for a, b in pairs[:_NAMED]]
    more = f" and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
    return ", ".join(names) + more
