"""Scores on the device are those of scikit-image; here the device is the CPU, or CUDA if any."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode

from workbench.evaluation import device_metrics
from workbench.evaluation.device_metrics import score_tensors, to_score
from workbench.evaluation.metrics import score_image, to_uint8

DB, SSIM = 1e-11, 1e-12


def image(height: int, width: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (height, width, 3), generator=generator, dtype=torch.uint8)


def noisy(hr: Tensor, deviation: float, seed: int = 1) -> Tensor:
    """Return an output of a network, some of its values outside 0..1."""
    clean = hr.permute(2, 0, 1)[None] / 255
    generator = torch.Generator().manual_seed(seed)
    return clean + deviation * torch.randn(clean.shape, generator=generator)


def assert_same_scores(sr: Tensor, hr: Tensor, crop_px: int) -> None:
    expected = score_image("a", to_uint8(sr), hr.numpy(), crop_px)
    values = score_tensors(sr, hr, crop_px)
    assert (values.shape, values.dtype) == ((5,), torch.float64)
    found = to_score("a", values.tolist())
    assert found.name == expected.name
    assert found.psnr_rgb_db == pytest.approx(expected.psnr_rgb_db, rel=0, abs=DB)
    assert found.psnr_y_db == pytest.approx(expected.psnr_y_db, rel=0, abs=DB)
    assert found.ssim_rgb == pytest.approx(expected.ssim_rgb, rel=0, abs=SSIM)
    assert found.ssim_y == pytest.approx(expected.ssim_y, rel=0, abs=SSIM)


@pytest.mark.parametrize("deviation", [0.0005, 0.02, 0.5])
@pytest.mark.parametrize(
    ("height", "width", "crop_px"),
    [(11, 11, 0), (19, 19, 4), (13, 40, 1), (41, 17, 3), (64, 52, 2), (37, 61, 4)],
)
def test_scores_are_those_of_scikit_image(
    height: int, width: int, crop_px: int, deviation: float
) -> None:
    hr = image(height, width)
    assert_same_scores(noisy(hr, deviation), hr, crop_px)


@pytest.mark.parametrize("value", [0, 1, 128, 255])
def test_flat_images_score_as_by_scikit_image(value: int) -> None:
    hr = torch.full((24, 30, 3), value, dtype=torch.uint8)
    assert_same_scores(torch.full((1, 3, 24, 30), 0.4), hr, 4)
    assert_same_scores(noisy(hr, 0.01), hr, 4)


def test_identical_images_have_100_db_and_ssim_1() -> None:
    hr = image(40, 36)
    values = score_tensors(noisy(hr, 0), hr, 4).tolist()
    assert values[:4] == pytest.approx([100, 1, 100, 1], abs=1e-12)
    assert values[0] == values[2] == 100.0


def test_an_error_that_luma_does_not_show_has_100_db_there() -> None:
    hr = torch.full((30, 30, 3), 100, dtype=torch.uint8)
    assert_same_scores(noisy(hr, 0), hr, 0)
    # More red and less blue: in Y the two cancel to less than float64 tells.
    sr = torch.tensor([102.0, 100.0, 100 - 2 * 65.481 / 24.966]).view(1, 3, 1, 1) / 255
    assert_same_scores(sr.expand(1, 3, 30, 30), hr, 0)


def test_values_are_rounded_with_halves_to_even() -> None:
    hr = image(20, 20)
    sr = (hr.permute(2, 0, 1)[None].to(torch.float64) + 0.5) / 255
    assert_same_scores(sr, hr, 0)


def test_planes_are_filtered_in_parts_where_images_are_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hr = image(33, 45)
    sr = noisy(hr, 0.1)
    whole = score_tensors(sr, hr, 4)
    monkeypatch.setattr(device_metrics, "_MOST_VALUES", 5 * 25 * 37 * 3)  # three planes, then one
    assert torch.allclose(score_tensors(sr, hr, 4), whole, rtol=0, atol=1e-12)
    monkeypatch.setattr(device_metrics, "_MOST_VALUES", 1)
    assert torch.allclose(score_tensors(sr, hr, 4), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf")])
def test_the_last_value_tells_whether_all_values_are_finite(wrong: float) -> None:
    hr = image(20, 24)
    sr = noisy(hr, 0.1)
    assert score_tensors(sr, hr, 0)[4] == 1
    sr[0, 1, 3, 5] = wrong
    assert score_tensors(sr, hr, 0)[4] == 0


@pytest.mark.parametrize("size", [(1, 3, 20, 24), (1, 3, 24, 18), (3, 24, 20)])
def test_images_of_other_sizes_are_refused(size: tuple[int, ...]) -> None:
    rule = r"^images must have one size, at least 19 px a side with a crop of 4 px, got "
    with pytest.raises(ValueError, match=rule):
        score_tensors(torch.zeros(size), image(24, 20), 4)


def test_images_with_less_than_a_window_inside_the_crop_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^images must have one size, at least 19 px a side"):
        score_tensors(torch.zeros(1, 3, 18, 40), image(18, 40), 4)


def test_nothing_waits_for_the_device() -> None:
    with FakeTensorMode():  # tensors without values: whatever needs one on the host raises
        sr = torch.empty(1, 3, 40, 44, device="cuda")
        hr = torch.empty(40, 44, 3, dtype=torch.uint8, device="cuda")
        assert score_tensors(sr, hr, 4).device.type == "cuda"


@pytest.mark.gpu
@pytest.mark.parametrize(("height", "width"), [(19, 40), (340, 510), (1356, 2040)])
def test_scores_on_cuda_are_those_of_scikit_image(height: int, width: int) -> None:
    hr = image(height, width)
    sr = noisy(hr, 0.03)
    one = score_image("a", to_uint8(sr), hr.numpy(), 4)
    expected = [one.psnr_rgb_db, one.ssim_rgb, one.psnr_y_db, one.ssim_y, 1.0]
    found = score_tensors(sr.cuda(), hr.cuda(), 4)
    assert found.device.type == "cuda"
    np.testing.assert_allclose(found.tolist(), expected, rtol=0, atol=1e-9)
