"""The lock that every report passes: scores of different protocols never stand in one table."""

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.results import Protocol


@dataclass(frozen=True)
class ScoreOrigin:
    """Whose score it is and how it was made."""

    run: str
    """What the report, or its reader, calls the run."""
    dataset: str
    channel: str
    """`rgb` or `y`."""
    protocol: Protocol


def check_one_protocol(scored: Iterable[ScoreOrigin]) -> dict[str, Protocol]:
    """Return the protocol of each data set.

    Raises:
        WorkbenchError: Naming two runs whose scores were made in different ways, or that are two
            kinds of evidence, and the ways or kinds.
    """
    first: dict[str, ScoreOrigin] = {}
    for one in scored:
        other = first.setdefault(one.dataset, one)
        _check_evidence(next(iter(first.values())), one)
        differing = _difference(other, one)
        if differing:
            raise WorkbenchError(
                f"{one.dataset} was scored by two protocols, which must not be compared: "
                f"{differing[0]} in {other.run}, {differing[1]} in {one.run}"
            )
    return {name: one.protocol for name, one in first.items()}


def _check_evidence(left: ScoreOrigin, right: ScoreOrigin) -> None:
    """Refuse two kinds of evidence, or two weights to start from, also on different data sets."""
    kinds = [(one.protocol.evidence, one.protocol.pretrained) for one in (left, right)]
    if kinds[0] != kinds[1]:
        raise WorkbenchError(
            "two kinds of evidence must not be compared: "
            f"{left.protocol.evidence_text} in {left.run}, "
            f"{right.protocol.evidence_text} in {right.run}"
        )


def _difference(left: ScoreOrigin, right: ScoreOrigin) -> tuple[str, str] | None:
    """Return what differs, in the words of either side."""
    if left.channel != right.channel:
        return left.channel.upper(), right.channel.upper()
    if left.protocol == right.protocol:
        return None
    words = left.protocol.describe(), right.protocol.describe()
    if words[0] != words[1]:
        return words
    return f"images {left.protocol.data_hash[:12]}", f"images {right.protocol.data_hash[:12]}"
