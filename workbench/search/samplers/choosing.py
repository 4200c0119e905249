"""Which sampler a search has, by its settings."""

from collections.abc import Sequence

from workbench.search.objectives import Objective
from workbench.search.record import Settings
from workbench.search.samplers.grid import GridSampler
from workbench.search.samplers.optuna_sampler import OptunaSampler
from workbench.search.samplers.sampler import Sampler


def make_sampler(settings: Settings, objectives: Sequence[Objective]) -> Sampler:
    """Return the sampler of a search, which has observed nothing.

    Args:
        settings: Of the search. Population based training draws its first members at random.
        objectives: Whose values will be reported.
    """
    if settings.sampler == "grid":
        return GridSampler(settings.space, settings.seed)
    name = "random" if settings.sampler == "pbt" else settings.sampler
    return OptunaSampler(name, settings.seed, settings.space, objectives)
