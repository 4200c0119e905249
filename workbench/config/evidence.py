"""Kinds of evidence: what a difference of two networks can say. No torch.

- `lesion`: pretrained weights, a part removed, nothing trained. Says what these weights use.
- `healed`: the same, then both networks train on. Says which losses that training does not recover.
- `retrained`: from initial weights. The claim about the design, at that length of training.
"""

from typing import Literal

from pydantic import Field

from workbench.config.base import Frozen

Evidence = Literal["lesion", "healed", "retrained"]

HASH_LETTERS = 8
"""Of the hash of weights, in names and tables."""


class Pretrained(Frozen):
    """Trained weights that a trial starts from."""

    hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 over the names and values of the weights; the store has the file of this name."""
    heal: bool
    """Whether the network is trained further with the recipe; if not, it is only scored."""

    @property
    def evidence(self) -> Evidence:
        """The kind of evidence that trials from these weights give."""
        return "healed" if self.heal else "lesion"


class TakenWeights(Frozen):
    """What a network took from pretrained weights, and what it could not take."""

    taken: int
    """Parameters that were taken: those whose path and shape the weights have."""
    new: int
    """Parameters of the network with initial weights of its seed."""
    left_out: int
    """Parameters of the weights that the network does not have."""
    new_modules: tuple[str, ...] = ()
    """Where the new ones are, such as `blocks.*.spatial_attention.strided`."""
    left_out_modules: tuple[str, ...] = ()
    """Likewise, of the weights."""

    def describe(self) -> str:
        """Return one line: `takes 92,310 parameters; left out: blocks.*.channel_attention`."""
        parts = [f"takes {self.taken:,} parameters"]
        if self.new:
            parts.append(f"{self.new:,} start anew ({', '.join(self.new_modules)})")
        if self.left_out:
            parts.append(f"{self.left_out:,} left out ({', '.join(self.left_out_modules)})")
        return "; ".join(parts)


def evidence_of(pretrained: Pretrained | None) -> Evidence:
    """Return the kind of evidence of trials; None is for those that start from initial weights."""
    return "retrained" if pretrained is None else pretrained.evidence


def evidence_text(evidence: Evidence, weights_hash: str) -> str:
    """Return the kind of evidence, with the weights: `lesion of weights a9312c0c`."""
    if evidence == "retrained":
        return evidence
    word = "of" if evidence == "lesion" else "from"
    return f"{evidence} {word} weights {weights_hash[:HASH_LETTERS]}"
