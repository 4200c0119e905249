"""How the best networks of a search differ from the canonical one."""

import shlex
from collections.abc import Sequence

from workbench.cli.console import OUT, note, table
from workbench.search.objectives import COSTS, Objective
from workbench.search.state import BASELINE, SearchState, cost_of_trial
from workbench.system.numbers import count_change, giga_change, signed

DECIMALS = 4
"""As in the table of the scores."""


def print_differences(
    state: SearchState, objectives: Sequence[Objective], names: Sequence[str]
) -> None:
    """Print each network minus the canonical one: costs and scores.

    Args:
        state: The search.
        objectives: Of it; units are in their names.
        names: The networks; nothing is printed of one without scores, or if the canonical network
            has none.
    """
    values = state.values(objectives)
    others = [name for name in names if name in values and name != BASELINE]
    if BASELINE not in values or not others:
        return
    scores = [(place, o.name) for place, o in enumerate(objectives) if o.name not in COSTS]
    made = table("trial", "parameters", "multiply-adds G", *(name for _, name in scores))
    costs = {p.name: cost_of_trial(p) for p in state.trained}
    base, cost = values[BASELINE], costs[BASELINE]
    for name in others:
        fewer = costs[name].parameters - cost.parameters
        less = costs[name].multiply_adds - cost.multiply_adds
        made.add_row(
            name,
            f"{count_change(fewer)} ({_share(fewer, cost.parameters)})",
            f"{giga_change(less)} ({_share(less, cost.multiply_adds)})",
            *(signed(values[name][place] - base[place], DECIMALS) for place, _ in scores),
        )
    settings = state.record.settings
    OUT.print(f"\ndifference from {BASELINE}, the canonical {settings.space.base}")
    OUT.print(made)
    seeds = len(settings.trial_seeds)
    note(
        f"{seeds} seed{'s' if seeds > 1 else ''}, no interval: "
        f"workbench search promote {shlex.quote(state.record.name)} --seeds 6 "
        "tests the best networks"
    )


def _share(change: float, whole: float) -> str:
    return f"{signed(100 * change / whole, 1)} %"
