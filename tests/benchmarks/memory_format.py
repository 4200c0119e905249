"""Seconds of CPU time of a training step and of inference, contiguous against channels-last.

`python tests/benchmarks/memory_format.py [--rounds N]` runs both in turn, one thread, and prints
median and quartiles of each and of the ratio pair by pair.
"""

import argparse
import copy
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import nn

from workbench.config.presets import PRESETS
from workbench.models.factory import build_model

FORMATS = {"contiguous": torch.contiguous_format, "channels-last": torch.channels_last}


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def training_step(model: nn.Module, side: int, memory_format: torch.memory_format) -> float:
    """Time forward and backward of a batch of 4."""
    image = torch.rand(4, 3, side, side).contiguous(memory_format=memory_format)

    def work() -> None:
        model(image).abs().mean().backward()
        model.zero_grad(set_to_none=True)

    return cpu_seconds(work)


def inference(model: nn.Module, side: int, memory_format: torch.memory_format) -> float:
    """Time one image without gradients."""
    image = torch.rand(1, 3, side, side).contiguous(memory_format=memory_format)

    def work() -> None:
        with torch.inference_mode():
            model(image)

    return cpu_seconds(work)


def quartiles(values: list[float]) -> str:
    """Format median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.4f} [{low:.4f}, {high:.4f}]"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    base = build_model(PRESETS["mdrn-s"], seed=1)
    models = {name: copy.deepcopy(base).to(memory_format=f) for name, f in FORMATS.items()}
    for label, measure, side in (
        ("training step, batch 4, LR 24 px", training_step, 24),
        ("training step, batch 4, LR 64 px", training_step, 64),
        ("inference, LR 128 px", inference, 128),
    ):
        times: dict[str, list[float]] = {name: [] for name in FORMATS}
        for _ in range(rounds + 2):
            for name, memory_format in FORMATS.items():
                times[name].append(measure(models[name], side, memory_format))
        times = {name: values[2:] for name, values in times.items()}
        ratios = [a / b for a, b in zip(*times.values(), strict=True)]
        sys.stdout.write(f"{label}\n")
        for name, values in times.items():
            sys.stdout.write(f"  {name:14s} {quartiles(values)} s\n")
        sys.stdout.write(f"  ratio          {quartiles(ratios)}\n")


if __name__ == "__main__":
    main()
