"""How a network is trained: the recipe. Source: factsheet section 1.3 and the published code."""

from typing import Any, Literal

from pydantic import Field, model_validator

from workbench.config.base import Frozen
from workbench.config.bounds import MOST_RATE, MOST_THREADS, Beta, Count, Milestone, Steps

Loss = Literal["l1", "charbonnier", "l2"]
"""Mean over all values, RGB in 0..1: |d|, sqrt(d^2 + 1e-12), d^2."""
Precision = Literal["fp32", "tf32", "bf16"]
"""fp32 is true float32, without TF32. tf32 lets products and convolutions round their inputs to
TF32. bf16 is autocast to bfloat16: weights, optimizer, and statistics of attentions stay in
float32."""
Kernels = Literal["auto", "eager", "fused"]
"""What computes the operations of the family: PyTorch, or the Triton kernels of
`workbench.kernels`. auto is fused on CUDA."""
ResolvedKernels = Literal["eager", "fused"]


def resolved_kernels(kernels: Kernels, device: str) -> ResolvedKernels:
    """Return what a choice of kernels stands for on a device: `auto` is fused on CUDA."""
    if kernels != "auto":
        return kernels
    return "fused" if device.startswith("cuda") else "eager"


class StageSource(Frozen):
    """A part of the training images that a stage uses."""

    name: str
    """Name of an image source of the data."""
    first: Count | None = None
    """Only the first N images by name; None means all."""


class StageConfig(Frozen):
    """One stage: its own loss, rate and patch size; it starts from the last stage's weights."""

    steps: Steps
    """Optimizer steps of this stage."""
    hr_patch_px: int = Field(ge=8, le=16_384)
    """Side of the square HR patches; a multiple of the scale."""
    batch_size: int = Field(ge=1, le=65_536)
    """Patches in one step."""
    loss: Loss = "l1"
    """Between the output and the HR patch, RGB in 0..1, mean over all values."""
    learning_rate: float = Field(gt=0, le=MOST_RATE)
    """At the start of this stage; `milestones` halve it."""
    milestones: tuple[Milestone, ...] = Field(default=(), max_length=1_000)
    """Steps of this stage after which the learning rate is halved."""
    sources: tuple[StageSource, ...] | None = Field(default=None, max_length=1_000)
    """Which images; None means all training images."""

    @model_validator(mode="after")
    def _check_milestones(self) -> "StageConfig":
        if list(self.milestones) != sorted(set(self.milestones)):
            raise ValueError(f"milestones must increase, got {list(self.milestones)}")
        if self.milestones and not 0 < self.milestones[0] <= self.milestones[-1] < self.steps:
            raise ValueError(
                f"milestones must lie in 1..{self.steps - 1}, got {list(self.milestones)}"
            )
        return self


class TrainingConfig(Frozen):
    """The whole recipe."""

    stages: tuple[StageConfig, ...] = Field(min_length=1, max_length=100)
    """One after the other; the optimizer starts anew in each."""
    adam_betas: tuple[Beta, Beta] = (0.9, 0.99)
    """Decay rates of Adam's first and second moment."""
    weight_decay: float = Field(default=0.0, ge=0, le=MOST_RATE)
    """Adam's L2 penalty; 0 is none."""
    ema_decay: float = Field(default=0.999, ge=0, lt=1)
    """Decay of the exponential moving average of the weights, which is what gets evaluated."""
    ema_warm_up: bool = True
    """Use min(ema_decay, (1 + t) / (10 + t)) at step t; short trainings would lag without it."""
    validate_every: Steps
    """Steps between two scores on the validation images."""
    checkpoint_every: Steps
    """Steps between two checkpoints: the most that a kill can lose."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Kind of device; weights of two kinds differ in their last digits."""
    threads: int = Field(default=1, ge=1, le=MOST_THREADS)
    """CPU threads of one trial. The last digits of a result depend on it."""
    precision: Precision = "fp32"
    """Of the training step; scores are always computed in fp32. tf32 is for CUDA only."""
    kernels: Kernels = "auto"
    """PyTorch's operations (eager) or Triton kernels (fused, CUDA only); auto is eager."""

    @model_validator(mode="before")
    @classmethod
    def _without_amp(cls, data: Any) -> Any:
        """Read configs of 0.2.0 and before, which had `amp` in place of `precision`.

        Raises:
            ValueError: If float16 by autocast was on, which a CUDA graph cannot do.
        """
        if not isinstance(data, dict) or "amp" not in data:
            return data
        if data["amp"] is not False:
            raise ValueError("amp (float16) was replaced: use precision: bf16, with device: cuda")
        return {name: value for name, value in data.items() if name != "amp"}

    @model_validator(mode="after")
    def _check_device(self) -> "TrainingConfig":
        if self.device == "cpu" and self.precision == "tf32":
            raise ValueError("precision tf32 needs device cuda, got cpu")
        if self.device == "cpu" and self.kernels == "fused":
            raise ValueError("kernels fused needs device cuda, got cpu")
        return self

    def resolved_kernels(self) -> ResolvedKernels:
        """Return what `auto` stands for; the same on every machine, as keys depend on it."""
        return resolved_kernels(self.kernels, self.device)

    def fields_of_0_2(self) -> dict[str, Any]:
        """Return the fields as 0.2.0 wrote them, later ones only where they are not the defaults.

        What identifies a recipe, such as the name of a study, must not change with new fields.
        """
        plain = self.plain() | {"amp": False}
        for name in ("precision", "kernels"):
            if plain[name] == type(self).model_fields[name].default:
                del plain[name]
        return plain

    def canonical(self) -> dict[str, Any]:
        """Return what decides the weights, for keys; on a CPU in fp32 as of 0.1.0."""
        plain = self.fields_of_0_2()
        plain.pop("kernels", None)
        del plain["checkpoint_every"]  # changes how much a kill loses, not the weights
        if len(self.stages) == 1 and self.ema_decay == 0:
            del plain["ema_warm_up"]
        if self.device == "cuda":  # whose weights are others than those of 0.2.0
            plain |= {"precision": self.precision, "kernels": self.resolved_kernels()}
        return plain

    def total_steps(self) -> int:
        """Return the steps of all stages together."""
        return sum(stage.steps for stage in self.stages)
