"""Made LR images against the official files, and the two ways of rounding."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.config.data import Degradation
from workbench.data.bicubic import crop_to_multiple, downscale, imresize
from workbench.data.images import read_rgb
from workbench.errors import InputSizeError

SET5 = ("baby", "bird", "butterfly", "head", "woman")


def random_image(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def differences(reference: Path, scale: int, name: str) -> np.ndarray:
    folder = reference / "benchmarks" / "Set5"
    hr, _ = read_rgb(folder / "HR" / f"{name}.png")
    official, _ = read_rgb(folder / f"X{scale}" / f"{name}.png")
    made = downscale(hr, scale, "bicubic")
    assert made.shape == official.shape
    found: np.ndarray = np.abs(made.astype(int) - official.astype(int))
    return found


@pytest.mark.reference
@pytest.mark.parametrize("name", SET5)
@pytest.mark.parametrize("scale", [3, 4])
def test_x3_and_x4_of_set5_are_the_official_files(reference: Path, scale: int, name: str) -> None:
    assert differences(reference, scale, name).max() == 0


@pytest.mark.reference
def test_x2_of_set5_differs_in_54_pixels_by_one(reference: Path) -> None:
    found = [differences(reference, 2, name) for name in SET5]
    assert sum(int(np.count_nonzero(image.max(axis=2))) for image in found) <= 54
    assert max(int(image.max()) for image in found) <= 1


@pytest.mark.parametrize(
    ("size", "scale", "cropped"),
    [((9, 13), 4, (8, 12)), ((9, 12), 3, (9, 12)), ((11, 10), 2, (10, 10)), ((8, 8), 4, (8, 8))],
)
def test_sides_are_cropped_to_a_multiple_at_the_right_and_the_bottom(
    size: tuple[int, int], scale: int, cropped: tuple[int, int]
) -> None:
    image = random_image(*size)
    cut = crop_to_multiple(image, scale)
    assert cut.shape == (*cropped, 3)
    assert np.array_equal(cut, image[: cropped[0], : cropped[1]])


@pytest.mark.parametrize("degradation", ["bicubic", "bicubic-uint8"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_what_is_cropped_has_no_influence(scale: int, degradation: Degradation) -> None:
    image = random_image(10 * scale + 1, 70 * scale + scale - 1)
    small = downscale(image, scale, degradation)
    assert small.shape == (10, 70, 3)
    assert small.flags.c_contiguous
    assert np.array_equal(small, downscale(crop_to_multiple(image, scale), scale, degradation))


@pytest.mark.parametrize("value", [0, 1, 127, 255])
@pytest.mark.parametrize("degradation", ["bicubic", "bicubic-uint8"])
def test_a_flat_image_keeps_its_value(value: int, degradation: Degradation) -> None:
    image = np.full((24, 36, 3), value, dtype=np.uint8)
    assert np.array_equal(downscale(image, 4, degradation), np.full((6, 9, 3), value))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_width_of_the_strips_has_no_influence(scale: int) -> None:
    image = random_image(20 * scale, 130 * scale)
    whole = downscale(image, scale, "bicubic")
    # Columns of LR far from a cut are those of a part of the image.
    part = downscale(image[:, 30 * scale : 100 * scale], scale, "bicubic")
    assert np.array_equal(part[:, 5:-5], whole[:, 35:95])


def weights(scale: int) -> np.ndarray:
    """MATLAB's cubic kernel for the pixels -2 * scale .. 3 * scale around LR pixel 0."""
    centre = (scale - 1) / 2
    x = np.abs((np.arange(-2 * scale, 3 * scale) - centre) / scale)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    kernel: np.ndarray = np.where(x <= 1, near, np.where(x <= 2, far, 0))
    kernel /= kernel.sum()
    return kernel


def shrink_rows(values: np.ndarray, scale: int) -> np.ndarray:
    """Resize the first axis by the definition, edges mirrored; float64."""
    height = values.shape[0]
    reach = 2 * scale
    padded = np.pad(values, [(reach, reach), (0, 0), (0, 0)], mode="symmetric")
    kernel = weights(scale)
    return np.stack(
        [
            np.tensordot(kernel, padded[row : row + len(kernel)], axes=1)
            for row in range(0, height, scale)
        ]
    )


def close_to_the_definition(made: np.ndarray, exact: np.ndarray) -> bool:
    """Equal but for values within float32's error of a half."""
    half = np.abs(exact - np.floor(exact) - 0.5) < 1e-3
    return bool(np.all((np.round(exact).clip(0, 255) == made) | half))


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_rounds_once_and_bicubic_uint8_after_each_dimension(scale: int) -> None:
    image = random_image(20 * scale, 17 * scale)
    rows = shrink_rows(image.astype(float), scale)
    exact = shrink_rows(rows.transpose(1, 0, 2), scale).transpose(1, 0, 2)
    assert close_to_the_definition(downscale(image, scale, "bicubic"), exact)

    twice = downscale(image, scale, "bicubic-uint8")
    assert not close_to_the_definition(twice, exact)
    rounded = np.round(rows).clip(0, 255)
    exact = shrink_rows(rounded.transpose(1, 0, 2), scale).transpose(1, 0, 2)
    # A value of the rows that lies at a half may go either way and moves the result.
    wrong = ~np.isclose(np.round(exact).clip(0, 255), twice, atol=0)
    assert wrong.mean() < 0.005


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_smallest_image_is_two_lr_pixels_wide(scale: int) -> None:
    assert downscale(random_image(2 * scale, 2 * scale), scale, "bicubic").shape == (2, 2, 3)
    with pytest.raises(
        InputSizeError,
        match=rf"^{2 * scale - 1}x{9 * scale} px, but x{scale} needs at least "
        rf"{2 * scale}x{2 * scale} px$",
    ):
        downscale(random_image(9 * scale, 2 * scale - 1), scale, "bicubic")


def test_imresize_is_that_of_piq_without_the_rest_of_piq(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = [name for name in sys.modules if name.partition(".")[0] in ("piq", "torchvision")]
    for name in loaded:
        monkeypatch.delitem(sys.modules, name)
    found = imresize.__wrapped__()
    assert not {"piq", "torchvision"} & set(sys.modules)
    monkeypatch.undo()
    from piq.functional import imresize as expected

    image = torch.rand(1, 3, 17, 23)
    assert torch.equal(found(image, sizes=(9, 41)), expected(image, sizes=(9, 41)))


def test_imresize_is_found_where_piq_has_no_file_of_its_own_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from piq.functional import imresize as expected

    monkeypatch.setattr("workbench.data.bicubic.find_spec", lambda _: None)
    assert imresize.__wrapped__() is expected
