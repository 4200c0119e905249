"""The images that gain or lose most, which a report shows, and the trials that it shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.analysis.comparison import Comparison
from workbench.analysis.scores import complete
from workbench.results import TrialResult

MOST_EXTREME = 2
"""Images that are shown for gaining, and for losing, most."""


@dataclass(frozen=True)
class ExtremeImage:
    """An image of which a report shows crops."""

    dataset: str
    variant: str
    against: str
    """The arm that the variant is compared with."""
    image: str
    delta_db: float
    """Variant minus the other, PSNR in dB of the whole image, mean over the seeds."""
    gains: bool
    """Whether it is one of the highest differences or one of the lowest, whatever their sign."""


@dataclass(frozen=True)
class TrialPair:
    """The two trials whose networks are shown."""

    seed: int
    against: TrialResult
    variant: TrialResult

    @property
    def both(self) -> tuple[TrialResult, TrialResult]:
        """Return what is compared with, and the variant."""
        return self.against, self.variant


def extreme_images(comparison: Comparison) -> tuple[ExtremeImage, ...]:
    """Return the images that gain and that lose most, for each data set and variant.

    Two of each, the highest first; fewer where there are fewer than four images, and none twice.
    Arms that are not compared have none.
    """
    return tuple(_extreme_images(comparison))


def _extreme_images(comparison: Comparison) -> Iterator[ExtremeImage]:
    for dataset in comparison.protocols:
        for row in comparison.rows:
            score = row.datasets.get(dataset)
            if score is None or score.difference is None:
                continue
            pair = score.difference.pair
            deltas = pair.delta.mean(axis=0).tolist()
            means = sorted(zip(deltas, pair.images, strict=True), reverse=True)
            lowest = min(MOST_EXTREME, len(means) // 2)
            highest = min(MOST_EXTREME, len(means) - lowest)
            for number, (delta_db, image) in enumerate(means):
                gains = number < highest
                if gains or number >= len(means) - lowest:
                    yield ExtremeImage(dataset, row.name, row.against, image, delta_db, gains)


def trial_pair(one: ExtremeImage, results: Mapping[str, Sequence[TrialResult]]) -> TrialPair | None:
    """Return the trials of the first seed that both arms have, or None if there is none.

    Args:
        one: An image.
        results: Of each arm, as they were compared.
    """
    against = complete(results.get(one.against, ()))
    for seed, variant in complete(results.get(one.variant, ())).items():
        other = against.get(seed)
        if other and other.score(one.dataset) and variant.score(one.dataset):
            return TrialPair(seed, other, variant)
    return None
