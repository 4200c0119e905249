"""`RESULTS_VERSION`: raised by hand when the same config gives another result. No torch.

The number is a part of every key, so that results of two versions are never mixed. What a version
means is pinned by `tests/pinned`: initial weights, crops, losses, gradients and a score, which may
only change together with the number.
"""

from dataclasses import dataclass

RESULTS_VERSION = 1
"""Raise it when weights or scores of an unchanged config change, add a line to `MARKS`, and run
`python -m tests.pinned.make`."""


@dataclass(frozen=True)
class Marks:
    """What keys of one version hold for it, by part of a trial: any text, used once."""

    training: str
    """Of everything that decides the weights."""
    evaluation: str
    """Of everything that turns weights into scores."""
    bicubic: str
    """Of the scores of bicubic upscaling."""


MARKS = {
    # Until 0.1.0 keys held a hash of the source code. The last one stands for version 1, so that
    # the trials of 0.1.0 keep their keys.
    1: Marks(
        training="0a0c549244a0947f0247355850fb0a74",
        evaluation="95074e75cdba970992f874a2a945cf03",
        bicubic="c8df70c03b61a4a5be2c2423adac7728",
    ),
}
"""By version. A version that changes scores only keeps the training mark of the one before, and
evaluates the weights that exist."""

SOURCE_HASH_0_1 = "195c2f5739672c34f43325d36b5edbde"
"""`Environment.code_hash` of trials of 0.1.0 that are version 1."""


def marks() -> Marks:
    """Return the marks of the current version."""
    return MARKS[RESULTS_VERSION]
