"""The rewrites for CUDA against PyTorch's own operations, in float64 on a CPU."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from workbench.config.attention import pool_padding
from workbench.kernels import enlargement
from workbench.kernels.eager import EAGER, EagerOperations
from workbench.kernels.operations import Operations

REWRITTEN = EagerOperations(rewrite_everywhere=True)

Compute = Callable[[Operations, Tensor], Tensor]


def mirror(px: int) -> Compute:
    return lambda operations, x: operations.pad(x, px, "reflect")


def spread(*size: int) -> Compute:
    """Add up the enlarged map and an enlarged single pixel."""
    height, width = size
    return lambda operations, x: operations.spread_sum(
        [x, x[:, :, :1, :1] ** 2], None, (height, width)
    )


def local_variance(level: int) -> Compute:
    return lambda operations, x: operations.local_variance(x, level, pool_padding(level))


def strided_depthwise(operations: Operations, x: Tensor) -> Tensor:
    weight = x[:1, :, :3, :3].reshape(-1, 1, 3, 3)
    return operations.depthwise(x, weight, None, stride=2, padding="reflect")


CASES: list[tuple[Compute, tuple[int, ...]]] = [
    (mirror(1), (1, 1, 2, 2)),
    (mirror(1), (2, 3, 3, 7)),
    (mirror(2), (1, 2, 3, 3)),
    (mirror(4), (2, 1, 5, 11)),
    (spread(1, 1), (1, 1, 1, 1)),
    (spread(5, 7), (2, 3, 1, 1)),
    (spread(13, 11), (1, 2, 2, 3)),
    (spread(7, 17), (2, 1, 7, 5)),
    (local_variance(3), (1, 1, 2, 2)),
    (local_variance(5), (2, 1, 7, 5)),
    (local_variance(7), (1, 2, 11, 13)),
    (local_variance(13), (1, 1, 17, 5)),
    (strided_depthwise, (2, 3, 7, 5)),
]


def value_and_gradient(
    operations: Operations, compute: Compute, x: Tensor
) -> tuple[Tensor, Tensor]:
    """Run forward and backward; every output has a gradient of its own."""
    x = x.clone().requires_grad_()
    out = compute(operations, x)
    weights = torch.arange(1.0, out.numel() + 1, dtype=out.dtype).reshape(out.shape).cos()
    (gradient,) = torch.autograd.grad((out * weights.to(out.device)).sum(), x)
    return out.detach(), gradient


@pytest.mark.parametrize(("compute", "shape"), CASES)
def test_a_rewrite_computes_what_pytorch_computes(compute: Compute, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = value_and_gradient(EAGER, compute, x)
    for found, wanted in zip(value_and_gradient(REWRITTEN, compute, x), expected, strict=True):
        assert torch.allclose(found, wanted, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("compute", "shape"), CASES)
def test_a_rewrite_gives_the_same_bits_twice(compute: Compute, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    once, again = (value_and_gradient(REWRITTEN, compute, x) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))


def test_mirroring_copies_values_as_pytorch_does() -> None:
    x = torch.randn(2, 3, 6, 5, requires_grad=True)
    out = REWRITTEN.pad(x, 2, "reflect")
    assert torch.equal(out, functional.pad(x, (2, 2, 2, 2), mode="reflect"))


def test_a_matrix_that_was_made_for_inference_serves_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(enlargement, "_MATRICES", {})
    x = torch.randn(1, 1, 3, 4)
    with torch.inference_mode():
        inferred = REWRITTEN.spread_sum([x], None, (7, 9))
    out, gradient = value_and_gradient(REWRITTEN, spread(7, 9), x)
    assert torch.equal(inferred, REWRITTEN.spread_sum([x], None, (7, 9)))
    assert out.shape == (1, 1, 7, 9)
    assert gradient.isfinite().all()


def test_half_precision_is_enlarged_in_float32_and_rounded_once() -> None:
    x = torch.randn(1, 2, 5, 7, generator=torch.Generator().manual_seed(3)).bfloat16()
    exact = functional.interpolate(x.double(), size=(24, 26), mode="bilinear")
    out = REWRITTEN.spread_sum([x], None, (24, 26))
    assert out.dtype is torch.bfloat16
    assert torch.allclose(out.double(), exact, rtol=2**-8, atol=1e-6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        whole = REWRITTEN.spread_sum([x.float()], None, (24, 26))
    assert whole.dtype is torch.float32
    assert torch.allclose(whole.double(), exact, rtol=1e-5, atol=1e-6)


@pytest.mark.gpu
@pytest.mark.parametrize(("compute", "shape"), CASES)
def test_cuda_gives_the_same_bits_twice_and_the_values_of_a_cpu(
    compute: Compute, shape: tuple[int, ...]
) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(4))
    expected = value_and_gradient(EAGER, compute, x.double())
    once, again = (value_and_gradient(EAGER, compute, x.cuda()) for _ in range(2))
    for first, second, wanted in zip(once, again, expected, strict=True):
        assert torch.equal(first, second)
        assert torch.allclose(first.cpu().double(), wanted, rtol=1e-4, atol=1e-4)
