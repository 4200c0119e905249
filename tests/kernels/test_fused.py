"""Networks with the fused operations, and where these leave the work to the eager ones."""

import importlib.util
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.builders.kernels import error
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.errors import WorkbenchError
from workbench.kernels.eager import EAGER, EagerOperations
from workbench.kernels.fused import FUSED, fused_available, require_fused
from workbench.kernels.operations import Operations
from workbench.models.factory import build_model
from workbench.models.operations import use_operations

OPERATIONS = {"depthwise", "spread_sum", "local_variance", "contrast_and_mean", "gate"}
SMALL = apply_overrides(
    PRESETS["tiny"],
    {
        "blocks": 1,
        "channels": 4,
        "distillation_steps": 1,
        "spatial_attention.levels": [3],
        "spatial_attention.lvar": [3],
    },
)


def step(
    config: ModelConfig, operations: Operations, lr: Tensor, dtype: torch.dtype | None = None
) -> list[Tensor]:
    """Return the output of a network, then the gradients of its weights.

    Args:
        config: Of the network; float64 images train it in float64.
        operations: What computes it.
        lr: Images.
        dtype: Of autocast; None is without.
    """
    model = build_model(config, seed=1).to(lr.device, lr.dtype)
    use_operations(model, operations)
    with torch.autocast(lr.device.type, dtype, enabled=dtype is not None):
        out = model(lr)
    (out.float() if dtype else out).square().mean().backward()
    return [out.detach(), *(p.grad for p in model.parameters() if p.grad is not None)]


def images(side: int, device: torch.device) -> Tensor:
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(2)).to(device)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the eager operations that were used, in order."""
    found: list[str] = []

    def counted(name: str) -> Any:
        real = getattr(EagerOperations, name)

        def call(self: EagerOperations, *args: Any, **kwargs: Any) -> Tensor:
            found.append(name)
            result: Tensor = real(self, *args, **kwargs)
            return result

        return call

    for name in OPERATIONS:
        monkeypatch.setattr(EagerOperations, name, counted(name))
    return found


def test_a_network_trains_as_with_the_eager_operations(
    device: torch.device, calls: list[str]
) -> None:
    lr = images(SMALL.smallest_lr_px(), device)
    found = step(SMALL, FUSED, lr)
    assert calls == []
    expected = step(SMALL, EAGER, lr.cpu().double())
    assert len(found) == len(expected) > 40
    for one, exact in zip(found, expected, strict=True):
        assert error(one, exact) < 2e-4


def test_float64_is_computed_by_the_eager_operations(calls: list[str]) -> None:
    lr = images(SMALL.smallest_lr_px(), torch.device("cpu")).double()
    found, expected = step(SMALL, FUSED, lr), step(SMALL, EAGER, lr)
    assert set(calls) == OPERATIONS
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_on_a_cpu_without_the_interpreter_the_eager_operations_compute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    lr = images(SMALL.smallest_lr_px(), torch.device("cpu"))
    found, expected = step(SMALL, FUSED, lr), step(SMALL, EAGER, lr)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_autocast_gives_kernels_half_precision_and_weights_in_float32(
    device: torch.device,
) -> None:
    x = torch.randn(1, 2, 5, 6).to(device).requires_grad_()
    weight = torch.randn(2, 1, 3, 3).to(device).requires_grad_()
    with torch.autocast(device.type, torch.bfloat16):
        out = FUSED.depthwise(x, weight, None, activation="silu")
    assert out.dtype == torch.bfloat16
    out.sum().backward()
    exact = x.detach().cpu().bfloat16().double(), weight.detach().cpu().double()
    assert error(out.detach(), EAGER.depthwise(*exact, None, activation="silu")) < 1e-2
    assert x.grad is not None
    assert weight.grad is not None
    assert x.grad.dtype == weight.grad.dtype == torch.float32


def test_a_size_that_pytorch_refuses_has_its_message(device: torch.device) -> None:
    x, weight = torch.rand(1, 1, 1, 5).to(device), torch.rand(1, 1, 3, 3).to(device)
    with pytest.raises(RuntimeError, match="Padding size should be less than"):
        FUSED.depthwise(x, weight, None, padding="reflect")
    with pytest.raises(RuntimeError, match="Padding size should be less than"):
        FUSED.local_variance(x, 3, 1)


def test_the_kernels_are_available_on_cuda_and_in_the_interpreter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert fused_available("cuda")
    monkeypatch.setenv("TRITON_INTERPRET", "1")
    assert fused_available("cpu")
    monkeypatch.delenv("TRITON_INTERPRET")
    assert not fused_available("cpu")
    require_fused("cuda")
    with pytest.raises(WorkbenchError, match="fused kernels need a CUDA device, got cpu"):
        require_fused("cpu")


def test_a_missing_triton_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert not fused_available("cuda")
    with pytest.raises(WorkbenchError, match=r"need Triton, which ships with PyTorch on Linux"):
        require_fused("cuda")


@pytest.fixture
def fixed_convolutions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let PyTorch's own convolutions give the same bits twice."""
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", True)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
def test_a_step_of_mdrn_s_is_as_near_to_float64_as_the_eager_one_and_the_same_twice(
    dtype: torch.dtype | None, fixed_convolutions: None
) -> None:
    lr = images(96, torch.device("cuda")).repeat(16, 1, 1, 1)
    expected = [t.cpu() for t in step(PRESETS["mdrn-s"], EAGER, lr.double())]

    def errors(found: list[Tensor]) -> list[float]:
        return [error(a, b) for a, b in zip(found, expected, strict=True)]

    found, again = (step(PRESETS["mdrn-s"], FUSED, lr, dtype) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(found, again, strict=True))
    eager = errors(step(PRESETS["mdrn-s"], EAGER, lr, dtype))
    fused = errors(found)
    assert max(fused) < 2 * max(eager)
    assert sum(fused) < 1.2 * sum(eager)


@pytest.mark.gpu
def test_a_step_is_captured_in_a_cuda_graph(fixed_convolutions: None) -> None:
    model = build_model(PRESETS["mdrn-s"], seed=1).cuda()
    use_operations(model, FUSED)
    weights = list(model.parameters())
    lr = images(48, torch.device("cuda"))

    def gradients() -> tuple[Tensor, ...]:
        return torch.autograd.grad(model(lr).square().mean(), weights)

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            gradients()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = gradients()
    for seed in (3, 4):
        lr.copy_(torch.rand(lr.shape, generator=torch.Generator().manual_seed(seed)))
        graph.replay()
        replayed = [g.clone() for g in captured]
        assert all(torch.equal(a, b) for a, b in zip(replayed, gradients(), strict=True))
