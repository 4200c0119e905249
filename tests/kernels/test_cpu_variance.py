"""The variance on a CPU has the bits of PyTorch's: values, gradients, and where it is hard."""

import pytest
import torch
from torch import Tensor

from workbench.kernels import cpu_variance
from workbench.kernels.cpu_variance import variance


@pytest.fixture(autouse=True)
def small_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no map be too small, and widen a few at a time."""
    monkeypatch.setattr(cpu_variance, "_LEAST", 0)
    monkeypatch.setattr(cpu_variance, "_CHUNK", 1000)


def pytorch(x: Tensor, correction: int) -> Tensor:
    return x.var(dim=(-2, -1), correction=correction, keepdim=True)


def noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.parametrize("mean", [0, 3, 1e3, 1e6])
@pytest.mark.parametrize("correction", [0, 1])
@pytest.mark.parametrize("shape", [(2, 3, 24, 17), (1, 2, 300, 301), (1, 7, 5, 6, 7, 7)])
def test_values_and_gradients_are_pytorchs(
    shape: tuple[int, ...], correction: int, mean: float
) -> None:
    ours, theirs = ((noise(*shape) + mean).requires_grad_() for _ in range(2))
    found, wanted = variance(ours, correction=correction), pytorch(theirs, correction)
    assert torch.equal(found, wanted)
    weights = noise(*wanted.shape)
    (found * weights).sum().backward()
    (wanted * weights).sum().backward()
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)


def test_pytorch_decides_how_a_doubtful_value_is_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def record(self: Tensor, **arguments: object) -> Tensor:
        taken.append(self.shape)
        return torch.var(self, **arguments)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(Tensor, "var", record)
    maps = noise(1, 4, 40, 40)
    maps[0, 2] += 1e5  # so that the mean hides most digits
    variance(maps, correction=0)
    assert taken == [(2, 1600)]  # twice the same one
    taken.clear()
    variance(maps.mT, correction=0)  # its values in another order
    assert taken == [(1, 4, 40, 40)]


@pytest.mark.parametrize(
    "x",
    [
        torch.full((1, 2, 5, 5), 0.1),
        noise(1, 1, 4, 4) / 0,
        noise(1, 1, 4, 4).double(),
        noise(1, 1, 4, 4).bfloat16(),
        noise(2, 3, 6, 4).to(memory_format=torch.channels_last),
        noise(1, 1, 1, 1),
    ],
    ids=["flat", "infinite", "float64", "bfloat16", "channels-last", "one value"],
)
def test_other_maps_are_pytorchs_too(x: Tensor) -> None:
    found = variance(x, correction=0)
    assert found.dtype is x.dtype
    assert torch.equal(found.nan_to_num(7), pytorch(x, 0).nan_to_num(7))
