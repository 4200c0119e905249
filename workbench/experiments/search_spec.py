"""What a search is requested to look for: the options of `workbench search`. No torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from workbench.errors import ConfigError
from workbench.experiments.trial_spec import TrialSpec

SamplerName = Literal["tpe", "nsga2", "nsga3", "gp", "random", "grid", "pbt"]


@dataclass(frozen=True)
class SearchSpec:
    """Everything that defines a search. What is None comes from the space."""

    space: str
    """Name of a space, or of several as `A+B`."""
    trials: int = 24
    """Networks to train in all, the canonical one among them; a later search of the same name with
    more continues it."""
    sampler: SamplerName = "tpe"
    """Proposes the next networks; `pbt` is population based training."""
    objectives: Sequence[str] = ()
    """Scores such as `psnr_rgb_db` or `Set5/ssim_rgb`, maximized, and costs such as `parameters`,
    minimized; none for those of the space."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Name of a cost -> most that a network may have, such as `parameters` -> 60,000; in place of
    the space's limit of the same name."""
    rungs: Sequence[float] | None = None
    """Fractions of the steps, increasing in 0..1, after which candidates are compared; empty for
    none."""
    keep: float | None = None
    """Fraction of the candidates promoted at each rung (1 / eta), in 0..1."""
    audit_share: float | None = None
    """Fraction of the candidates that is never stopped at a rung, in 0..1, so that the rungs can be
    judged; None for a tenth, or for what the search of this name has."""
    seed: int = 0
    """Of the sampler."""
    trial_seeds: tuple[int, ...] = (1,)
    """Each network is trained under each of them, and its objectives are means."""
    batch: int = 4
    """Networks that are proposed together, or that are under way when asynchronous."""
    asynchronous: bool = False
    """Without batches: ASHA decides for each trial when it reaches a rung."""
    trial: TrialSpec = TrialSpec()  # noqa: RUF009 (frozen)
    """Training and images."""
    name: str | None = None
    """Name of the search; None to make it from the space and the settings."""


@dataclass(frozen=True)
class ResumePolicy:
    """What happens to an earlier search of the same name.

    Raises:
        ConfigError: If `fresh` is combined with `resume` or `retry`.
    """

    resume: bool = False
    """Only resume: refuse to start a new search."""
    retry: bool = False
    """Run failed trials again; refuse to start a new search."""
    fresh: bool = False
    """Keep the earlier search under another name and start a new one; no finished trial is trained
    again."""
    warm_start: bool = True
    """Report the networks that other studies have finished to the sampler of a new search."""

    def __post_init__(self) -> None:
        for option, given in (("--resume", self.resume), ("--retry", self.retry)):
            if given and self.fresh:
                raise ConfigError(f"{option} and --fresh exclude each other")
