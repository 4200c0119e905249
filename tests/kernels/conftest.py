"""Where the kernels run: on CUDA, or in Triton's interpreter.

Triton decides for good, when it is imported, whether kernels are interpreted. So this file, which
is read before any test runs, imports it and the kernels with `TRITON_INTERPRET=1`; the variable is
set only while tests of this folder run, because processes that other tests start would inherit it.
"""

import importlib

import pytest
import torch

CUDA = torch.cuda.is_available()

if not CUDA:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", "1")
        importlib.import_module("triton.experimental.gluon")
        for name in ("depthwise", "gate", "spread", "statistics", "variance"):
            importlib.import_module(f"workbench.kernels.{name}")


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
