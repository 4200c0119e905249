"""Which searches `workbench search simulate` runs on a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from workbench.errors import ConfigError, nearest
from workbench.experiments.search_spec import SamplerName
from workbench.search.population import NAME as PBT
from workbench.search.simulation.outcome import REFERENCE

FEWEST, MOST = 2, 1_000
"""Repetitions: fewer have no interval, and more change nothing that could be seen."""


@dataclass(frozen=True)
class SimulateSpec:
    """Which searches are simulated. What is None comes from the table or its space."""

    samplers: Sequence[str] = ("tpe",)
    """Names of samplers; random search is added, since all others are judged against it."""
    repeats: int = 100
    """Searches of each sampler, 2..1000."""
    trials: int | None = None
    """Networks that a search trains, the baseline among them; None for half of the table's."""
    space: str | None = None
    """Name of a space, or of several as `A+B`; None for that of the table."""
    objective: str | None = None
    """A score of the validation images, or `DATASET/score`; None for the validation PSNR."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Name of a cost -> most that a network may have."""
    rungs: Sequence[float] | None = None
    """Fractions of the steps, increasing in 0..1, after which candidates are compared; empty for
    none."""
    keep: float | None = None
    """Fraction of the candidates promoted at each rung (1 / eta), in 0..1."""
    audit_share: float | None = None
    """Fraction of the candidates that no rung stops, in 0..1; None for that of searches."""
    batch: int = 4
    """Networks that are proposed together, or that are under way when asynchronous."""
    asynchronous: bool = False
    """ASHA: a decision for each candidate when it reaches a rung."""
    seed: int = 0
    """Of all draws."""
    margin: float | None = None
    """Equivalence margin in units of the objective; None for that of studies in dB, and for none
    with an objective of another unit."""


def samplers_with_reference(names: Sequence[str]) -> tuple[str, ...]:
    """Return the samplers, each once, with the reference at the end.

    Raises:
        ConfigError: For an unknown one, or one that needs weights.
    """
    known = [name for name in get_args(SamplerName) if name != PBT]
    for name in names:
        if name == PBT:
            raise ConfigError(
                f"--sampler {PBT} cannot be simulated: offspring fork the weights of others, and "
                "a table has no weights"
            )
        if name not in known:
            raise ConfigError(f"--sampler: unknown sampler {name!r}; {nearest(name, known)}")
    return (*(name for name in dict.fromkeys(names) if name != REFERENCE), REFERENCE)


def check_numbers(spec: SimulateSpec) -> None:
    """Refuse numbers that are out of range.

    Raises:
        ConfigError: With the option, the range and the value.
    """
    if not FEWEST <= spec.repeats <= MOST:
        raise ConfigError(f"--repeats must lie in {FEWEST}..{MOST:,}, got {spec.repeats:,}")
    if spec.trials is not None and spec.trials < 1:
        raise ConfigError(f"--trials must be at least 1, got {spec.trials:,}")
    if spec.batch < 1:
        raise ConfigError(f"--batch must be at least 1, got {spec.batch:,}")
    if spec.audit_share is not None and not 0 <= spec.audit_share <= 1:
        raise ConfigError(f"--audit-share must lie in 0..1, got {spec.audit_share:g}")
    if spec.margin is not None and spec.margin < 0:
        raise ConfigError(f"--margin must be at least 0, got {spec.margin:g}")
