"""What a candidate is, in words."""

from workbench.reporting.wording import changes_text
from workbench.search.record import Proposal


def proposal_text(proposal: Proposal) -> str:
    """Return what a candidate changes; of a schedule, whose steps it begins with, and its last."""
    changes = changes_text(proposal.choices)
    if proposal.parent is None:
        return changes or "canonical"
    return f"t{proposal.parent:04} for {proposal.parent_steps:,} steps, then {changes}"
