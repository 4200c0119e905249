"""A plan for power: what a study is to find, and what it takes. No torch."""

from dataclasses import asdict, dataclass
from typing import Any

from workbench.errors import ConfigError
from workbench.statistics.decision_rule import ALPHA
from workbench.statistics.power import MOST_SEEDS, Spreads

SHOWN_SEEDS = (3, 6, 10, MOST_SEEDS)
"""Numbers of seeds whose power is shown beside the number that is needed."""


@dataclass(frozen=True)
class PowerSpec:
    """What a study is to find."""

    variants: tuple[str, ...]
    """Names or files of variants."""
    effect_db: float = 0.02
    """The true difference of a variant, above 0."""
    power: float = 0.8
    """How often it is to be found, between 0 and 1."""
    alpha: float = ALPHA
    """Family-wise error rate, between 0 and 1."""
    seed_sd_db: float | None = None
    """Standard deviation of a difference over seeds; None for the ledger's. So for the others."""
    image_sd_db: float | None = None
    """Over images."""
    rest_sd_db: float | None = None
    """Of what is left for one seed and image."""

    def check(self) -> None:
        """Refuse what cannot be planned.

        Raises:
            ConfigError: Naming the option, its bounds and the value.
        """
        if not self.variants:
            raise ConfigError("plan needs a variant; `workbench variants` lists them")
        if not self.effect_db > 0:
            raise ConfigError(f"--effect must be above 0 dB, got {self.effect_db:g}")
        for option, value in (("--power", self.power), ("--alpha", self.alpha)):
            if not 0 < value < 1:
                raise ConfigError(f"{option} must be between 0 and 1, got {value:g}")


@dataclass(frozen=True)
class DatasetPlan:
    """What one benchmark needs."""

    dataset: str
    images: int
    spreads: Spreads
    pairs: int
    """Pairs of networks of the ledger that the spreads are from; 0 where all are stated."""
    seeds: int | None
    """Least number that reaches the power; None if no plausible number does: more images would."""
    power: float | None
    """With that number."""
    powers: dict[int, float]
    """By number of seeds."""


@dataclass(frozen=True)
class Running:
    """What it takes to run a study here."""

    trials: int
    to_run: int
    """Of them, those that the store does not have."""
    seconds: float
    """That these take."""
    workers: str
    """How many run at a time: `with 2 workers`."""


@dataclass(frozen=True)
class PowerPlan:
    """How many seeds a study needs, and how long it takes."""

    spec: PowerSpec
    members: int
    """Differences that share the error rate."""
    datasets: tuple[DatasetPlan, ...]
    seeds: int | None
    """Enough for every data set that can reach the power; None if none can."""
    running: Running | None
    """Of the study with that many seeds; None without a number of seeds."""

    def to_dict(self) -> dict[str, Any]:
        """Return what `workbench plan --json` prints, with units in the keys."""
        return {
            **asdict(self.spec),
            "members": self.members,
            "datasets": [
                {
                    "dataset": one.dataset,
                    "images": one.images,
                    "seed_sd_db": one.spreads.seed,
                    "image_sd_db": one.spreads.image,
                    "rest_sd_db": one.spreads.rest,
                    "pairs": one.pairs,
                    "seeds": one.seeds,
                    "power": one.power,
                    "powers": {str(count): value for count, value in one.powers.items()},
                }
                for one in self.datasets
            ],
            "seeds": self.seeds,
            "running": None if self.running is None else asdict(self.running),
        }
