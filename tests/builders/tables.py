"""Builders of tests: tables of trials."""

from collections.abc import Mapping, Sequence

from tests.builders.ranking import ranked
from workbench.results import TrialResult
from workbench.store.keys import model_hash
from workbench.tables.table import TrialTable


def table_of(arms: Mapping[str, Sequence[TrialResult]], name: str = "bench") -> TrialTable:
    """Return a table of the trials of arms."""
    results = tuple(one for trials in arms.values() for one in trials)
    names = {model_hash(trials[0].config.model): arm for arm, trials in arms.items()}
    return TrialTable(name, results, names, studies=(name,))


def small_table(
    networks: int = 3, seeds: Sequence[int] = (1, 2), name: str = "bench"
) -> TrialTable:
    """Return a table of networks `v00`, `v01`, ... of 8, 9, ... channels, the last one the best."""
    return table_of(ranked(name, [0.1 * number for number in range(networks)], seeds=seeds), name)
