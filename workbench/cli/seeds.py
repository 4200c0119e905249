"""The seeds of a study, where they were before."""

from workbench.experiments.seeds import MOST_SEEDS, Seeds, seed_list, seed_rule

__all__ = ["MOST_SEEDS", "Seeds", "seed_list", "seed_rule"]
