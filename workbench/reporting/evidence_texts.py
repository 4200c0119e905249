"""Sentences about the kind of evidence that a comparison is. No torch."""

from collections.abc import Sequence

from workbench.analysis.comparison import Comparison
from workbench.config.evidence import HASH_LETTERS, Evidence

MEANING: dict[Evidence, str] = {
    "lesion": "a screen: what these weights use, no claim about the design",
    "healed": "what cannot be learned back in so many steps from these weights",
    "retrained": "about the design at this length",
}
"""What a difference of each kind says."""
LESION_WORDS = (
    "used: PSNR is lower without what the variant removes or replaces; better without: it is higher"
)


def evidence_line(comparison: Comparison) -> str:
    """Return the kind, length and weights of all differences, and what they say, in one line."""
    return f"{kind_text(comparison)}; {MEANING[comparison.evidence]}"


def kind_text(comparison: Comparison) -> str:
    """Return kind and length: `healed for 300 steps from mdrn-s.pth (a9312c0c)`."""
    weights = weights_text(comparison.weights_name, comparison.pretrained)
    match comparison.evidence:
        case "lesion":
            return f"lesion of {weights}, nothing trained"
        case "healed":
            return f"healed for {steps_text(comparison.steps)} from {weights}"
        case "retrained":
            return f"retrained for {steps_text(comparison.steps)}"


def weights_text(name: str, weights_hash: str) -> str:
    """Return the name of weights with the start of their hash."""
    short = weights_hash[:HASH_LETTERS]
    return f"{name} ({short})" if name else f"weights {short}"


def steps_text(steps: Sequence[int]) -> str:
    """Return `300 steps`, or `300 to 1,200 steps` where trials differ."""
    if not steps:
        return "0 steps"
    few, many = min(steps), max(steps)
    return f"{many:,} steps" if few == many else f"{few:,} to {many:,} steps"
