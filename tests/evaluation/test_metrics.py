"""PSNR, SSIM and rounding against numbers made by hand."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from workbench.data.images import read_rgb
from workbench.evaluation.metrics import score_image, smallest_hr_px, to_uint8

Pixels = NDArray[np.uint8]


def random_image(height: int = 40, width: int = 36, seed: int = 0) -> Pixels:
    generator = np.random.default_rng(seed)
    return generator.integers(20, 230, (height, width, 3), dtype=np.uint8)


def flat(red: int, green: int, blue: int) -> Pixels:
    return np.full((32, 32, 3), (red, green, blue), dtype=np.uint8)


def ramp(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32).expand(1, 3, 2, len(values)) / 255


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, 0),
        (0.49, 0),
        (0.51, 1),
        (0.5, 0),
        (1.5, 2),
        (2.5, 2),
        (127.49, 127),
        (127.51, 128),
        (254.49, 254),
        (254.51, 255),
        (-3.0, 0),
        (-1e9, 0),
        (255.4, 255),
        (400.0, 255),
        (math.inf, 255),
        (-math.inf, 0),
    ],
)
def test_values_are_clamped_and_rounded_with_halves_to_even(value: float, expected: int) -> None:
    image = torch.full((1, 3, 2, 2), value, dtype=torch.float64) / 255
    assert np.array_equal(to_uint8(image), np.full((2, 2, 3), expected))


def test_every_byte_survives_the_way_to_0_1_and_back() -> None:
    assert np.array_equal(to_uint8(ramp(*range(256)))[0, :, 0], np.arange(256))


def test_channels_come_last_and_keep_their_order() -> None:
    image = torch.zeros(1, 3, 4, 5)
    image[0, 1, 2, 3] = 1
    array = to_uint8(image)
    assert array.shape == (4, 5, 3)
    assert array.dtype == np.uint8
    assert array.flags.c_contiguous
    assert np.argwhere(array).tolist() == [[2, 3, 1]]


def test_identical_images_have_100_db_and_ssim_1() -> None:
    score = score_image("a", random_image(), random_image(), 4)
    assert (score.name, score.psnr_rgb_db, score.psnr_y_db) == ("a", 100.0, 100.0)
    assert score.ssim_rgb == pytest.approx(1, abs=1e-12)
    assert score.ssim_y == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("error", [1, 2, 16])
def test_psnr_of_a_constant_error(error: int) -> None:
    hr = random_image()
    score = score_image("a", hr + np.uint8(error), hr, 4)
    assert score.psnr_rgb_db == pytest.approx(20 * math.log10(255 / error), abs=1e-9)
    # Grey of e in RGB is e * 219 / 255 in Y.
    assert score.psnr_y_db == pytest.approx(20 * math.log10(255**2 / (219 * error)), abs=1e-9)


def test_psnr_rgb_is_of_the_mean_error_of_the_channels() -> None:
    hr = random_image()
    sr = hr.copy()
    sr[..., 0] += 6
    expected = 10 * math.log10(255**2 / (36 / 3))
    assert score_image("a", sr, hr, 4).psnr_rgb_db == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("colour", "luma"),
    [
        ((0, 0, 0), 16.0),
        ((255, 255, 255), 235.0),
        ((255, 0, 0), 16 + 65.481),
        ((0, 255, 0), 16 + 128.553),
        ((0, 0, 255), 16 + 24.966),
        ((10, 100, 200), 16 + (65.481 * 10 + 128.553 * 100 + 24.966 * 200) / 255),
    ],
)
def test_y_is_bt601_luma_and_not_rounded(colour: tuple[int, int, int], luma: float) -> None:
    black = flat(0, 0, 0)
    score = score_image("a", flat(*colour), black, 4)
    error = luma - 16.0
    expected = 20 * math.log10(255 / error) if error else 100.0
    assert score.psnr_y_db == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("crop", [0, 2, 4])
def test_the_border_and_only_the_border_is_cropped(crop: int) -> None:
    hr = random_image()
    sr = hr.copy()
    sr[:crop] = sr[:, :crop] = 0
    sr[len(sr) - crop :] = sr[:, sr.shape[1] - crop :] = 0
    assert score_image("a", sr, hr, crop).psnr_rgb_db == 100.0
    for place in [(crop, crop), (-crop - 1, -crop - 1)]:
        wrong = sr.copy()
        wrong[place] ^= 255
        assert score_image("a", wrong, hr, crop).psnr_rgb_db < 100.0


def ssim_by_definition(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """SSIM of one channel: Gaussian window of 11 px and sigma 1.5, biased moments, no padding."""
    x = np.arange(-5, 6)
    line = np.exp(-(x**2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        views = np.lib.stride_tricks.sliding_window_view(values, (11, 11))
        averaged: NDArray[np.float64] = np.einsum("ijkl,kl->ij", views, window)
        return averaged

    mu, nu = mean(one), mean(other)
    covariance = mean(one * other) - mu * nu
    variances = mean(one**2) - mu**2 + mean(other**2) - nu**2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    top = (2 * mu * nu + c1) * (2 * covariance + c2)
    return float((top / ((mu**2 + nu**2 + c1) * (variances + c2))).mean())


def test_ssim_is_that_of_its_definition() -> None:
    hr, noise = random_image(), random_image(seed=1)
    sr = (0.8 * hr + 0.2 * noise).astype(np.uint8)
    score = score_image("a", sr, hr, 3)
    inner = slice(3, -3)
    one, other = (image[inner, inner].astype(np.float64) for image in (sr, hr))
    channels = [ssim_by_definition(one[..., c], other[..., c]) for c in range(3)]
    assert score.ssim_rgb == pytest.approx(np.mean(channels), abs=1e-9)
    luma = np.array([65.481, 128.553, 24.966]) / 255
    assert score.ssim_y == pytest.approx(
        ssim_by_definition(one @ luma + 16, other @ luma + 16), abs=1e-9
    )


def test_images_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^a: images must have one shape.*\(40, 35, 3\) and"):
        score_image("a", random_image(width=35), random_image(), 4)


@pytest.mark.parametrize("crop", [2, 4])
def test_the_smallest_image_that_can_be_scored(crop: int) -> None:
    side = smallest_hr_px(crop)
    assert side == 2 * crop + 11
    image = random_image(side, side)
    assert score_image("a", image, image, crop).ssim_rgb == pytest.approx(1, abs=1e-12)
    shape = re.escape(f"{(side, side - 1, 3)}")
    with pytest.raises(
        ValueError, match=f"at least 11 px beyond the crop of {crop} px, got {shape}"
    ):
        score_image("a", image[:, 1:], image[:, 1:], crop)


@pytest.mark.reference
def test_bicubic_enlarging_of_set5_scores_as_published(reference: Path) -> None:
    """Papers give 28.42 dB for MATLAB's bicubic; Pillow's differs in the second digit."""
    folder = reference / "benchmarks" / "Set5"
    scores = []
    for path in sorted((folder / "HR").iterdir()):
        hr, _ = read_rgb(path)
        hr = hr[: hr.shape[0] // 4 * 4, : hr.shape[1] // 4 * 4]
        with Image.open(folder / "X4" / path.name) as lr:
            size = (hr.shape[1], hr.shape[0])
            sr = np.asarray(lr.convert("RGB").resize(size, Image.Resampling.BICUBIC))
        scores.append(score_image(path.stem, sr, hr, 4))
    assert np.mean([score.psnr_y_db for score in scores]) == pytest.approx(28.42, abs=0.05)
    assert np.mean([score.ssim_y for score in scores]) == pytest.approx(0.8104, abs=0.003)
