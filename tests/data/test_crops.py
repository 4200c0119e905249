"""Crops as a function of seed, stage and step; LR and HR stay aligned."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.config.data import ImageSource
from workbench.data.crops import CropSampler, orient
from workbench.data.image_store import ImageStore, open_store

pytestmark = pytest.mark.xdist_group("data-crops")

SCALE, HR_PATCH = 4, 24
LR_PATCH = HR_PATCH // SCALE
SIZES = ((6, 9), (13, 7), (6, 6), (16, 20), (8, 8))
"""(height, width) of the LR images; the third allows one place only."""


def lr_image(number: int, height: int, width: int) -> np.ndarray:
    """Every pixel tells its image and place: (number, row, column)."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([np.full_like(rows, number), rows, columns], axis=2).astype(np.uint8)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImageStore, ImageStore]:
    """Return two stores of given LR; HR is LR with every pixel repeated."""
    folder = tmp_path_factory.mktemp("crops")
    opened = []
    for name, numbers in (("first", (0, 1, 2)), ("second", (3, 4))):
        for kind, repeat in (("HR", SCALE), ("X4", 1)):
            (folder / name / kind).mkdir(parents=True)
            for number in numbers:
                pixels = lr_image(number, *SIZES[number])
                pixels = pixels.repeat(repeat, axis=0).repeat(repeat, axis=1)
                Image.fromarray(pixels).save(folder / name / kind / f"{number}.png")
        source = ImageSource(name=name, folder=str(folder / name))
        opened.append(open_store(source, SCALE, "bicubic", folder=folder / "stores"))
    return opened[0], opened[1]


def sampler(
    stores: Sequence[ImageStore],
    *,
    seed: int = 3,
    stage: int = 0,
    batch_size: int = 4,
    first: Sequence[int | None] | None = None,
) -> CropSampler:
    return CropSampler(
        stores, seed=seed, stage=stage, hr_patch_px=HR_PATCH, batch_size=batch_size, first=first
    )


def numbers_of(lr: np.ndarray) -> list[int]:
    """Return the images of a batch."""
    assert all(len(np.unique(patch[..., 0])) == 1 for patch in lr)
    return [int(patch[0, 0, 0]) for patch in lr]


def place_of(patch: np.ndarray) -> tuple[int, int, int]:
    """Return (top, left, turn) of an LR patch, found by trying all turns."""
    top, left = int(patch[..., 1].min()), int(patch[..., 2].min())
    upright = lr_image(int(patch[0, 0, 0]), 256, 256)[top:, left:][:LR_PATCH, :LR_PATCH]
    turns = [turn for turn in range(8) if np.array_equal(orient(upright, turn), patch)]
    assert len(turns) == 1
    return top, left, turns[0]


Stores = tuple[ImageStore, ImageStore]


def test_batches_have_the_asked_shapes_and_are_of_bytes(stores: Stores) -> None:
    lr, hr = sampler(stores).batch(0)
    assert lr.shape == (4, LR_PATCH, LR_PATCH, 3)
    assert hr.shape == (4, HR_PATCH, HR_PATCH, 3)
    assert lr.dtype == hr.dtype == np.uint8
    assert lr.flags.writeable


def test_the_same_step_gives_the_same_batch_in_any_order(stores: Stores) -> None:
    ahead, back = sampler(stores), sampler(stores)
    forwards = {step: ahead.batch(step) for step in range(12)}
    for step in (11, 3, 3, 0, 7):
        for one, other in zip(forwards[step], back.batch(step), strict=True):
            assert np.array_equal(one, other)


def test_steps_seeds_and_stages_have_batches_of_their_own(stores: Stores) -> None:
    asked = [(seed, stage, step) for seed in (0, 1, 256) for stage in (0, 1) for step in range(5)]
    batches = [
        sampler(stores, seed=seed, stage=stage, batch_size=16).batch(step)[0].tobytes()
        for seed, stage, step in asked
    ]
    assert len(set(batches)) == len(asked)


def test_lr_and_hr_are_aligned_in_every_orientation(stores: Stores) -> None:
    for step in range(50):
        lr, hr = sampler(stores).batch(step)
        assert np.array_equal(hr, lr.repeat(SCALE, axis=1).repeat(SCALE, axis=2))


def test_all_orientations_and_all_places_occur(stores: Stores) -> None:
    found: dict[int, set[tuple[int, int]]] = {}
    turns: list[int] = []
    for step in range(400):
        for patch in sampler(stores, batch_size=8).batch(step)[0]:
            top, left, turn = place_of(patch)
            found.setdefault(int(patch[0, 0, 0]), set()).add((top, left))
            turns.append(turn)
    for number, (height, width) in enumerate(SIZES):
        tops, lefts = range(height - LR_PATCH + 1), range(width - LR_PATCH + 1)
        wanted = {(top, left) for top in tops for left in lefts}
        assert found[number] <= wanted
        assert len(found[number]) >= 0.9 * len(wanted)
        assert {(0, 0), (tops[-1], lefts[-1])} <= found[number]
    counts = np.bincount(turns, minlength=8)
    assert counts.min() > 0.8 * counts.mean()
    assert counts.max() < 1.2 * counts.mean()


@pytest.mark.parametrize("batch_size", [1, 3, 5, 12])
def test_each_epoch_uses_every_image_once(stores: Stores, batch_size: int) -> None:
    crops = sampler(stores, batch_size=batch_size)
    drawn = [number for step in range(60) for number in numbers_of(crops.batch(step)[0])]
    epochs = [drawn[start : start + 5] for start in range(0, len(drawn) - 4, 5)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs)
    assert any(one != other for one, other in pairwise(epochs))


def test_the_order_does_not_depend_on_the_batch_size(stores: Stores) -> None:
    one, many = sampler(stores, batch_size=1), sampler(stores, batch_size=10)
    drawn = [number for step in range(20) for number in numbers_of(one.batch(step)[0])]
    assert drawn == [number for step in range(2) for number in numbers_of(many.batch(step)[0])]


@pytest.mark.parametrize(
    ("first", "used"),
    [
        ((None, None), {0, 1, 2, 3, 4}),
        ((2, None), {0, 1, 3, 4}),
        ((1, 1), {0, 3}),
        ((9, 1), {0, 1, 2, 3}),
    ],
)
def test_only_the_first_images_of_a_store_are_used(
    stores: Stores, first: tuple[int | None, ...], used: set[int]
) -> None:
    crops = sampler(stores, first=first)
    assert {number for step in range(10) for number in numbers_of(crops.batch(step)[0])} == used


def test_one_limit_for_each_store_is_needed(stores: Stores) -> None:
    with pytest.raises(ValueError, match="shorter than argument 1"):
        sampler(stores, first=(1,))


def test_the_eight_orientations_differ_and_are_views(stores: Stores) -> None:
    patch = lr_image(0, LR_PATCH, LR_PATCH)
    turned = [orient(patch, turn) for turn in range(8)]
    assert len({view.tobytes() for view in turned}) == 8
    assert all(np.shares_memory(view, patch) for view in turned)
    assert np.array_equal(turned[0], patch)
    assert np.array_equal(turned[1], patch[::-1])
    assert np.array_equal(turned[2], patch[:, ::-1])
    assert np.array_equal(turned[4], patch.transpose(1, 0, 2))


def test_crops_of_made_lr_fit_their_hr(photos: Path, tmp_path: Path) -> None:
    """On real photographs a shift of a pixel would show as a larger error."""
    source = ImageSource(name="photos", folder=str(photos))
    crops = sampler([open_store(source, SCALE, "bicubic", folder=tmp_path)], batch_size=32)
    lr, hr = (batch.astype(float) for batch in crops.batch(0))
    boxes = hr.reshape(32, LR_PATCH, SCALE, LR_PATCH, SCALE, 3).mean(axis=(2, 4))
    error = np.abs(boxes - lr).mean()
    for axis in (1, 2):
        for shift in (-1, 1):
            assert error < 0.5 * np.abs(boxes - np.roll(lr, shift, axis=axis)).mean()
