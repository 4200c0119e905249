"""Differences of networks while a study runs, by the statistics of the final table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench.results import TrialResult, TrialState
from workbench.statistics.decision_rule import ALPHA
from workbench.system.numbers import difference_text

FEWEST_SEEDS = 2
"""With one seed there is no interval."""
SHOWN = 3
"""A trial of the base changes the difference of every variant; this many are printed at once."""


@dataclass
class SoFar:
    """Collects results and gives interim differences.

    Args:
        against: By name of a network, the one that it is compared with.
        alpha: One minus the confidence of the intervals, as in the final table.
    """

    against: Mapping[str, str]
    alpha: float = ALPHA
    results: dict[str, dict[int, TrialResult]] = field(default_factory=dict)
    """Complete ones, by network and seed."""

    def add(self, arm: str, result: TrialResult) -> None:
        """Take a result; one without scores is ignored."""
        if result.state is TrialState.COMPLETE and result.scores:
            self.results.setdefault(arm, {})[result.config.seed] = result

    def text(self, arm: str, seed: int) -> str:
        """Return the interim differences that a trial has just changed, on the first data set.

        Empty while fewer than two seeds of a network and of what it is compared with are complete.

        Args:
            arm: The network of the trial.
            seed: Its seed.
        """
        pairs = [(one, other) for one, other in self.against.items() if arm in (one, other)]
        known = [
            text
            for one, other in pairs
            if seed in self.results.get(one, {}) and seed in self.results.get(other, {})
            if (text := self._difference(one, other))
        ]
        more = f"; and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
        return "; ".join(known[:SHOWN]) + more

    def _difference(self, one: str, other: str) -> str:
        from workbench.statistics.estimate import estimate
        from workbench.statistics.matrix import differences

        dataset = next(iter(self.results[one].values())).scores[0].dataset
        pair = differences(self._psnr(one, dataset), self._psnr(other, dataset))
        if pair is None or len(pair.seeds) < FEWEST_SEEDS:
            return ""
        found = estimate(pair.delta)
        number, bracket, ends = difference_text(
            found.mean, found.interval(1 - self.alpha)
        ).partition(" [")
        return f"so far {one} - {other}: {number} dB{bracket}{ends}, {len(pair.seeds)} seeds"

    def _psnr(self, arm: str, dataset: str) -> dict[int, dict[str, float]]:
        """Return seed -> image -> PSNR in dB."""
        scored = {seed: result.score(dataset) for seed, result in self.results[arm].items()}
        return {
            seed: {image.name: image.psnr_rgb_db for image in found.images}
            for seed, found in scored.items()
            if found is not None
        }
