"""What an attention is: MDSA, ECCA, and what stood in their place in the line before MDRN.

Source: factsheet, section 1.2 with Figures 4 and 5, and the published code of MDRN (bbbolt/MDRN),
where MDSA is called `ESA` and D5 pools without padding while D3 and D7 pad by 1.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from workbench.config.base import Frozen
from workbench.config.bounds import Divisor, Level
from workbench.config.module import ModulePart

Activation = Literal["gelu", "relu", "leaky-relu", "silu", "mish", "hardswish"]
Padding = Literal["reflect", "zeros"]
Variance = Literal["local", "global"]
TimmAttentionName = Literal[
    "se", "ese", "eca", "ecam", "ceca", "gc", "gca", "cbam", "lcbam", "coord", "scoord"
]


def pool_padding(level: int) -> int:
    """Padding in px of the pooling at a dispersion level.

    The published code pads levels 3, 5 and 7 by 1, 0 and 1; the rule extends that to every odd
    level so that the pooled map shrinks by about the same factor of 3.
    """
    return 1 if level == 3 else (level - 5) // 2


def convolution_input_px(padding: Padding) -> int:
    """Return the least side of a 3x3 convolution's input: mirroring 1 px needs 2 px."""
    return 2 if padding == "reflect" else 1


def _dispersion_input_px(level: int, variance: Variance | None, padding: Padding) -> int:
    """Smallest input of the branch D<level>, read backwards from its last convolution."""
    pad = pool_padding(level)
    pooled = level - 2 * pad + 3 * (convolution_input_px(padding) - 1)
    if variance == "local":
        pooled = max(pooled, pad + 1)  # reflection by `pad` needs one px more
    if variance == "global":
        pooled = max(pooled, 2)  # a single px has no unbiased variance
    pooled = max(pooled, 1)
    strided = 2 * pooled - 1  # 3x3, stride 2, padding 1 gives ceil(n / 2)
    return max(strided, convolution_input_px(padding))


def _by_name(value: object) -> object:
    """Let `esa` stand for `{kind: esa}`."""
    return {"kind": value} if isinstance(value, str) else value


class MdsaConfig(Frozen):
    """Multi-level dispersion spatial attention (factsheet, Figure 4)."""

    kind: Literal["mdsa"] = "mdsa"
    levels: tuple[Level, ...] = Field(default=(3, 5, 7), max_length=32)
    """Dispersion levels: one branch D<level> for each; odd, at least 3."""
    lvar: tuple[Level, ...] = Field(default=(7,), max_length=32)
    """L-var placement: the levels whose branch adds the variance to the pooled map."""
    variance: Variance = "local"
    """Window of L-var: level x level px, or the whole map."""
    squeeze_ratio: Divisor = 4
    """Channels divided by the squeezed width."""
    refinement: bool = True
    """Branch-B: a 1x1 convolution from the squeezed map straight to the sum."""

    @field_validator("levels")
    @classmethod
    def _check_levels(cls, levels: tuple[int, ...]) -> tuple[int, ...]:
        if not levels:
            raise ValueError("must hold at least one dispersion level, got none")
        for level in levels:
            if level < 3 or level % 2 == 0:
                raise ValueError(f"must hold odd levels of at least 3, got {level}")
        if len(set(levels)) < len(levels):
            raise ValueError(f"must not repeat a level, got {list(levels)}")
        return tuple(sorted(levels))

    @field_validator("lvar")
    @classmethod
    def _sort_lvar(cls, lvar: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(lvar)) < len(lvar):
            raise ValueError(f"must not repeat a level, got {list(lvar)}")
        return tuple(sorted(lvar))

    @model_validator(mode="after")
    def _check_placement(self) -> "MdsaConfig":
        for level in self.lvar:
            if level not in self.levels:
                raise ValueError(
                    f"lvar must be a subset of levels {list(self.levels)}, got {list(self.lvar)}"
                )
        return self

    def smallest_input_px(self, padding: Padding) -> int:
        """Return the least height and width in px on which the attention can run."""
        return max(
            _dispersion_input_px(level, self.variance if level in self.lvar else None, padding)
            for level in self.levels
        )

    def canonical(self, channels: int, _activation: Activation) -> list[Any]:
        """Return what defines the attention in a block of `channels` channels."""
        variance = self.variance if self.lvar else None
        width = channels // self.squeeze_ratio
        return ["mdsa", width, list(self.levels), list(self.lvar), variance, self.refinement]


class EsaConfig(Frozen):
    """Enhanced spatial attention as in RFDN and BSRN: one level, deeper convolutions."""

    kind: Literal["esa"] = "esa"
    squeeze_ratio: Divisor = 4
    """Channels divided by the squeezed width."""
    activation: Activation | None = None
    """Between the inner convolutions; None is the block's. RFDN has ReLU here."""

    def smallest_input_px(self, padding: Padding) -> int:
        """Return the least height and width in px on which the attention can run."""
        # 3x3 stride 2 without padding, then pooling 7 stride 3, then 3x3 convolutions.
        pooled = 7 + 3 * (convolution_input_px(padding) - 1)
        return 2 * (pooled - 1) + 3

    def canonical(self, channels: int, activation: Activation) -> list[Any]:
        """Return what defines the attention in a block of that width and activation."""
        return [self.kind, channels // self.squeeze_ratio, self.activation or activation]


class ParallelEsaConfig(Frozen):
    """EFDN's attention: pooling alone compresses, then two 3x3 convolutions side by side."""

    kind: Literal["parallel-esa"] = "parallel-esa"
    squeeze_ratio: Divisor = 4
    """Channels divided by the squeezed width."""
    activation: Activation | None = None
    """After the two convolutions; None is the block's."""

    def smallest_input_px(self, padding: Padding) -> int:
        """Return the least height and width in px on which the attention can run."""
        # Pooling 7 stride 7 with padding 1, then 3x3 convolutions.
        return 7 * convolution_input_px(padding) - 2

    def canonical(self, channels: int, activation: Activation) -> list[Any]:
        """Return what defines the attention in a block of that width and activation."""
        return [self.kind, channels // self.squeeze_ratio, self.activation or activation]


class CcaConfig(Frozen):
    """Contrast-aware channel attention (IMDN): standard deviation plus mean, squeeze, excite."""

    kind: Literal["cca"] = "cca"
    reduction: Divisor = 16
    """Channels divided by the hidden width, which is at least 1."""

    def hidden_width(self, channels: int) -> int:
        """Return the channels between squeeze and excitation."""
        return max(1, channels // self.reduction)

    def canonical(self, channels: int) -> list[Any]:
        """Return what defines the attention in a block of `channels` channels."""
        return ["cca", self.hidden_width(channels)]


class EccaConfig(Frozen):
    """Enhanced contrast-aware channel attention (factsheet, Figure 5)."""

    kind: Literal["ecca"] = "ecca"
    cca: CcaConfig | None = CcaConfig()
    """CCA between the pointwise and the depthwise convolution; None leaves it out."""

    def canonical(self, channels: int) -> list[Any]:
        """Return what defines the attention in a block of `channels` channels."""
        return ["ecca", None if self.cca is None else self.cca.hidden_width(channels)]


class ChannelWeightConfig(Frozen):
    """One learned factor a channel, then a 1x1 convolution: what XPixel's BSRN has for CCA."""

    kind: Literal["channel-weight"] = "channel-weight"

    def canonical(self, _channels: int) -> list[Any]:
        """Return what defines the attention, whatever the width of its block."""
        return [self.kind]


class TimmAttentionConfig(Frozen):
    """A channel attention of timm in place of ECCA, with timm's default settings."""

    kind: TimmAttentionName

    def canonical(self, _channels: int) -> list[Any]:
        """Return what defines the attention, whatever the width of its block."""
        return [self.kind]


SpatialAttention = Annotated[
    Annotated[MdsaConfig | EsaConfig | ParallelEsaConfig | ModulePart, Field(discriminator="kind")],
    BeforeValidator(_by_name),
]
ChannelAttention = Annotated[
    Annotated[
        EccaConfig | CcaConfig | ChannelWeightConfig | TimmAttentionConfig | ModulePart,
        Field(discriminator="kind"),
    ],
    BeforeValidator(_by_name),
]
