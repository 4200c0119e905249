"""CUDA time of a training step, by kernel.

`python -m tests.benchmarks.profile_step --batch 64 --patch 384 --precision fp32 --kernels fused`
runs a step of a preset as it is captured, eagerly, and adds up the time of each kernel (by default
of MDRN-S with the factsheet's batch). With `--device cpu` it rehearses with operations of a CPU.
"""

import argparse
from collections.abc import Callable, Sequence

import torch
from torch.profiler import ProfilerActivity, profile

from workbench.config.presets import PRESETS
from workbench.config.training import StageConfig, TrainingConfig
from workbench.data.crops import CropSampler
from workbench.experiments.bench_lanes import noise_images
from workbench.kernels.fused import FUSED, require_fused
from workbench.models.factory import build_model
from workbench.models.operations import use_operations
from workbench.training.device import own_stream, precision_of, prepare
from workbench.training.state import state_of
from workbench.training.table_steps import TableStep

SHOWN = 60


def recipe(options: argparse.Namespace) -> TrainingConfig:
    """Return the recipe whose step is profiled."""
    stage = StageConfig(
        steps=1_000, hr_patch_px=options.patch, batch_size=options.batch, learning_rate=1e-4
    )
    return TrainingConfig.parse(
        {
            "stages": [stage.plain()],
            "validate_every": 1_000,
            "checkpoint_every": 1_000,
            "device": options.device,
            "precision": options.precision,
            "kernels": options.kernels,
        }
    )


def profiled(step: Callable[[], None], device: torch.device) -> list[tuple[str, int, float]]:
    """Return (name, calls, milliseconds) of each kernel of one step, the longest first."""
    on_cuda = device.type == "cuda"
    activity = ProfilerActivity.CUDA if on_cuda else ProfilerActivity.CPU
    with profile(activities=[activity]) as found:
        step()
        if on_cuda:
            torch.cuda.synchronize()
    kind = "self_device_time_total" if on_cuda else "self_cpu_time_total"
    rows = [(one.key, one.count, getattr(one, kind) / 1e3) for one in found.key_averages()]
    rows = [row for row in rows if row[2] > 0]  # calls of the host, which launch kernels, have 0
    return sorted(rows, key=lambda row: -row[2])


def main(arguments: Sequence[str] | None = None) -> None:
    """Profile a step and print its kernels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="mdrn-s", choices=sorted(PRESETS))
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--patch", type=int, default=384, help="HR px")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "bf16"])
    parser.add_argument("--kernels", default="auto", choices=["auto", "eager", "fused"])
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    options = parser.parse_args(arguments)
    config, device = recipe(options), prepare(options.device, 1)
    (stage,) = config.stages
    with (
        own_stream(device),
        noise_images(PRESETS[options.preset].scale, stage.hr_patch_px) as noise,
    ):
        sampler = CropSampler(
            (noise,), seed=1, stage=0, hr_patch_px=stage.hr_patch_px, batch_size=stage.batch_size
        )
        state = state_of(build_model(PRESETS[options.preset], seed=1).to(device), config)
        if config.resolved_kernels() == "fused":
            require_fused(device)
            use_operations(state.model, FUSED)
        step = TableStep(config, stage, state, sampler, device)
        step.fill(0, 1)

        def run() -> None:
            step.rewind()
            step.step()

        with precision_of(config, device):
            for _ in range(3):
                run()
            rows = profiled(run, device)
    total = sum(ms for _, _, ms in rows)
    print(f"{total:.2f} ms in {sum(calls for _, calls, _ in rows)} calls")  # noqa: T201
    for name, calls, ms in rows[:SHOWN]:
        print(f"{ms:8.2f} ms  {100 * ms / total:4.1f} %  x{calls:<5} {name[:100]}")  # noqa: T201


if __name__ == "__main__":
    main()
