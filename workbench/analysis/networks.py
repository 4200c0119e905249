"""Networks whose weights are given, side by side: scores and differences per image. No torch.

What such a table can say is "these weights are better on these images" and nothing about the
designs: that takes retraining under several seeds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.analysis.channels import Channel
from workbench.analysis.protocol_lock import ScoreOrigin, check_one_protocol
from workbench.results import DatasetScores, Protocol, WeightsRecord

if TYPE_CHECKING:
    from workbench.evaluation.throughput import Throughput
    from workbench.statistics.images import ImageDifference


@dataclass(frozen=True)
class NetworkTable:
    """All networks; the first is what the others are compared with."""

    records: tuple[WeightsRecord, ...]
    protocols: Mapping[str, Protocol]
    """By data set."""
    channel: Channel
    """Of the differences."""
    differences: Mapping[tuple[str, str], ImageDifference]
    """In PSNR dB against the first, by (name of the network, data set). The intervals of a data set
    hold together with 95 % (Bonferroni)."""
    throughputs: Mapping[str, Throughput] = field(default_factory=dict)
    """Of the networks that were run, by name."""


def tabulate(records: Sequence[tuple[WeightsRecord, Channel]], channel: Channel) -> NetworkTable:
    """Put networks side by side.

    Args:
        records: At least one, each with the channel that its figures were made for.
        channel: Of the differences.

    Raises:
        WorkbenchError: If two were scored by different protocols, images or channels.
    """
    protocols = check_one_protocol(
        ScoreOrigin(record.name, scores.dataset, made_for, scores.protocol)
        for record, made_for in records
        for scores in record.scores
    )
    all_records = tuple(record for record, _ in records)
    first = {scores.dataset: scores for scores in all_records[0].scores}
    counts = Counter(s.dataset for r in all_records[1:] for s in r.scores if s.dataset in first)
    differences = {
        (record.name, scores.dataset): _against(
            first[scores.dataset], scores, channel, counts[scores.dataset]
        )
        for record in all_records[1:]
        for scores in record.scores
        if scores.dataset in first
    }
    return NetworkTable(all_records, protocols, channel, differences)


def _against(
    base: DatasetScores, scores: DatasetScores, channel: Channel, count: int
) -> ImageDifference:
    """Compare one of `count` networks with the base, at 95 % for all of them (Bonferroni)."""
    from workbench.statistics.images import image_difference

    metric = f"psnr_{channel}_db"
    return image_difference(
        [getattr(image, metric) for image in scores.images],
        [getattr(image, metric) for image in base.images],
        confidence=1 - 0.05 / count,
    )
