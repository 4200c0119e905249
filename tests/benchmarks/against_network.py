"""CPU time of MDRN-S against another network of the same contract, such as the published code.

`python tests/benchmarks/against_network.py --arch package.module:Class [--rounds N]` builds the
class without arguments, runs both in turn on one thread in one process, and prints median and
quartiles of each and of the ratio round by round: above 1, MDRN-S is the faster one.
"""

import argparse
import copy
import statistics
import sys
import time

import torch
from torch import nn

from workbench.config.presets import PRESETS
from workbench.models.factory import build_model
from workbench.models.foreign import Foreign, build_foreign


def training_step(model: nn.Module, batch: int, side: int) -> None:
    """Run forward and backward."""
    model(torch.rand(batch, 3, side, side)).abs().mean().backward()
    model.zero_grad(set_to_none=True)


def inference(model: nn.Module, batch: int, side: int) -> None:
    """Run forward without gradients."""
    with torch.inference_mode():
        model(torch.rand(batch, 3, side, side))


WORK = {
    "training step, batch 4, LR 24 px": (training_step, 4, 24),
    "training step, batch 8, LR 48 px": (training_step, 8, 48),
    "inference, LR 128 px": (inference, 1, 128),
}


def quartiles(values: list[float]) -> str:
    """Format median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.4f} [{low:.4f}, {high:.4f}]"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", required=True)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    other = build_foreign(Foreign(options.arch, {}, 1))[0].module
    networks = {"mdrn-s": build_model(PRESETS["mdrn-s"], seed=1), options.arch: other}
    for label, (work, batch, side) in WORK.items():
        models = {name: copy.deepcopy(network) for name, network in networks.items()}
        times: dict[str, list[float]] = {name: [] for name in models}
        for index in range(options.rounds + 2):
            for name in list(models)[:: 1 if index % 2 else -1]:  # neither is always the first
                started = time.process_time()
                work(models[name], batch, side)
                times[name].append(time.process_time() - started)
        ours, theirs = (values[2:] for values in times.values())
        sys.stdout.write(f"{label}\n  mdrn-s {quartiles(ours)} s\n  other  {quartiles(theirs)} s\n")
        ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
        sys.stdout.write(f"  ratio  {quartiles(ratios)}\n")


if __name__ == "__main__":
    main()
