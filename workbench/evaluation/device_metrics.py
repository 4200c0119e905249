"""PSNR and SSIM on the device of an image, in float64: the definitions of `metrics`.

scikit-image takes some 0.3 s of a CPU core for an image of 512 x 512 px. Here one image is scored
with about 80 launches and without a transfer; the caller moves the few numbers.
Scores agree with scikit-image's to 1e-9 dB and 1e-12 of SSIM: sums are taken in another order.
"""

import math

import torch
from torch import Tensor

from workbench.evaluation.metrics import HIGHEST_DB, PEAK, smallest_hr_px
from workbench.results import ImageScore

_LUMA = (65.481, 128.553, 24.966)
"""ITU-R BT.601: weights of R, G and B in 0..1; Y is their sum plus 16."""
_SIGMA = 1.5
_RADIUS_PX = int(3.5 * _SIGMA + 0.5)
"""Where the Gaussian is cut off, as `structural_similarity` of scikit-image does it."""
_C1, _C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2
_MOST_VALUES = 16 * 2**20
"""Values filtered at a time: 128 MiB of float64, of which about six are alive."""


def score_tensors(sr: Tensor, hr: Tensor, crop_px: int) -> Tensor:
    """Score one image where it lies; nothing waits for the device.

    The output is clamped, scaled and rounded to uint8 first, as `metrics.to_uint8` does.

    Args:
        sr: A network's output, (1, 3, H, W), floating point, RGB in about 0..1.
        hr: Ground truth, (H, W, 3) uint8, on the same device.
        crop_px: Cut off each side before scoring.

    Returns:
        (5,) float64 on the device: PSNR of RGB in dB, SSIM of RGB, PSNR of Y in dB, SSIM of Y, and
        1 if every value of `sr` is finite, else 0.

    Raises:
        ValueError: If the sizes differ, or less than SSIM's window is left after cropping.
    """
    height, width = hr.shape[:2]
    if sr.shape != (1, 3, height, width) or min(height, width) < smallest_hr_px(crop_px):
        raise ValueError(
            f"images must have one size, at least {smallest_hr_px(crop_px)} px a side with a crop "
            f"of {crop_px} px, got {tuple(sr.shape)} and {tuple(hr.shape)}"
        )
    rounded = (sr[0].clamp(0, 1) * PEAK).round().to(torch.uint8)
    images = torch.stack([rounded, hr.permute(2, 0, 1)])
    inner = images[..., crop_px : height - crop_px, crop_px : width - crop_px]
    first, second = _rgb_and_luma(inner.to(torch.float64))
    errors = (first - second).square().mean(dim=(1, 2))
    similar = _ssim(first, second)
    finite = torch.isfinite(sr).all().to(torch.float64)
    return torch.stack(
        [_psnr_db(errors[:3].mean()), similar[:3].mean(), _psnr_db(errors[3]), similar[3], finite]
    )


def to_score(name: str, values: list[float]) -> ImageScore:
    """Return the record of one image from the first four values of `score_tensors`."""
    psnr_rgb_db, ssim_rgb, psnr_y_db, ssim_y = values[:4]
    return ImageScore(
        name=name,
        psnr_rgb_db=psnr_rgb_db,
        ssim_rgb=ssim_rgb,
        psnr_y_db=psnr_y_db,
        ssim_y=ssim_y,
    )


def _rgb_and_luma(images: Tensor) -> Tensor:
    """Append Y to R, G and B in 0..255: (2, 3, H, W) -> (2, 4, H, W)."""
    red, green, blue = (images[:, channel] * (1 / PEAK) for channel in range(3))
    luma = red * _LUMA[0] + green * _LUMA[1] + blue * _LUMA[2] + 16
    return torch.cat([images, luma[:, None]], dim=1)


def _psnr_db(error: Tensor) -> Tensor:
    """Mean squared error to dB; no error is infinite, and both are cut to the highest PSNR."""
    return (10 * torch.log10(PEAK**2 / error)).clamp(max=HIGHEST_DB)


def _ssim(first: Tensor, second: Tensor) -> Tensor:
    """Mean SSIM of each plane: (P, H, W) twice -> (P,)."""
    pixels = 5 * first.shape[1] * first.shape[2]  # five maps of each plane are filtered
    planes = max(1, _MOST_VALUES // pixels)
    parts = zip(first.split(planes), second.split(planes), strict=True)
    return torch.cat([_ssim_at_once(one, other) for one, other in parts])


def _ssim_at_once(first: Tensor, second: Tensor) -> Tensor:
    maps = torch.stack([first, second, first * first, second * second, first * second])
    mean_1, mean_2, square_1, square_2, product = _blurred(_blurred(maps, 2), 3).unbind()
    both, squares = mean_1 * mean_2, mean_1 * mean_1 + mean_2 * mean_2
    numerator = (2 * both + _C1) * (2 * (product - both) + _C2)
    denominator = (squares + _C1) * (square_1 + square_2 - squares + _C2)
    return (numerator / denominator).mean(dim=(1, 2))


def _blurred(maps: Tensor, axis: int) -> Tensor:
    """Filter one axis by the Gaussian window, where it fits: `axis` becomes 2 * radius shorter.

    scikit-image filters beyond the border, too, and then crops by the radius.
    """
    weights = _window()
    length = maps.shape[axis] - 2 * _RADIUS_PX
    found = maps.narrow(axis, _RADIUS_PX, length) * weights[0]
    for distance in range(1, _RADIUS_PX + 1):
        before = maps.narrow(axis, _RADIUS_PX - distance, length)
        after = maps.narrow(axis, _RADIUS_PX + distance, length)
        found.add_(before + after, alpha=weights[distance])
    return found


def _window() -> list[float]:
    """Return the weights of the window at distance 0, 1, ... from its middle."""
    values = [math.exp(-0.5 / _SIGMA**2 * x * x) for x in range(_RADIUS_PX + 1)]
    total = values[0] + 2 * sum(values[1:])
    return [value / total for value in values]
