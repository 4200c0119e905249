"""Runs of trials that another trial has replaced: the same variant and seed under another key.

The key of a trial changes with its images, its recipe and the workbench's code. Both runs stay in
MLflow, and a table that is grouped by the tags of variant and seed must not mix them, so the
variant of the older one says that it is superseded.
"""

from collections.abc import Mapping
from typing import Any

from workbench.tracking.metric_names import VARIANT_TAG
from workbench.tracking.run_content import run_name
from workbench.tracking.tracker import TrialLabel

TAG = "workbench.superseded"
"""Holds the name of the variant that a superseded run was of; absent or empty for all others."""
SUFFIX = " (superseded)"
"""Ends the tag of the variant, and the name, of a superseded run."""


def variant_of(tags: Mapping[str, str]) -> str:
    """Return the variant of a run, also of a superseded one."""
    return tags.get(TAG) or tags["workbench.variant"]


def is_superseded(variant: str) -> bool:
    """Return whether the tag of a variant is that of a superseded run."""
    return variant.endswith(SUFFIX)


def set_superseded(client: Any, run_id: str, label: TrialLabel, *, superseded: bool) -> None:
    """Mark a run as superseded, or as the one that counts.

    Args:
        client: MLflow's.
        run_id: MLflow's.
        label: Of the trial that replaces it, or of its own: only the names count.
        superseded: Which of the two.
    """
    suffix = SUFFIX if superseded else ""
    for name, value in (
        (TAG, label.variant if superseded else ""),
        ("workbench.variant", f"{label.variant}{suffix}"),
        (VARIANT_TAG, f"{label.variant}{suffix}"),
        ("mlflow.runName", f"{run_name(label)}{suffix}"),
    ):
        client.set_tag(run_id, name, value)
