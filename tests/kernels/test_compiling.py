"""The compiler takes the kernels, which the interpreter cannot say. Needs no GPU."""

import os
import subprocess
import sys
from pathlib import Path


def test_every_kernel_compiles_for_a_gpu(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    run = subprocess.run(
        [sys.executable, "-m", "tests.builders.compiling"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    kernels = {line.split(":")[0] for line in run.stdout.splitlines()}
    assert kernels == {
        f"{module}.{kernel}"
        for module, names in {
            "depthwise_kernels": ("forward", "backward"),
            "depthwise_sums": ("_add_sums", "_scale_gradient"),
            "spread": ("_forward", "_backward"),
            "statistics": ("_forward", "_backward"),
            "variance": ("_forward", "_backward"),
        }.items()
        for kernel in names
    }
