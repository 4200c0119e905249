"""Audits: some candidates that a rung would stop train to their end, so that it can be judged.

How well a rung ranks cannot be learned from those that it has let through: their values at the
rung are alike, which makes the rank correlation smaller than it is over all. A few that are drawn
beforehand stand for those that are stopped, and each counts by the inverse of its chance.
"""

import hashlib

from workbench.search.proposals import Proposal, candidate_name
from workbench.search.record import Promoted, RungResult, SearchRecord, Settings

DEFAULT_SHARE = 0.1
"""Of the candidates, where there are rungs."""


def is_audited(settings: Settings, proposal: Proposal) -> bool:
    """Return whether a candidate is never stopped at a rung, whatever its values.

    It depends on the seed of the search and on the number of the proposal only, so that a resumed
    search draws the same ones.
    """
    drawn = hashlib.sha256(f"audit {settings.seed} {proposal.number}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") / 2**64 < settings.audit_share


def weights(record: SearchRecord) -> dict[str, float]:
    """Return how many candidates each audited one stands for, by name; all others stand for 1."""
    audited = set[str]()
    for event in record.events:
        if isinstance(event, RungResult):
            audited.update(event.audited)
        elif isinstance(event, Promoted) and event.audited:
            audited.add(candidate_name(event.number))
    return dict.fromkeys(sorted(audited), 1 / record.settings.audit_share) if audited else {}
