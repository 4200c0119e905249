"""Which networks train as a CUDA graph, and what of them the fused kernels compute.

`python -m tests.builders.coverage` writes the table into docs/gpu.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, get_args

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from workbench.ablation.variant import find_variants
from workbench.config.attention import TimmAttentionName
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.kernels.eager import EagerOperations
from workbench.models.factory import build_model
from workbench.models.layers import PointwiseConvolution
from workbench.models.network import MDRN
from workbench.models.operations import use_operations

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "gpu.md"
BEGIN, END = "<!-- coverage: made by tests/builders/coverage.py -->\n", "<!-- end of coverage -->"

READS_A_VALUE = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "equal", "bincount")
"""Operations that wait for a value or a size from the device, which no graph can hold."""
DRAWS = ("bernoulli", "dropout", "rand", "normal_", "uniform_")
"""Operations whose result depends on a random stream."""
ADDS_BY_ATOMICS = (
    "upsample_bilinear2d_backward",
    "reflection_pad2d_backward",
    "adaptive_avg_pool2d_backward",
    "adaptive_max_pool2d_backward",
    "avg_pool3d_backward",
    "index_put",
    "scatter_add",
    "embedding_dense_backward",
    "grid_sampler_2d_backward",
    "cumsum",
)
"""Operations of PyTorch without one fixed result on CUDA."""


class Recorder(TorchDispatchMode):
    """Keeps the names of all operations that PyTorch runs."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        self.names.add(func.__name__.partition(".")[0])
        return func(*args, **(kwargs or {}))

    def found(self, listed: Sequence[str]) -> list[str]:
        """Return the recorded names that are, or begin with, one of those listed."""
        return sorted(
            n for n in self.names if n.lstrip("_").startswith(tuple(listed)) or n in listed
        )


@dataclass(frozen=True)
class Counting(EagerOperations):
    """The operations as on CUDA, counted by name."""

    rewrite_everywhere: bool = True
    calls: Counter[str] = field(default_factory=Counter)

    def pointwise(self, x: Tensor, *rest: Any) -> Tensor:
        self.calls["1x1"] += 1
        return super().pointwise(x, *rest)

    def depthwise(self, x: Tensor, *rest: Any, **options: Any) -> Tensor:
        self.calls["depthwise 3x3"] += 1
        return super().depthwise(x, *rest, **options)

    def spread_sum(self, maps: Sequence[Tensor], *rest: Any) -> Tensor:
        self.calls["enlargement"] += 1
        return super().spread_sum(maps, *rest)

    def local_variance(self, x: Tensor, *rest: Any) -> Tensor:
        self.calls["L-var"] += 1
        return super().local_variance(x, *rest)

    def contrast_and_mean(self, x: Tensor) -> Tensor:
        self.calls["CCA statistic"] += 1
        return super().contrast_and_mean(x)

    def gate(self, x: Tensor, *rest: Any, **options: Any) -> Tensor:
        self.calls["gate"] += 1
        return super().gate(x, *rest, **options)


@dataclass(frozen=True)
class Coverage:
    """What was seen in a training step of a network with one block."""

    recorder: Recorder
    fused: Counter[str]
    eager: Counter[str]
    """Modules that PyTorch computes, by kind."""

    @property
    def step(self) -> str:
        """`graph`, or what keeps the step from being captured."""
        return ", ".join(self.recorder.found(READS_A_VALUE)) or "graph"


def networks() -> dict[str, ModelConfig]:
    """Return all networks that differ in what is computed, with one block of 8 or 16 channels."""
    base = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["medium"])
    found = {name: config for name, config in PRESETS.items() if name != "tiny"}
    for variant in find_variants(["all"]):
        found[f"mdrn-s, {variant.name}"] = variant.apply(base).mdrn
    for name in get_args(TimmAttentionName):
        changed = apply_overrides(base, {"model.channel_attention": name})
        found[f"mdrn-s, timm {name}"] = changed.mdrn
    return {name: _small(config) for name, config in found.items()}


def _small(config: ModelConfig) -> ModelConfig:
    for channels in (8, 16, config.channels):
        try:
            return apply_overrides(config, {"channels": channels, "blocks": 1})
        except ConfigError:
            continue
    raise AssertionError("a network with its own channels can be built")


def coverage(config: ModelConfig) -> Coverage:
    """Run forward and backward of a network as on CUDA, and return what was seen."""
    model, counting = build_model(config, seed=1), Counting()
    use_operations(model, counting)
    side = max(24, config.smallest_lr_px())
    image = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    model(image)  # makes what is made once
    eager: Counter[str] = Counter()
    inside = {id(m) for one in _of_timm(model) for m in one.modules()}
    for module in model.modules():
        kind = None if id(module) in inside else _kind(module)
        if kind:
            module.register_forward_hook(lambda *_, kind=kind: eager.update([kind]))
    eager.update("timm attention" for _ in _of_timm(model))
    counting.calls.clear()
    with Recorder() as recorder:
        model(image).abs().mean().backward()
    return Coverage(recorder, counting.calls, eager)


def _of_timm(model: MDRN) -> list[nn.Module]:
    found = [m for name, m in model.named_modules() if name.endswith(".channel_attention")]
    return [one for one in found if type(one).__module__.startswith("timm.")]


def _kind(module: nn.Module) -> str | None:
    if isinstance(module, PointwiseConvolution):
        return None
    if isinstance(module, nn.Conv2d) and module.groups == 1:
        return "1x1" if module.kernel_size == (1, 1) else "3x3"
    return "max pooling" if isinstance(module, nn.MaxPool2d) else None


@cache
def all_coverage() -> dict[str, Coverage]:
    """Return the coverage of all networks; those that are the same with one block are run once."""
    once = dict.fromkeys(networks().values())
    seen = {config: coverage(config) for config in once}
    return {name: seen[config] for name, config in networks().items()}


def table() -> str:
    """Return the table of the documents."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for name, found in all_coverage().items():
        row = found.step, _listed(found.fused), _listed(found.eager)
        rows.setdefault(row, []).append(name)
    lines = [
        "| network | step | by the fused kernels, with one block | by PyTorch, with one block |",
        "|---|---|---|---|",
    ]
    lines += [f"| {'; '.join(names)} | {' | '.join(row)} |" for row, names in rows.items()]
    return "\n".join(lines) + "\n"


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "none"


def written() -> str:
    """Return the table as the document has it."""
    return DOCUMENT.read_text().partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + table() + END + rest.partition(END)[2])
