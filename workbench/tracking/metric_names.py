"""What metrics and columns are called in MLflow: `<what>/<where>`, grouped by the first part.

Learning curves are `validation/psnr` and `train/loss`, a value for each step. What exists once, at
the end of a training, is at step 0: MLflow draws a bar for that, and a line of one dot for any
other step. PSNR is in dB, of RGB unless the name says otherwise.
"""

import re

SCORES = {"psnr_rgb_db": "psnr", "ssim_rgb": "ssim", "psnr_y_db": "psnr_y", "ssim_y": "ssim_y"}
"""By field of a score."""
DELTA = "delta"
"""Difference of PSNR from the arm that a variant is compared with."""
VALIDATION = "validation"
OVER_TRAINING = f"{VALIDATION}/{DELTA}"
"""Difference of validation PSNR at each step, in the run of all seeds of a variant."""

VARIANT_TAG, SEED_TAG, VERDICT = "variant", "seed", "verdict"
"""Tags that are shown as columns; of verdicts it is the first part, as in `verdict/Set5`."""


def safe_name(name: str) -> str:
    """Return a data set's name with `_` for what MLflow forbids in the names of metrics."""
    return re.sub(r"[^\w.\- ]|^\.", "_", name)[:200]


def on_dataset(what: str, dataset: str) -> str:
    """Return the name of a metric of a data set, such as `psnr/Set5`."""
    return f"{what}/{safe_name(dataset)}"


def at_step(step: int) -> str:
    """Return the name of the validation PSNR at one step, for trials that end at other ones."""
    return f"validation_psnr_at/{step}"
