"""Costs of the shipped networks, counted beforehand, so that listing them needs no torch.

`costs.json` is made by `make costs` and a test holds it against the count on the meta device.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from workbench.ablation.variant import find_variants
from workbench.config.network import Network
from workbench.config.presets import CANONICAL, PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.results import Cost
from workbench.store.keys import model_hash

COSTS = Path(__file__).parent / "costs.json"


def known_cost(config: Network) -> Cost | None:
    """Return the cost of a network at 256 x 256 LR px if it is in the table."""
    return _table().get(model_hash(config))


def shipped_networks() -> Iterator[Network]:
    """Yield every preset and every variant of the canonical network."""
    yield from PRESETS.values()
    base = TrialConfig(model=PRESETS[CANONICAL], training=RECIPES["smoke"])
    for variant in find_variants(["all"]):
        yield variant.apply(base).model


@cache
def _table() -> dict[str, Cost]:
    rows: dict[str, object] = json.loads(COSTS.read_text(encoding="utf-8"))
    return {key: Cost.parse(row) for key, row in rows.items()}
