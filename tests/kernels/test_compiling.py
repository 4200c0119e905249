"""The kernels compile for GPUs, without one."""

import os
import subprocess
import sys

import pytest

from tests.builders.docs import ROOT


@pytest.mark.skipif(sys.platform != "linux", reason="Triton comes with PyTorch on Linux only")
def test_every_kernel_compiles_for_a_hopper_gpu_and_spills_nothing() -> None:
    variables = {name: v for name, v in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-m", "tests.kernels.compiling", "90"]
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    kernels = {line.rpartition(": ")[2].split()[0] for line in lines}
    assert kernels >= {
        "depthwise_kernels.forward",
        "depthwise_kernels.backward",
        "spread._forward",
        "spread._backward",
        "variance._forward",
        "variance._backward",
        "statistics._forward",
        "statistics._join_parts",
        "statistics._backward",
        "gate._forward",
        "gate._backward",
        "pointwise_kernels.forward",
        "pointwise_kernels.backward",
        "pointwise_kernels.add_sums",
    }
    assert [line for line in lines if ", 0 B spilled: " not in line] == []
