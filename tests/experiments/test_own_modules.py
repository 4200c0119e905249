"""Networks and attentions of the user's own, trained, ablated and resumed like ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.builders.executors import run_inline
from tests.builders.own_modules import change, write_modules
from tests.environment import with_checkout
from workbench.errors import CheckpointError, ConfigError
from workbench.experiments.ablation import ablate
from workbench.experiments.run_context import RunContext
from workbench.experiments.seeds import Seeds
from workbench.experiments.study_plan import plan_study
from workbench.experiments.study_spec import StudySpec
from workbench.experiments.trial_spec import TrialSpec
from workbench.experiments.weights import copy_weights, find_weights
from workbench.models.opening import open_network
from workbench.results import TrialResult, TrialState
from workbench.store.store import Store
from workbench.system.events import Emit, ignore

pytestmark = pytest.mark.xdist_group("own-modules")

OVERRIDES = {
    "training.stages.0.milestones": [],
    "training.stages.0.hr_patch_px": 60,
    "training.stages.0.batch_size": 1,
    "training.stages.0.steps": 4,
    "training.validate_every": 4,
    "training.checkpoint_every": 2,
}


STOPS_AT_STEP_3 = """
import json, sys
from pathlib import Path
from workbench.config.trial import TrialConfig
from workbench.trial.run import run_trial

def progress(done, total, what):
    if done == 3:
        print("at step 3", flush=True)
        sys.stdin.read()

run_trial(TrialConfig.parse(json.loads(sys.argv[1])), store=Path("killed"), progress=progress)
"""


def spec(photos: Path, *variants: str) -> StudySpec:
    trial = TrialSpec(data=(f"own={photos}",), benchmarks=(f"P={photos}",), overrides=OVERRIDES)
    return StudySpec(variants, base="tiny", seeds=Seeds((1,)), trial=trial, allow_overlap=True)


def run(
    photos: Path, *variants: str, store: str = "s", emit: Emit = ignore
) -> dict[str, TrialResult]:
    outcome = ablate(spec(photos, *variants), RunContext(Path(store)), emit)
    return {name: results[0] for name, results in outcome.results.items()}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with modules of the user's own."""
    run_inline(monkeypatch)
    monkeypatch.chdir(write_modules(tmp_path))
    return tmp_path


def test_an_attention_and_a_network_of_ones_own_are_ablated(
    own: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(photos, "gate", "my-net")
    assert {name: r.state for name, r in first.items()} == dict.fromkeys(
        ("tiny", "gate", "my-net"), TrialState.COMPLETE
    )
    assert first["my-net"].cost.parameters == 3 * 6 * 9 + 6 + 6 * 6 * 9 + 6 + 6 * 48 * 9 + 48
    keys = {name: result.key for name, result in first.items()}
    assert {name: r.key for name, r in run(photos, "gate", "my-net").items()} == keys

    check_weights(own, monkeypatch)

    # A line of a file that the module imports is changed.
    change(own / "my_parts.py", "return", "return  ")
    said: list[str] = []
    again = run(photos, "gate", "my-net", emit=lambda event: said.append(str(event)))
    assert any("the code of my_nets:Net changed since it was declared" in text for text in said)
    assert (again["gate"].key, again["tiny"].key) == (keys["gate"], keys["tiny"])
    assert again["my-net"].key != keys["my-net"]
    assert again["my-net"].weights_hash == first["my-net"].weights_hash


def check_weights(own: Path, patch: pytest.MonkeyPatch) -> None:
    """Weights are copied out of the store, whose sources open them when the code is gone."""
    (study,) = Store(Path("s")).study_names()
    (network,) = find_weights(Path("s"), study, "my-net")
    for out in (Path("net.safetensors"), Path("net.pth")):
        copy_weights(network, Path("s"), out)
        copy_weights(network, Path("s"), out)  # the same file is no other
    names = {"body.0.weight", "body.0.bias", "body.1.weight", "body.1.bias"}
    names |= {"up.0.weight", "up.0.bias"}
    assert torch.load("net.pth").keys() == load_file("net.safetensors").keys() == names
    with pytest.raises(CheckpointError, match=r"net\.pth: is there already and holds something"):
        copy_weights(network, Path("s"), damaged(Path("net.pth")))
    hidden = [file.rename(file.with_suffix(".gone")) for file in own.glob("my_*.py")]
    patch.setattr("workbench.config.sources._KNOWN", {})
    patch.setattr("workbench.models.source_import._CLASSES", {})
    with pytest.raises(ConfigError, match="my_nets:Net: there is no module 'my_nets'"):
        open_network(Path("net.safetensors"))
    for arm in ("my-net", "gate"):
        (weights,) = find_weights(Path("s"), study, arm)
        assert open_network(weights.path).scale == 4
    for file in hidden:
        file.rename(file.with_suffix(".py"))


def damaged(file: Path) -> Path:
    """Return a file after it was changed."""
    file.write_bytes(b"nothing")
    return file


def test_killed_and_run_again_it_ends_as_undisturbed(own: Path, photos: Path) -> None:
    arms = plan_study(spec(photos, "gate", "my-net")).plan.arms
    for arm in arms[1:]:
        child = subprocess.Popen(
            [sys.executable, "-c", STOPS_AT_STEP_3, json.dumps(arm.with_seed(1).plain())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=with_checkout(),
        )
        assert child.stdout
        assert child.stdout.readline() == b"at step 3\n"
        child.kill()
        child.communicate()
    again = run(photos, "gate", "my-net", store="killed")
    assert {name: result.sessions for name, result in again.items()} == {
        "tiny": 1,
        "gate": 2,
        "my-net": 2,
    }
    for name, result in run(photos, "gate", "my-net", store="undisturbed").items():
        assert (result.key, result.weights_hash) == (again[name].key, again[name].weights_hash)
