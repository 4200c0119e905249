"""PSNR and SSIM as this field reports them (the definitions of BasicSR, by scikit-image).

uint8 images; `crop_px` cut off each side; PSNR from the mean squared error over all channels of an
image; SSIM with a Gaussian window of sigma 1.5, per channel, then the mean. Y is ITU-R BT.601 luma
in 16..235, not rounded.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.color import rgb2ycbcr
from skimage.metrics import structural_similarity
from torch import Tensor

from workbench.results import ImageScore

PEAK = 255.0
HIGHEST_DB = 100.0
"""Reported for every PSNR above it and for identical images, whose PSNR is infinite: JSON and means
need a number, and no image may score above identical ones."""
_WINDOW_PX = 11
"""Width of SSIM's Gaussian window, which must fit into the image."""


def to_uint8(image: Tensor) -> NDArray[np.uint8]:
    """Turn (1, 3, H, W) in about 0..1 into (H, W, 3) uint8: clamp, scale, round."""
    values = (image.clamp(0, 1) * PEAK).round().to(torch.uint8)
    array: NDArray[np.uint8] = values[0].permute(1, 2, 0).contiguous().cpu().numpy()
    return array


def smallest_hr_px(crop_px: int) -> int:
    """Return the least height and width of an image that can be scored."""
    return 2 * crop_px + _WINDOW_PX


def score_image(
    name: str, sr: NDArray[np.uint8], hr: NDArray[np.uint8], crop_px: int
) -> ImageScore:
    """Score one image.

    Args:
        name: Kept in the score.
        sr: Network's output, (H, W, 3).
        hr: Ground truth, (H, W, 3).
        crop_px: Cut off each side before scoring.

    Raises:
        ValueError: If the shapes differ, or less than SSIM's window is left after cropping.
    """
    if sr.shape != hr.shape or min(hr.shape[:2]) < smallest_hr_px(crop_px):
        raise ValueError(
            f"{name}: images must have one shape, at least {_WINDOW_PX} px beyond the crop of "
            f"{crop_px} px, got {sr.shape} and {hr.shape}"
        )
    inner = slice(crop_px, -crop_px or None)
    sr_rgb, hr_rgb = sr[inner, inner], hr[inner, inner]
    sr_y, hr_y = rgb2ycbcr(sr_rgb)[..., 0], rgb2ycbcr(hr_rgb)[..., 0]
    return ImageScore(
        name=name,
        psnr_rgb_db=_psnr_db(sr_rgb, hr_rgb),
        ssim_rgb=_ssim(sr_rgb, hr_rgb, channel_axis=2),
        psnr_y_db=_psnr_db(sr_y, hr_y),
        ssim_y=_ssim(sr_y, hr_y, channel_axis=None),
    )


def _psnr_db(sr: NDArray[np.generic], hr: NDArray[np.generic]) -> float:
    error = float(np.mean(np.square(sr.astype(np.float64) - hr.astype(np.float64))))
    return min(float(10 * np.log10(PEAK**2 / error)), HIGHEST_DB) if error else HIGHEST_DB


def _ssim(sr: NDArray[np.generic], hr: NDArray[np.generic], channel_axis: int | None) -> float:
    return float(
        structural_similarity(
            sr,
            hr,
            channel_axis=channel_axis,
            data_range=PEAK,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )
