"""Builders of tests: pages."""

from tests.builders.comparisons import scored
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.reporting.page import Header
from workbench.results import TrialResult

CONFIG = TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"])


SEEDS = (1, 2, 3)


def with_images(key: str, levels_db: list[float], spread_db: float = 0.001) -> list[TrialResult]:
    return [
        scored(f"{key}-{seed}", seed, {"Set5": [db + spread_db * (seed - 2) for db in levels_db]})
        for seed in SEEDS
    ]


def header(arms: dict[str, list[TrialResult]], question: str = "") -> Header:
    changed = apply_overrides(CONFIG, {"model.channels": 12})
    configs = {name: CONFIG if name == "tiny" else changed for name in arms}
    return Header("s", "today", ("a remark",), configs, ("workbench ablate <x>",), question)


def verdicts(images: int = 4) -> dict[str, list[TrialResult]]:
    """Variants of every verdict but `not testable`; a multiple of four images."""
    levels = {
        "tiny": ([30.0, 30.0, 30.0, 30.0], 0.001),
        "up": ([30.5, 30.51, 30.52, 30.53], 0.01),
        "down": ([29.5, 29.51, 29.52, 29.53], 0.01),
        "same": ([30.00001, 30.00003, 30.00002, 30.00002], 0.001),
        "open": ([31.0, 29.0, 30.5, 29.8], 0.3),
    }
    return {
        name: with_images(name, levels_db * (images // 4), spread_db)
        for name, (levels_db, spread_db) in levels.items()
    }
