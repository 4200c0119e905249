"""What holds unless something else is given. Light: options print it."""

from pathlib import Path

from workbench.config.presets import CANONICAL

DEFAULT_STORE = Path("mlflow_runs")
DEFAULT_BASE = CANONICAL
"""Baseline preset."""
DEFAULT_RECIPE = "smoke"
DEFAULT_BUDGET = 100
"""Most trials of a Shapley attribution."""
