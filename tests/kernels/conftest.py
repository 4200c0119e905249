"""Where the kernels run: on CUDA, or in Triton's interpreter."""

import importlib.util

import pytest
import torch

CUDA = torch.cuda.is_available()

OF_KERNELS = ("compiling", "depthwise", "fused", "gate", "spread", "statistics", "variance")

if not importlib.util.find_spec("triton"):  # it comes with PyTorch on Linux only
    collect_ignore = [f"test_{name}.py" for name in OF_KERNELS]


@pytest.fixture(autouse=True)
def interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernels take tensors on a CPU where there is no CUDA device."""
    if not CUDA:
        monkeypatch.setenv("TRITON_INTERPRET", "1")


@pytest.fixture(
    params=[
        pytest.param("cpu", marks=pytest.mark.skipif(CUDA, reason="the kernels are compiled")),
        pytest.param("cuda", marks=pytest.mark.gpu),
    ],
    ids=["interpreted", "cuda"],
)
def device(request: pytest.FixtureRequest) -> torch.device:
    """Return where to run: tensors on a CPU are for the interpreter."""
    return torch.device(request.param)
