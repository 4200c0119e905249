"""What a candidate is, in words."""

from workbench.reporting.wording import changes_text
from workbench.search.objectives import COSTS, Objective
from workbench.search.record import Proposal
from workbench.system import numbers


def proposal_text(proposal: Proposal) -> str:
    """Return what a candidate changes; of a schedule, whose steps it begins with, and its last."""
    changes = changes_text(proposal.choices)
    if proposal.parent is None:
        return changes or "canonical"
    return f"t{proposal.parent:04} for {proposal.parent_steps:,} steps, then {changes}"


def value_text(objective: Objective, value: float) -> str:
    """Return the value of an objective with its unit: `24.471 dB`, `0.7097`, `95,396`."""
    if objective.name in COSTS:
        return f"{value:,.0f}"
    return f"{value:.3f} dB" if _in_db(objective) else f"{value:.4f}"


def difference_text(objective: Objective, value: float) -> str:
    """Return a difference of two values of an objective, with sign and unit."""
    if objective.name in COSTS:
        return numbers.count_change(value)
    if _in_db(objective):
        return f"{numbers.difference_text(value)} dB"
    return numbers.ratio_change(value)


def _in_db(objective: Objective) -> bool:
    return objective.name.endswith("_db")
