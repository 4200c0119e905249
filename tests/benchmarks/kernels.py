"""Milliseconds and GB/s of each Triton kernel on CUDA, beside the eager operation that it replaces.

`python -m tests.benchmarks.kernels [--batch 64] [--patch 96] [--json FILE]` first compares values
and gradients with float64, then times forward alone and forward with backward (median of replays
of a CUDA graph, so without the host's launches). GB/s are the least traffic that the operation
needs by the bandwidth of a copy on the same device, measured first.

`--interpret` rehearses this on a CPU in Triton's interpreter, at tiny sizes: it compares values and
prints no times.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.builders.kernels import BOUNDS, Compute, Maps, error, value_and_gradients
from workbench.config.attention import pool_padding
from workbench.kernels.eager import EAGER
from workbench.kernels.fused import FUSED
from workbench.kernels.operations import Operations

CHANNELS, SQUEEZED = 28, 7
"""Of MDRN-S and of its MDSA."""


@dataclass(frozen=True)
class Case:
    """An operation at the sizes of a training step."""

    name: str
    compute: Compute
    shapes: Sequence[Sequence[int] | None]
    forward_values: int
    """Values that the forward pass has to read or write, at least."""
    training_values: int
    """The same of forward and backward."""


def depthwise(stride: int = 1, **options: Any) -> Compute:
    """Return the depthwise convolution of x, weight, bias, scale and skip."""

    def compute(operations: Operations, maps: Maps) -> Tensor:
        x, weight, bias, scale, skip = maps
        assert x is not None
        assert weight is not None
        return operations.depthwise(
            x, weight, bias, stride=stride, scale=scale, skip=skip, **options
        )

    return compute


def pointwise(operations: Operations, maps: Maps) -> Tensor:
    """Return the 1x1 convolution."""
    x, weight, bias = maps
    assert x is not None
    assert weight is not None
    return operations.pointwise(x, weight, bias)


def spread_sum(operations: Operations, maps: Maps) -> Tensor:
    """Return the sum of all maps but the last at the size of the last, and that one."""
    *sources, base = (x for x in maps if x is not None)
    return operations.spread_sum(sources, base, (base.shape[2], base.shape[3]))


def local_variance(operations: Operations, maps: Maps) -> Tensor:
    """Return L-var at level 7."""
    x = maps[0]
    assert x is not None
    return operations.local_variance(x, 7, pool_padding(7))


def contrast_and_mean(operations: Operations, maps: Maps) -> Tensor:
    """Return CCA's statistic."""
    x = maps[0]
    assert x is not None
    return operations.contrast_and_mean(x)


def gate(operations: Operations, maps: Maps) -> Tensor:
    """Return MDSA's product with the skip around it."""
    x, logits = maps
    assert x is not None
    assert logits is not None
    return operations.gate(x, logits, add_input=True)


def cases(batch: int, side: int) -> Iterator[Case]:
    """Yield what a block of MDRN-S computes at batch and patch, each once."""
    c, f, half, inner = CHANNELS, SQUEEZED, -(-side // 2), max(2, side // 6)
    full, small = (batch, c, side, side), (batch, f, side, side)
    px, small_px = batch * c * side**2, batch * f * side**2
    mirrored: dict[str, Any] = {"padding": "reflect"}
    weights = [(c, 1, 3, 3), (c,)]
    gelu = depthwise(**mirrored, activation="gelu")
    yield Case("step, skip, GELU", gelu, [full, *weights, None, full], 3 * px, 9 * px)
    yield Case("last, GELU", gelu, [full, *weights, None, None], 2 * px, 7 * px)
    scaled = [full, *weights, (batch, c, 1, 1), None]
    yield Case("ECCA, scale", depthwise(padding="zeros"), scaled, 2 * px, 5 * px)
    strided = [small, (f, 1, 3, 3), (f,), None, None]
    quarter = batch * f * half**2
    moved = 2 * small_px + small_px + 2 * quarter
    yield Case("MDSA, stride 2", depthwise(2, **mirrored), strided, small_px + quarter, moved)
    yield Case("1x1", pointwise, [full, (c, c, 1, 1), (c,)], 2 * px, 6 * px)
    joined = (batch, 2 * c, side, side)
    yield Case("1x1, fusion", pointwise, [joined, (c, 2 * c, 1, 1), (c,)], 3 * px, 9 * px)
    maps = [(batch, f, inner, inner)] * 3
    yield Case("enlarge and add", spread_sum, [*maps, small], 2 * small_px, 3 * small_px)
    yield Case("L-var", local_variance, [(batch, f, half, half)], quarter, 3 * quarter)
    yield Case("CCA's statistic", contrast_and_mean, [full], px, 3 * px)
    yield Case("MDSA, gate", gate, [full, full], 3 * px, 8 * px)


def drawn(case: Case, device: str, dtype: torch.dtype) -> list[Tensor | None]:
    """Return the tensors of a case; parameters in float32, as under autocast."""
    generator = torch.Generator().manual_seed(1)
    made: list[Tensor | None] = []
    for shape in case.shapes:
        if shape is None:
            made.append(None)
            continue
        value = torch.randn(*shape, generator=generator).to(device)
        is_weight = shape[2:] == (1, 1) and shape[0] == CHANNELS  # of a 1x1 convolution
        is_map = len(shape) == 4 and shape[1] > 1 and not is_weight
        made.append(value.to(dtype) if is_map else value)
    return made


def largest_error(case: Case, maps: Maps) -> float:
    """Return the largest error of the kernel's values and gradients, against float64."""
    found = value_and_gradients(FUSED, case.compute, maps)
    exact = [None if x is None else x.double() for x in maps]
    expected = value_and_gradients(EAGER, case.compute, exact)
    pairs = zip([found[0], *found[1]], [expected[0], *expected[1]], strict=True)
    return max(error(a, b.cpu()) for a, b in pairs)


def milliseconds(work: Callable[[], object]) -> float:
    """Return the median of a computation as a CUDA graph."""
    from triton.testing import do_bench_cudagraph

    with torch.cuda.stream(torch.cuda.Stream()):
        return float(do_bench_cudagraph(work, rep=50, return_mode="median"))


def timed(case: Case, operations: Operations, maps: Maps) -> tuple[float, float]:
    """Return milliseconds of forward alone, and of forward and backward."""
    leaves = [None if x is None else x.detach().requires_grad_() for x in maps]
    wanted = [x for x in leaves if x is not None]
    autocast = maps[0] is not None and maps[0].dtype == torch.bfloat16

    def forward() -> Tensor:
        with torch.autocast("cuda", torch.bfloat16, enabled=autocast, cache_enabled=False):
            return case.compute(operations, leaves)

    gradient = torch.randn_like(forward())

    def inference() -> None:
        with torch.no_grad():
            forward()

    return milliseconds(inference), milliseconds(
        lambda: torch.autograd.grad(forward(), wanted, gradient)
    )


def copy_bandwidth() -> float:
    """Return the bytes a second that a copy of 256 MiB reads and writes."""
    source = torch.randn(2**26, device="cuda")
    target = torch.empty_like(source)
    return 2 * 2**28 / (milliseconds(lambda: target.copy_(source)) / 1000)


def report(rows: list[dict[str, Any]], bandwidth: float) -> str:
    """Return the table, a line a case and dtype."""
    device = f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}"
    lines = [
        f"{device}; a copy: {bandwidth / 1e9:.0f} GB/s",
        f"{'operation':18s} {'dtype':9s} {'pass':8s}  eager ms  fused ms  ratio  GB/s  of copy",
    ]
    for row in rows:
        for name in ("forward", "training"):
            eager, fused = row[name]["eager"], row[name]["fused"]
            rate = row[name]["bytes"] / fused * 1000
            lines.append(
                f"{row['name']:18s} {row['dtype']:9s} {name:8s} {eager:9.4f} {fused:9.4f} "
                f"{eager / fused:6.2f} {rate / 1e9:5.0f} {rate / bandwidth:8.0%}"
            )
    return "\n".join(lines)


def measured(case: Case, dtype: torch.dtype) -> dict[str, Any]:
    """Check a case, then time it by both."""
    maps = drawn(case, "cuda", dtype)
    found = largest_error(case, maps)
    assert found <= BOUNDS[dtype], f"{case.name}, {dtype}: error {found:.1e}"
    size = torch.finfo(dtype).bits // 8
    times = {name: timed(case, by, maps) for name, by in (("eager", EAGER), ("fused", FUSED))}
    row: dict[str, Any] = {"name": case.name, "dtype": str(dtype)[6:], "error": found}
    for number, values in enumerate((case.forward_values, case.training_values)):
        row["training" if number else "forward"] = {
            **{name: both[number] for name, both in times.items()},
            "bytes": values * size,
        }
    return row


def rehearse() -> None:
    """Compare values and gradients in the interpreter, at tiny sizes."""
    os.environ["TRITON_INTERPRET"] = "1"
    global CHANNELS, SQUEEZED
    CHANNELS, SQUEEZED = 2, 2
    for dtype in (torch.float32, torch.bfloat16):
        for case in cases(batch=1, side=12):
            found = largest_error(case, drawn(case, "cpu", dtype))
            assert found <= BOUNDS[dtype], f"{case.name}, {dtype}: error {found:.1e}"
            sys.stdout.write(f"{case.name}, {str(dtype)[6:]}: right\n")


def main() -> None:
    """Check, time, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--patch", type=int, default=96, help="LR px")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--interpret", action="store_true", help="rehearse on a CPU")
    options = parser.parse_args()
    if options.interpret:
        rehearse()
        return
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    bandwidth = copy_bandwidth()
    rows = [
        measured(case, dtype)
        for dtype in (torch.float32, torch.bfloat16)
        for case in cases(options.batch, options.patch)
    ]
    sys.stdout.write(report(rows, bandwidth) + "\n")
    if options.json:
        figures = {"copy_bytes_per_second": bandwidth, "cases": rows}
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
