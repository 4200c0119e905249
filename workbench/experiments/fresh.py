"""What a search has seen, so that its best networks are judged on something else. No torch.

The best of many networks looks better than it is on the seeds and the images that chose it (the
winner's curse). So a promotion trains under other seeds. And where it scores on a data set that the
search optimized, all networks of the search belong to the family of comparisons.
"""

from dataclasses import replace
from itertools import count, islice

from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.experiments.seeds import Seeds
from workbench.search.objectives import COSTS
from workbench.search.record import Settings


def fresh_seeds(seeds: Seeds, settings: Settings) -> Seeds:
    """Return seeds under which a search has trained nothing.

    Args:
        seeds: As requested. A count, that is 1, 2, ..., becomes as many of the first seeds that the
            search did not use; other seeds stay as they are.
        settings: Of the search.

    Raises:
        ConfigError: If seeds of a list are those of the search, with others.
    """
    used = set(settings.trial_seeds)
    if not used & set(seeds.seeds):
        return seeds
    free = tuple(islice((n for n in count(1) if n not in used), len(seeds.seeds)))
    if seeds.seeds == tuple(range(1, len(seeds.seeds) + 1)):
        return replace(seeds, seeds=free)
    both = ", ".join(str(seed) for seed in seeds.seeds if seed in used)
    raise ConfigError(
        f"--seeds: the search chose its best networks by trials of seed {both}, which would favour "
        f"them; give other seeds, such as {','.join(map(str, free))}"
    )


def seen_benchmarks(settings: Settings, base: TrialConfig) -> tuple[str, ...]:
    """Return the data sets of a promotion that the search optimized.

    Args:
        settings: Of the search.
        base: The canonical network's trial in the promotion.
    """
    scores = [name for name in settings.objectives if name not in COSTS]
    optimized = {name.rpartition("/")[0] for name in scores if "/" in name}
    if settings.selection == "benchmarks" and len(optimized) < len(scores):
        optimized.add(settings.base.evaluation.benchmarks[0].name)
    return tuple(one.name for one in base.evaluation.benchmarks if one.name in optimized)
