"""All networks and recipes that have a name. One look shows what exists."""

from workbench.config.attention import (
    ChannelWeightConfig,
    EsaConfig,
    MdsaConfig,
    ParallelEsaConfig,
)
from workbench.config.model import ModelConfig
from workbench.config.training import StageConfig, StageSource, TrainingConfig
from workbench.errors import ConfigError, nearest

CANONICAL = "mdrn-s"

PRESETS: dict[str, ModelConfig] = {
    # The challenge entry, 95,396 parameters (factsheet section 1.3).
    "mdrn-s": ModelConfig(),
    # The published default, 321,904 parameters at x4 (bbbolt/MDRN).
    "mdrn": ModelConfig(channels=56),
    # The line that MDRN ends, each proven by its published weights. XPixel's entry of NTIRE 2022
    # (team 18), 156,288 parameters: BSConv, ESA, one learned factor a channel.
    "bsrn": ModelConfig(
        channels=48,
        blocks=5,
        rgb_mean=None,
        input_repeats=4,
        shallow_convolution="bsconv",
        padding="zeros",
        pointwise_bias=True,
        spatial_attention=EsaConfig(),
        channel_attention=ChannelWeightConfig(),
        attention_skip=False,
    ),
    # EFDN, NEESR's entry of NTIRE 2022 (team 5), 272,038 parameters, in the form in which it runs:
    # an RFDN whose edge branches and skips are folded into plain convolutions.
    "efdn": ModelConfig(
        channels=42,
        blocks=4,
        rgb_mean=None,
        input_range=255,
        activation="leaky-relu",
        convolution="conv3x3",
        padding="zeros",
        distilled_fraction=0.25,
        step_skip=False,
        spatial_attention=ParallelEsaConfig(activation="relu"),
        channel_attention=None,
        attention_skip=False,
        block_skip=False,
        trunk_fusion=False,
    ),
    # The RFDN baseline of NTIRE 2022, 433,448 parameters: 1x1 branches distil, ESA.
    "rfdn": ModelConfig(
        channels=50,
        blocks=4,
        rgb_mean=None,
        input_range=255,
        activation="leaky-relu",
        convolution="conv3x3",
        padding="zeros",
        spatial_attention=EsaConfig(activation="relu"),
        channel_attention=None,
        attention_skip=False,
        block_skip=False,
    ),
    # The IMDN baseline of NTIRE 2022, 893,936 parameters: splits distil, no attention.
    "imdn": ModelConfig(
        channels=64,
        blocks=8,
        rgb_mean=None,
        activation="leaky-relu",
        convolution="conv3x3",
        padding="zeros",
        distillation="split",
        distilled_fraction=0.25,
        step_skip=False,
        last_activation=False,
        spatial_attention=None,
        channel_attention=None,
        attention_skip=False,
        trunk_fusion=False,
    ),
    # For tests: every part of MDRN-S, small enough for seconds.
    "tiny": ModelConfig(channels=8, blocks=2, spatial_attention=MdsaConfig(squeeze_ratio=2)),
}

ALIASES = {"neesr": "efdn"}
"""Other names of presets: the team in place of its network."""

_DIV2K = StageSource(name="DIV2K")
_LSDIR_10K = StageSource(name="LSDIR", first=10_000)
_HALVED_LATE = (100_000, 500_000, 800_000, 900_000, 950_000)

RECIPES: dict[str, TrainingConfig] = {
    # Shows that everything works; too short to say anything about quality.
    "smoke": TrainingConfig(
        stages=(
            StageConfig(
                steps=120,
                hr_patch_px=96,
                batch_size=4,
                learning_rate=2e-3,
                milestones=(60, 84, 102, 114),
            ),
        ),
        validate_every=40,
        checkpoint_every=20,
    ),
    # Less than a minute on one CPU thread, and beyond bicubic already: small patches, a high rate.
    "demo": TrainingConfig(
        stages=(
            StageConfig(
                steps=270,
                hr_patch_px=64,
                batch_size=4,
                learning_rate=5e-3,
                milestones=(135, 189, 230, 257),
            ),
        ),
        validate_every=135,
        checkpoint_every=50,
    ),
    # A few minutes on one CPU thread, beyond bicubic. Halved at 50, 70, 85 and 95 %.
    "short": TrainingConfig(
        stages=(
            StageConfig(
                steps=1_200,
                hr_patch_px=96,
                batch_size=4,
                learning_rate=2e-3,
                milestones=(600, 840, 1_020, 1_140),
            ),
        ),
        validate_every=200,
        checkpoint_every=50,
    ),
    # For one GPU: long enough for parts of the network to matter. The learning rate is
    # that of `short` and of the factsheet's first stage, halved at the same shares of the steps.
    "medium": TrainingConfig(
        stages=(
            StageConfig(
                steps=5_000,
                hr_patch_px=192,
                batch_size=8,
                learning_rate=2e-3,
                milestones=(2_500, 3_500, 4_250, 4_750),
            ),
        ),
        validate_every=500,
        checkpoint_every=250,
    ),
    # For one GPU, ten times as long; halved at the same shares.
    "long": TrainingConfig(
        stages=(
            StageConfig(
                steps=50_000,
                hr_patch_px=192,
                batch_size=16,
                learning_rate=2e-3,
                milestones=(25_000, 35_000, 42_500, 47_500),
            ),
        ),
        validate_every=2_500,
        checkpoint_every=1_000,
    ),
    # Factsheet section 1.3; Adam's betas, the EMA and stage order as in the published code.
    "factsheet": TrainingConfig(
        stages=(
            StageConfig(
                steps=1_000_000,
                hr_patch_px=384,
                batch_size=64,
                loss="l1",
                learning_rate=2e-3,
                milestones=_HALVED_LATE,
                sources=(_DIV2K,),
            ),
            StageConfig(
                steps=1_000_000,
                hr_patch_px=384,
                batch_size=64,
                loss="charbonnier",
                learning_rate=5e-4,
                milestones=_HALVED_LATE,
                sources=(_DIV2K, _LSDIR_10K),
            ),
            StageConfig(
                steps=650_000,
                hr_patch_px=480,
                batch_size=64,
                loss="l2",
                learning_rate=2e-4,
                milestones=(100_000, 300_000, 600_000),
                sources=(_DIV2K, _LSDIR_10K),
            ),
        ),
        ema_warm_up=False,
        validate_every=5_000,
        checkpoint_every=1_000,
    ),
}


def preset(name: str) -> ModelConfig:
    """Return the network called `name`.

    Raises:
        ConfigError: For an unknown name, with the nearest one.
    """
    known = ALIASES.get(name, name)
    if known not in PRESETS:
        raise ConfigError(f"unknown preset {name!r}; {nearest(name, PRESETS)}")
    return PRESETS[known]


def recipe(name: str) -> TrainingConfig:
    """Return the recipe called `name`.

    Raises:
        ConfigError: For an unknown name, with the nearest one.
    """
    if name not in RECIPES:
        raise ConfigError(f"unknown recipe {name!r}; {nearest(name, RECIPES)}")
    return RECIPES[name]
