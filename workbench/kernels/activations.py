"""Activations and their derivatives inside Triton kernels, in float32, and what is kept of them."""

import triton
import triton.language as tl

from workbench.config.attention import Activation
from workbench.kernels.eager import LEAKY_SLOPE

_LEAKS: dict[Activation, float] = {"relu": 0.0, "leaky-relu": LEAKY_SLOPE}


def leak(activation: Activation | None) -> float | None:
    """Return the slope below 0 if the derivative follows from the sign of the output, else None."""
    return None if activation is None else _LEAKS.get(activation)


def kept_by(activation: Activation | None) -> bool:
    """Return whether the backward pass needs the derivative to be kept."""
    return activation is not None and activation not in _LEAKS


@triton.jit
def activate(z, ACTIVATION: tl.constexpr):
    """Return the activation of z and its derivative there, both float32.

    `ACTIVATION` is a `config.attention.Activation` or "none". The compiler drops the derivative
    where it is not used.
    """
    if ACTIVATION == "gelu":
        below = 0.5 * (1.0 + tl.erf(z * 0.7071067811865476))
        value = z * below
        slope = below + z * 0.3989422804014327 * tl.exp(-0.5 * z * z)
    elif ACTIVATION == "relu":
        value = tl.where(z > 0, z, 0.0)
        slope = tl.where(z > 0, 1.0, 0.0)
    elif ACTIVATION == "leaky-relu":
        value = tl.where(z > 0, z, 0.05 * z)
        slope = tl.where(z > 0, 1.0, 0.05)
    elif ACTIVATION == "silu":
        gate = tl.sigmoid(z)
        value = z * gate
        slope = gate * (1.0 + z * (1.0 - gate))
    elif ACTIVATION == "mish":
        # tanh(softplus(z)) = n / (n + 2) with n = e^z (e^z + 2); from 20 on it is 1 in float32.
        power = tl.exp(tl.where(z < 20.0, z, 20.0))
        n = power * (power + 2.0)
        gate = n / (n + 2.0)
        value = z * gate
        slope = gate + z * (2.0 / (n + 2.0)) * (1.0 + gate) * (power / (power + 1.0))
    elif ACTIVATION == "hardswish":
        gate = tl.where(z < -3.0, 0.0, tl.where(z > 3.0, 1.0, z / 6.0 + 0.5))
        value = z * gate
        slope = tl.where(z < -3.0, 0.0, tl.where(z > 3.0, 1.0, z / 3.0 + 0.5))
    else:
        value = z
        slope = tl.where(z == z, 1.0, 0.0)
    return value, slope
