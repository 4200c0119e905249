"""Builders of tests: tables of trials whose best network is known, to simulate searches on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tests.builders.curves import trial
from workbench.config.overrides import apply_overrides
from workbench.results import TrialResult
from workbench.search.objectives import Objective
from workbench.search.samplers.suggesting import as_observation
from workbench.search.simulation.networks import SearchedTable, TableNetwork, searched_table
from workbench.spaces.space import SpaceFile
from workbench.store.keys import model_hash
from workbench.tables.table import TrialTable

STEPS = (40, 80, 120)
"""Validations of the recipe `smoke`."""
PSNR = Objective("psnr_rgb_db", on_validation=True)
Overrides = Mapping[str, Any]


def space(dimensions: Mapping[str, Any], **more: object) -> SpaceFile:
    return SpaceFile.parse(
        {"question": "Why?", "base": "tiny", "dimensions": dict(dimensions), **more}
    )


CHOICES = space({"model.channels": {"kind": "choice", "values": list(range(4, 24))}})
"""Twenty networks that are equally far from each other; the baseline has 8 channels."""
PLANE = space(
    {
        "model.channels": {"kind": "integers", "low": 4, "high": 16, "step": 2},
        "model.blocks": {"kind": "integers", "low": 1, "high": 4},
        "model.activation": {"kind": "choice", "values": ["gelu", "relu"]},
    }
)
"""56 networks."""


def by_channels(overrides: Overrides) -> float:
    """Return what a network is better by, dB: more channels are better."""
    return 0.01 * int(overrides["model.channels"])


def nothing(overrides: Overrides, seed: int) -> float:
    return 0.0


def table(
    of: SpaceFile,
    quality_db: Callable[[Overrides], float] = by_channels,
    seed_db: Callable[[Overrides, int], float] = nothing,
    *,
    seeds: Sequence[int] = (1, 2),
    networks: Iterable[Overrides] | None = None,
    early_db: Callable[[Overrides], float] | None = None,
) -> TrialTable:
    """Return a table of networks of a space.

    Args:
        of: The space.
        quality_db: What a network is better by at the end.
        seed_db: What a trial is better by at all steps.
        seeds: Of each network.
        networks: Their overrides; None for all of the space.
        early_db: What a network is better by before the end; None for what it is at the end.
    """
    results: list[TrialResult] = []
    names = {}
    for number, overrides in enumerate(of.combinations() if networks is None else networks):
        for seed in seeds:
            made = _trial(number, seed, overrides, quality_db, seed_db, early_db)
            names[model_hash(made.config.model)] = f"v{number:02}"
            results.append(made)
    return TrialTable("mine", tuple(results), names, of, "small")


def _trial(
    number: int,
    seed: int,
    overrides: Overrides,
    quality_db: Callable[[Overrides], float],
    seed_db: Callable[[Overrides, int], float],
    early_db: Callable[[Overrides], float] | None,
) -> TrialResult:
    late, own = quality_db(overrides), seed_db(overrides, seed)
    early = late if early_db is None else early_db(overrides)
    made = trial(
        f"v{number}",
        seed,
        lambda step: own + (late if step == STEPS[-1] else early),
        steps=STEPS,
    )
    config = apply_overrides(made.config, dict(overrides))
    channels = int(overrides.get("model.channels", 8))
    cost = made.cost.model_copy(update={"parameters": 1_000 * channels + number})
    key = f"{number:02}-{seed}".encode().hex()
    return made.model_copy(update={"config": config, "cost": cost, "key": key})


def searched(made: TrialTable, objective: Objective = PSNR) -> SearchedTable:
    assert made.space is not None
    return searched_table(made, made.space, made.space_name, objective)


def network(found: SearchedTable, **fields: Any) -> TableNetwork:
    """Return the network with these fields of the model."""
    wanted = {f"model.{name}": value for name, value in fields.items()}
    (one,) = (n for n in found.networks if wanted.items() <= n.overrides.items())
    return one


def params(of: SpaceFile, **values: Any) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """Return a combination as a sampler keeps it: values and distributions."""
    known = as_observation(of, {f"model.{name}": value for name, value in values.items()})
    return known.params, known.distributions
