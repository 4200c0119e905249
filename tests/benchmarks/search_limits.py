"""What a sampler makes of hard limits: how much is rejected for each network that is trained.

`python -m tests.benchmarks.search_limits [--trials N] [--seeds N] [--sampler NAME]` searches
mdrn-size+mdrn-dispersion within 60,000 parameters and 4.0 G multiply-adds with a made-up objective
that likes wide networks, once as a search does and once with rejected networks reported as failed.
"""

import argparse
import statistics
import sys
from unittest.mock import patch

from tests.builders.searches import Fake, run, settings
from workbench.search.candidates import Rejected
from workbench.search.proposals import Proposal
from workbench.spaces.joining import find_spaces

NAMES = "mdrn-size+mdrn-dispersion"


def as_failed(self: Rejected, proposal: Proposal) -> Proposal:
    """Leave out how far above the limits a network is."""
    return proposal.model_copy(update={"rejected": self.reason})


def rejected(seed: int, sampler: str, trials: int) -> tuple[int, float]:
    """Return how many proposals were rejected, and the best made-up score."""
    space = find_spaces(NAMES)
    base = space.base_trial()
    wanted = settings(space=space, base=base, space_name=NAMES, seed=seed, sampler=sampler)
    state = run(wanted, trials, Fake())
    best = max(r[0].scores[0].mean().psnr_rgb_db for n, r in state.results.items() if n != "t0000")
    return sum(bool(p.rejected) for p in state.record.proposals), best


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sampler", default="tpe")
    given = parser.parse_args()
    found: dict[str, list[tuple[int, float]]] = {"as above the limit": [], "as failed": []}
    for seed in range(given.seeds):
        found["as above the limit"].append(rejected(seed, given.sampler, given.trials))
        with patch.object(Rejected, "as_rejected", as_failed):
            found["as failed"].append(rejected(seed, given.sampler, given.trials))
    for how, each in found.items():
        counts = [count for count, _ in each]
        best = statistics.fmean(score for _, score in each)
        sys.stdout.write(
            f"reported {how}: rejected {counts} for {given.trials} trained, mean "
            f"{statistics.fmean(counts):.1f}; best made-up score {best:.3f}\n"
        )


if __name__ == "__main__":
    main()
