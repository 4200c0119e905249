"""How many seeds a study needs: spreads of the ledger or stated ones, images, trials, time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.builders.comparisons import scored
from workbench.errors import ConfigError
from workbench.experiments.planning import plan_power
from workbench.experiments.power_plan import PowerSpec
from workbench.experiments.run_context import RunContext
from workbench.experiments.study_plan import plan_study
from workbench.experiments.study_spec import StudySpec
from workbench.experiments.trial_spec import TrialSpec
from workbench.statistics.simulation import Truth, simulate
from workbench.store.ledger import Ledger

STATED = PowerSpec(("no-lvar",), 0.5, seed_sd_db=0.05, image_sd_db=0.1, rest_sd_db=0.05)


@pytest.fixture
def study(photos: Path) -> StudySpec:
    trial = TrialSpec(
        data=(f"own={photos}",),
        benchmarks=(f"P={photos}",),
        overrides={"training.stages.0.hr_patch_px": 60},
    )
    return StudySpec(base="tiny", trial=trial, allow_overlap=True)


def context(folder: Path) -> RunContext:
    return RunContext(folder / "store", workers=2, allow_overlap=True)


def keep_differences(study: StudySpec, store: Path, truth: Truth) -> None:
    """Record trials of tiny and no-lvar under four seeds, on four images."""
    plan = plan_study(replace(study, variants=("no-lvar",))).plan
    delta = simulate(truth, 4, 4, np.random.default_rng(0))
    for number, arm in enumerate(plan.arms):
        for seed in range(1, 5):
            psnr = 27 + number * delta[seed - 1]
            key = f"{number:032x}{seed:032x}"
            result = scored(key, seed, {"P": psnr.tolist()})
            Ledger(store).record(result.model_copy(update={"config": arm.with_seed(seed)}))


def test_stated_spreads_give_seeds_trials_and_time(study: StudySpec, tmp_path: Path) -> None:
    found = plan_power(STATED, study, context(tmp_path))
    (dataset,) = found.datasets
    assert (dataset.dataset, dataset.images, dataset.pairs) == ("P", 4, 0)
    assert dataset.seeds is not None
    assert found.seeds == dataset.seeds >= 2
    assert dataset.power is not None
    assert dataset.power >= 0.8
    assert found.running is not None
    assert found.running.trials == found.running.to_run == 2 * found.seeds
    assert found.running.seconds > 0
    assert found.running.workers == "with 2 workers"


def test_spreads_come_from_the_ledger_where_none_are_stated(
    study: StudySpec, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"no two networks .*state --seed-sd, --image-sd, --rest"):
        plan_power(PowerSpec(("no-lvar",)), study, context(tmp_path))
    keep_differences(study, tmp_path / "store", Truth(0.0, 0.2, 0.1, 0.1))
    found = plan_power(PowerSpec(("no-lvar",), effect_db=0.01), study, context(tmp_path))
    (dataset,) = found.datasets
    assert dataset.pairs == 1
    assert 0.05 < dataset.spreads.seed < 0.6
    assert (dataset.seeds, found.seeds, found.running) == (None, None, None)  # four images
    other = plan_power(PowerSpec(("no-cca",), seed_sd_db=0.0), study, context(tmp_path))
    assert other.datasets[0].spreads.seed == 0.0
    assert other.datasets[0].spreads.image == dataset.spreads.image  # of the pair that is there
    shorter = replace(study, trial=replace(study.trial, steps=60))
    with pytest.raises(ConfigError, match="no two networks of this recipe"):
        plan_power(PowerSpec(("no-lvar",)), shorter, context(tmp_path))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"variants": ()}, "plan needs a variant"),
        ({"effect_db": 0.0}, "--effect must be above 0 dB, got 0"),
        ({"power": 1.0}, "--power must be between 0 and 1, got 1"),
        ({"alpha": 0.0}, "--alpha must be between 0 and 1, got 0"),
        ({"variants": ("no-lvr",)}, "unknown variant 'no-lvr'; did you mean 'no-lvar'"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    changes: dict[str, object], reason: str, study: StudySpec, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=reason):
        plan_power(replace(STATED, **changes), study, context(tmp_path))  # type: ignore[arg-type]
