"""Bilinear enlargement as two products with fixed matrices: no atomics in its backward."""

import torch
from torch import Tensor

_Key = tuple[int, int, torch.dtype, torch.device]

_MATRICES: dict[_Key, Tensor] = {}
"""Never emptied: a captured graph reads a matrix by its address. Each takes a few hundred kB."""


def enlarged_by_products(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge bilinearly, as `functional.interpolate` does with `align_corners=False`.

    Args:
        x: (N, C, h, w).
        size: H and W in px, at least h and w.

    Returns:
        (N, C, H, W), `rows @ x @ columns.T`, in the dtype of `x`; computed at least in float32.
    """
    dtype = torch.promote_types(x.dtype, torch.float32)
    rows = _matrix(x.shape[2], size[0], dtype, x.device)
    columns = _matrix(x.shape[3], size[1], dtype, x.device)
    # Autocast would round the weights to half precision.
    with torch.autocast(x.device.type, enabled=False):
        return (rows @ x.to(dtype) @ columns.T).to(x.dtype)


def interpolation_matrix(size: int, enlarged: int, device: torch.device) -> Tensor:
    """Return the (enlarged, size) weights of bilinear interpolation along one side, in float64.

    Pixel i of the enlarged side lies at (i + 0.5) * size / enlarged - 0.5 of the other one, where
    the outermost pixels go on beyond the border. Its weights are 1 - distance, at least 0.
    """
    pixels = torch.arange(enlarged, dtype=torch.float64, device=device)
    place = ((pixels + 0.5) * (size / enlarged) - 0.5).clamp(0, size - 1)
    distance = place[:, None] - torch.arange(size, dtype=torch.float64, device=device)
    return (1 - distance.abs()).clamp(min=0)


def _matrix(size: int, enlarged: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    if torch.compiler.is_compiling():  # sizes may be symbols, and a compiler folds constants itself
        return interpolation_matrix(size, enlarged, device).to(dtype)
    key = (size, enlarged, dtype, device)
    if key not in _MATRICES:
        with torch.inference_mode(mode=False), torch.no_grad():
            on_cpu = interpolation_matrix(size, enlarged, torch.device("cpu")).to(dtype)
            # A copy that waits, so that every stream may read the matrix from now on.
            _MATRICES[key] = on_cpu.to(device)
    return _MATRICES[key]
