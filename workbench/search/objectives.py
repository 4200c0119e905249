"""What a search optimizes: scores of a benchmark, and costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.errors import ConfigError, nearest
from workbench.results import SCORE_NAMES, TrialResult

Direction = Literal["maximize", "minimize"]

COSTS: Mapping[str, Direction] = {
    "parameters": "minimize",
    "multiply_adds": "minimize",
    "activations": "minimize",
    "convolutions": "minimize",
}
DEFAULT = "psnr_rgb_db"


@dataclass(frozen=True)
class Objective:
    """One figure of a result, and which way is better."""

    name: str
    """A score, `DATASET/score`, or a cost."""
    on_validation: bool = False
    """Whether a score without a data set is that of the validation images at the end of the
    training; otherwise it is that of the first benchmark."""

    @property
    def direction(self) -> Direction:
        """Which way is better."""
        return COSTS.get(self.name, "maximize")

    def value(self, results: Sequence[TrialResult]) -> float:
        """Return the mean over the seeds of a network."""
        return sum(self._of(result) for result in results) / len(results)

    def value_at(self, results: Sequence[TrialResult], step: int) -> float:
        """Return the mean over the seeds as the validation images show it at a step.

        Args:
            results: Of trials that have trained to this step at least.
            step: One at which they were validated.
        """
        if self.name in COSTS:
            return self.value(results)
        metric = self.name.rpartition("/")[2]
        points = [next(p for p in r.curve if p.step >= step) for r in results]
        return sum(float(getattr(point.score, metric)) for point in points) / len(points)

    def _of(self, result: TrialResult) -> float:
        if self.name in COSTS:
            return float(getattr(result.cost, self.name))
        dataset, slash, metric = self.name.rpartition("/")
        if self.on_validation:
            return float(getattr(result.curve[-1].score, metric))
        scores = result.score(dataset) if slash else result.scores[0]
        assert scores is not None, "objectives are checked against the benchmarks"
        return float(getattr(scores.mean(), metric))


def objectives_named(
    names: Sequence[str], selection: Literal["benchmarks", "validation"]
) -> tuple[Objective, ...]:
    """Return objectives by their names.

    Args:
        names: Scores, `DATASET/score` or costs.
        selection: What scores without a data set are of.
    """
    return tuple(
        Objective(name, selection == "validation" and name in SCORE_NAMES) for name in names
    )


def parse_objectives(texts: Sequence[str], datasets: Sequence[str]) -> tuple[Objective, ...]:
    """Read objectives such as `psnr_rgb_db`, `Set5/ssim_rgb`, `parameters`.

    Args:
        texts: As typed; none means the PSNR of the first benchmark.
        datasets: Names of the benchmarks.

    Raises:
        ConfigError: For an unknown or repeated one, with the nearest.
    """
    known = [*SCORE_NAMES, *COSTS, *(f"{d}/{s}" for d in datasets for s in SCORE_NAMES)]
    for text in texts:
        if text not in known:
            raise ConfigError(f"unknown objective {text!r}; {nearest(text, known)}")
        if list(texts).count(text) > 1:
            raise ConfigError(f"--objective {text} is given twice")
    return tuple(Objective(text) for text in texts or [DEFAULT])
