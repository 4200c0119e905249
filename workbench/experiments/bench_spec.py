"""What `workbench bench` times, and what of it cannot be. Imports torch for the device."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from workbench.config.evaluation import InferencePrecision
from workbench.config.training import (
    Kernels,
    Precision,
    ResolvedKernels,
    StageConfig,
    TrainingConfig,
    resolved_kernels,
)
from workbench.errors import ConfigError
from workbench.evaluation.devices import open_device
from workbench.evaluation.latency import Clock
from workbench.experiments.inspection import Size, check_size
from workbench.kernels.fused import require_fused
from workbench.models.opening import OpenedNetwork

_SCALES = (2, 3, 4)
_STEPS = 1_000_000
"""More than any measurement runs."""


@dataclass(frozen=True)
class TrainingWork:
    """The training step that is timed: forward, loss, backward, optimizer and average."""

    batch: int = 4
    """Patches."""
    hr_patch_px: int = 96
    """Side of the HR patches."""
    lanes: int = 1
    """Trainings at a time in one process, a thread each."""


@dataclass(frozen=True)
class BenchSpec:
    """What is timed, where, and how often."""

    training: TrainingWork | None = TrainingWork()
    """None times no training step."""
    lr_size: Size | None = (128, 128)
    """Width and height of the image that is enlarged, LR px; None times no inference."""
    device: str = "cpu"
    """`cpu`, `cuda` or `cuda:N`."""
    threads: int = 1
    """Of the CPU."""
    precision: InferencePrecision = "fp32"
    kernels: Kernels = "auto"
    """Of the networks of the family."""
    rounds: int = 9
    """Timed runs of each network."""

    @property
    def clock(self) -> Clock:
        """Which clock is read: work of other processes counts only where it must."""
        lanes = 1 if self.training is None else self.training.lanes
        alone = self.device == "cpu" and self.threads == lanes == 1
        return "process" if alone else "wall"

    def resolved_kernels(self) -> ResolvedKernels:
        """Return what `auto` stands for."""
        return resolved_kernels(self.kernels, self.device)

    def recipe(self) -> TrainingConfig:
        """Return the recipe of the step that is timed.

        Raises:
            ConfigError: For a value that no recipe can have.
        """
        assert self.training is not None
        stage = StageConfig(
            steps=_STEPS,
            hr_patch_px=self.training.hr_patch_px,
            batch_size=self.training.batch,
            learning_rate=1e-4,
        )
        return TrainingConfig.parse(
            {
                "stages": [stage.plain()],
                "validate_every": _STEPS,
                "checkpoint_every": _STEPS,
                "device": self.device.partition(":")[0],
                "threads": self.threads,
                "precision": self.precision,
                "kernels": self.kernels,
            }
        )


def check_bench(spec: BenchSpec, networks: Mapping[str, OpenedNetwork]) -> torch.device:
    """Refuse what cannot be timed, before anything runs, and return the device.

    Raises:
        ConfigError: For a device that does not exist, a precision that it lacks, a patch that does
            not fit a network, or a training of a network without parameters.
        WorkbenchError: For fused kernels without CUDA or without Triton.
        InputSizeError: For an image below a network's smallest input.
    """
    device = open_device(spec.device, spec.precision)
    if spec.training is not None:
        if spec.precision not in Precision.__args__:  # type: ignore[attr-defined]
            raise ConfigError(
                f"--precision {spec.precision} is for inference alone; add --only inference"
            )
        for name, network in networks.items():
            _check_patch(name, network, spec.training.hr_patch_px)
            if not any(True for _ in network.module.parameters()):
                raise ConfigError(
                    f"{name}: it has no parameters to train; --only inference times it"
                )
        spec.recipe()
    if spec.resolved_kernels() == "fused":
        require_fused(device)
    if spec.lr_size is not None:
        check_size("--size", spec.lr_size, networks)
    return device


def _check_patch(name: str, network: OpenedNetwork, hr_patch_px: int) -> None:
    scale, smallest = network.scale, network.smallest_lr_px * network.scale
    if scale not in _SCALES:
        raise ConfigError(
            f"{name}: images are made for the scales 2, 3 and 4, and this network is x{scale}; "
            "--only inference times it"
        )
    if hr_patch_px % scale:
        raise ConfigError(
            f"--patch: {name} is x{scale}, so the HR patch must be a multiple of {scale} px, "
            f"got {hr_patch_px}"
        )
    if hr_patch_px < smallest:
        raise ConfigError(
            f"--patch: {name} needs HR patches of at least {smallest} px "
            f"({network.smallest_lr_px} LR px), got {hr_patch_px}"
        )
