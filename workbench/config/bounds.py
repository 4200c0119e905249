"""Bounds of the numbers in a config, and a check that a network can exist at all. No torch.

Every number that a user can write has a lower and an upper bound, which also refuses infinities and
NaN. The bounds are far beyond anything useful: they catch slips of the keyboard and hostile files
before they cost memory or hours. A test fails for a numeric field without bounds.
"""

from typing import Annotated

from pydantic import Field

MOST_STEPS = 1_000_000_000
MOST_CHANNELS = 4_096
MOST_BLOCKS = 1_000
MOST_RATE = 1e38
"""About the largest number of float32, in which weights are."""
MOST_THREADS = 1_024
"""OpenMP crashes when it cannot start as many threads as it was told to use."""
MOST_TRIALS = 1_000_000
MOST_TILE_PX = 65_536
LARGEST_SEED = 2**63 - 1
MOST_PARAMETERS = 1_000_000_000
"""4 GB of float32 weights, thousands of times the largest published network of the family."""
MOST_VALUES = 100_000_000_000
"""Values of one feature map of one batch: 400 GB of float32."""

Channels = Annotated[int, Field(ge=4, le=MOST_CHANNELS)]
Divisor = Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
"""What a number of channels is divided by."""
Steps = Annotated[int, Field(ge=1, le=MOST_STEPS)]
Milestone = Annotated[int, Field(ge=0, le=MOST_STEPS)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Level = Annotated[int, Field(ge=0, le=255)]
"""A dispersion level."""
BlockIndex = Annotated[int, Field(ge=-MOST_BLOCKS, lt=MOST_BLOCKS)]
Beta = Annotated[float, Field(ge=0, lt=1)]
"""A decay rate of a running average."""
Intensity = Annotated[float, Field(ge=0, le=1)]
"""A value of RGB in 0..1."""
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Number = Annotated[float, Field(ge=-1e12, le=1e12)]
Whole = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]


def check_parameters(channels: int, blocks: int, weights_a_pair: int) -> None:
    """Refuse a network that fits into no machine, before anything of it is built.

    Args:
        channels: Of the network.
        blocks: Number of blocks.
        weights_a_pair: Weights for each pair of an input and an output channel, over all
            convolutions from all channels to all channels.

    Raises:
        ValueError: With the estimated number of parameters.
    """
    estimated = channels * channels * weights_a_pair
    if estimated > MOST_PARAMETERS:
        raise ValueError(
            f"channels and blocks must give at most {MOST_PARAMETERS:,} parameters, "
            f"got about {estimated:,} with {channels:,} channels and {blocks:,} blocks"
        )
