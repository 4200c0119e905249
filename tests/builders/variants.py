"""Variants that no file describes."""

from pathlib import Path

from workbench.ablation.variant import Variant


def variant(name: str, **overrides: object) -> Variant:
    """Return a variant of the model with these overrides."""
    dotted = tuple((f"model.{key}", value) for key, value in overrides.items())
    return Variant(name, f"Why {name}?", (), dotted, Path(f"{name}.yaml"))
