"""The score of the NTIRE challenge on efficient super-resolution (ESR). No torch.

    score = 0.8 exp(2 runtime / runtime_SPAN) + 0.1 exp(2 FLOPs / FLOPs_SPAN)
            + 0.1 exp(2 parameters / parameters_SPAN)

in 2026; lower is better, and the baseline SPAN itself has exp(2) = 7.389. Formula and figures are
those of https://github.com/Amazingren/NTIRE2026_ESR (README.md).
"""

import math
from dataclasses import dataclass

from workbench.errors import WorkbenchError

_SHARPNESS = 2.0


@dataclass(frozen=True)
class ChallengeRules:
    """What a challenge compares networks with, and by which weights. The figures are quoted."""

    year: int
    baseline: str
    flops: float
    """Of the baseline, as fvcore counts them at `lr_px`."""
    parameters: float
    """Of the baseline."""
    runtime_ms: float
    """Of the baseline on `device`. Never compared with a time that was measured elsewhere."""
    device: str
    runtime_weight: float
    flops_weight: float
    parameters_weight: float
    least_psnr_db: tuple[float, float]
    """On DIV2K_LSDIR_valid and DIV2K_LSDIR_test, RGB; networks below them are not ranked."""
    source: str
    scale: int = 4
    lr_px: int = 256
    """Side of the input for which FLOPs are counted."""


RULES = {
    2026: ChallengeRules(
        year=2026,
        baseline="SPAN",
        flops=9.83e9,
        parameters=0.151e6,
        runtime_ms=5.59,
        device="NVIDIA RTX A6000",
        runtime_weight=0.8,
        flops_weight=0.1,
        parameters_weight=0.1,
        least_psnr_db=(26.90, 26.99),
        source="https://github.com/Amazingren/NTIRE2026_ESR",
    )
}
"""By year."""


@dataclass(frozen=True)
class ChallengeScore:
    """The parts of the score before they are weighted, and the score itself; lower is better."""

    runtime: float
    flops: float
    parameters: float
    total: float


def challenge_score(
    rules: ChallengeRules, *, runtime_ratio: float, flops: float, parameters: float
) -> ChallengeScore:
    """Score a network.

    Args:
        rules: Of the challenge.
        runtime_ratio: Runtime of the network / runtime of the baseline, both on one device.
        flops: As fvcore counts them for an input of `rules.lr_px` squared.
        parameters: Number of parameters.

    Raises:
        WorkbenchError: If the network is so much larger than the baseline that its score is beyond
            floating-point numbers.
    """
    ratios = runtime_ratio, flops / rules.flops, parameters / rules.parameters
    try:
        runtime_part, flops_part, parameters_part = (math.exp(_SHARPNESS * r) for r in ratios)
    except OverflowError:
        raise WorkbenchError(
            f"the score of NTIRE {rules.year} is exp({_SHARPNESS:g} x ratio to {rules.baseline}), "
            f"which has no value for a ratio of {max(ratios):.0f}"
        ) from None
    weighted = (
        rules.runtime_weight * runtime_part,
        rules.flops_weight * flops_part,
        rules.parameters_weight * parameters_part,
    )
    return ChallengeScore(runtime_part, flops_part, parameters_part, math.fsum(weighted))
