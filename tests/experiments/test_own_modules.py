"""Networks and attentions of the user's own, trained, ablated and resumed like ours."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.builders.docs import ROOT
from tests.builders.executors import run_inline
from tests.builders.own_modules import change, write_modules
from workbench.experiments.ablation import AblationOutcome, ablate
from workbench.experiments.run_context import RunContext
from workbench.experiments.seeds import Seeds
from workbench.experiments.study_spec import StudySpec
from workbench.experiments.trial_spec import TrialSpec
from workbench.results import TrialResult, TrialState

pytestmark = pytest.mark.xdist_group("own-modules")

OVERRIDES = {
    "training.stages.0.milestones": [],
    "training.stages.0.hr_patch_px": 60,
    "training.stages.0.batch_size": 1,
    "training.stages.0.steps": 4,
    "training.validate_every": 4,
    "training.checkpoint_every": 2,
}


COMMAND = [sys.executable, "-m", "workbench", "ablate", "--base", "tiny", "--workers", "1"]
LONGER = {"training.stages.0.steps": 40, "training.validate_every": 20}
PATIENCE_S = 300.0


def spec(photos: Path, *variants: str, base: str, overrides: Mapping[str, object]) -> StudySpec:
    trial = TrialSpec(data=(f"own={photos}",), benchmarks=(f"P={photos}",), overrides=overrides)
    return StudySpec(variants, base=base, seeds=Seeds((1,)), trial=trial, allow_overlap=True)


def run(
    photos: Path, *variants: str, base: str = "tiny", store: str = "s", longer: bool = False
) -> dict[str, TrialResult]:
    outcome: AblationOutcome = ablate(
        spec(photos, *variants, base=base, overrides=OVERRIDES | (LONGER if longer else {})),
        RunContext(Path(store)),
    )
    return {name: results[0] for name, results in outcome.results.items()}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with modules of the user's own."""
    run_inline(monkeypatch)
    monkeypatch.chdir(write_modules(tmp_path))
    return tmp_path


def test_an_attention_and_a_network_of_ones_own_are_ablated(own: Path, photos: Path) -> None:
    first = run(photos, "gate", "my-net")
    assert {name: r.state for name, r in first.items()} == dict.fromkeys(
        ("tiny", "gate", "my-net"), TrialState.COMPLETE
    )
    assert first["my-net"].cost.parameters == 3 * 6 * 9 + 6 + 6 * 6 * 9 + 6 + 6 * 48 * 9 + 48
    keys = {name: result.key for name, result in first.items()}
    assert {name: r.key for name, r in run(photos, "gate", "my-net").items()} == keys

    # A line of a file that the module imports is changed.
    change(own / "my_parts.py", "return", "return  ")
    again = run(photos, "gate", "my-net")
    assert (again["gate"].key, again["tiny"].key) == (keys["gate"], keys["tiny"])
    assert again["my-net"].key != keys["my-net"]
    assert again["my-net"].weights_hash == first["my-net"].weights_hash


def test_killed_and_run_again_it_ends_as_undisturbed(own: Path, photos: Path) -> None:
    overrides = OVERRIDES | LONGER
    sets = [word for key, value in overrides.items() for word in ("--set", f"{key}={value}")]
    images = ["--data", f"own={photos}", "--benchmark", f"P={photos}", "--allow-overlap"]
    chosen = ["--variant", "gate", "--variant", "my-net", "--seeds", "1"]
    driver = subprocess.Popen(
        [*COMMAND, *chosen, *images, *sets, "--store", "killed"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    end_s = time.monotonic() + PATIENCE_S
    while len(list(own.glob("killed/trainings/*/checkpoint.pt"))) < 2:  # the second is own code
        assert driver.poll() is None, driver.communicate()
        assert time.monotonic() < end_s, "no trial has begun"
        time.sleep(0.05)
    driver.kill()
    driver.communicate()
    again = run(photos, "gate", "my-net", store="killed", longer=True)
    undisturbed = run(photos, "gate", "my-net", store="undisturbed", longer=True)
    assert max(result.sessions for result in again.values()) == 2
    for name, result in undisturbed.items():
        assert (result.key, result.weights_hash) == (again[name].key, again[name].weights_hash)
