"""Builders of tests: baselines."""

from collections.abc import Mapping, Sequence

from tests.builders.comparisons import scored
from workbench.results import MeanScore, TrialResult


def bicubic(psnr_db: float) -> MeanScore:
    return MeanScore(psnr_rgb_db=psnr_db, ssim_rgb=0.7, psnr_y_db=psnr_db + 1, ssim_y=0.8)


def against_bicubic(
    arms: Mapping[str, Sequence[float]], psnr_db: float = 30.0
) -> dict[str, list[TrialResult]]:
    """Return two seeds of each arm, which score these PSNR on Set5 where bicubic has `psnr_db`."""
    found = {}
    for name, images_db in arms.items():
        results = [scored(f"{name}-{seed}", seed, {"Set5": images_db}) for seed in (1, 2)]
        found[name] = [
            one.model_copy(
                update={
                    "scores": tuple(
                        s.model_copy(update={"bicubic": bicubic(psnr_db)}) for s in one.scores
                    )
                }
            )
            for one in results
        ]
    return found
