"""Builders of tests: comparisons."""

from collections.abc import Mapping, Sequence

from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.provenance import Environment
from workbench.results import Cost, DatasetScores, ImageScore, Protocol, TrialResult, TrialState

COST = Cost(
    lr_height_px=256,
    lr_width_px=256,
    parameters=5_525,
    multiply_adds=320_000_000,
    challenge_flops=320_000_000,
    activations=13_720_000,
    convolutions=42,
)


ENVIRONMENT = Environment(
    python="3.11",
    packages={},
    git_commit=None,
    git_dirty_diff=None,
    hardware="a CPU",
    device="cpu",
    threads=1,
    results_version=1,
    code_hash="c0de",
)


PROTOCOL = Protocol(scale=4, crop_px=4, lr_origin="bicubic", data_hash="beef")


def scored(
    key: str,
    seed: int,
    psnr_db: Mapping[str, Sequence[float]],
    *,
    protocol: Protocol = PROTOCOL,
    state: TrialState = TrialState.COMPLETE,
    reason: str = "",
) -> TrialResult:
    """Return a trial with these PSNR of the images of each data set."""
    return TrialResult(
        key=key,
        training_key=f"training of {key}",
        config=TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"], seed=seed),
        state=state,
        reason=reason,
        steps=120,
        cost=COST,
        scores=tuple(
            DatasetScores(
                dataset=dataset,
                protocol=protocol,
                images=tuple(
                    ImageScore(
                        name=str(i), psnr_rgb_db=db, ssim_rgb=0.8, psnr_y_db=db + 1, ssim_y=0.9
                    )
                    for i, db in enumerate(values)
                ),
            )
            for dataset, values in psnr_db.items()
        ),
        training_s=1.0,
        sessions=1,
        started_s=0.0,
        finished_s=1.0,
        environment=ENVIRONMENT,
    )


def diverged(key: str, seed: int) -> TrialResult:
    reason = "the loss was nan at step 7"
    return scored(key, seed, {}, state=TrialState.DIVERGED, reason=reason)


BASE = [scored(f"base{s}", s, {"Set5": [30.0 + s, 32.0 + s]}) for s in (1, 2, 3)]


BETTER = [scored(f"up{s}", s, {"Set5": [30.5 + s, 32.5 + s]}) for s in (1, 2, 3)]


UNCLEAR = [scored(f"same{s}", s, {"Set5": [30 + s + (-1) ** s, 32.0 + s]}) for s in (1, 2, 3)]
