"""`workbench train`: one network through the ledger, found again and resumed."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import SMALL, Command
from workbench.models.checkpoints import load_model, weights_hash


@pytest.fixture
def images(photos: Path) -> list[str]:
    source = f"Photos={photos}"
    return ["--data", source, "--validation", source, "--benchmark", source, *SMALL]


def test_a_network_is_trained_once_and_its_weights_are_named(
    command: Command, images: list[str], tmp_path: Path
) -> None:
    argv = ["train", "tiny", "--seed", "3", *images]
    ended = command(*argv)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[1].split()[:2] == ["Photos", "4"]
    assert "TRAINED ON 4 of these images" in " ".join(ended.out.split())
    path = Path(ended.out.rpartition("weights: ")[2].strip())
    assert load_model(path).config.blocks == 1
    study = ended.err.rpartition("study ")[2].strip()
    assert study.startswith("train_tiny_smoke_Photos-")

    again = command(*argv, "--json")
    plain = again.json()
    assert plain["weights"] == str(path)
    assert plain["weights_hash"] == weights_hash(load_model(path).state_dict())
    assert (plain["study"], plain["variant"], plain["seed"]) == (study, "tiny", 3)
    assert "nothing was trained" in command(*argv).err
    listed = command("studies", "--json").json()["studies"]
    assert [(one["name"], one["trials"], one["finished"]) for one in listed] == [(study, 1, 1)]
    found = command("weights", study, "--variant", "tiny", "--seed", "3")
    assert found.out == f"tiny seed 3: {path}\n"


def test_an_ablation_and_a_training_share_their_trials(
    command: Command, images: list[str], finished: Path
) -> None:
    before = sorted(path.name for path in (finished / "trials").iterdir())
    argv = ["train", "tiny", "--variant", "no-lvar", "--seed", "2", *images]
    ended = command(*argv, "--out", "mine.safetensors")
    assert ended.code == 0, ended.err
    assert "no-lvar seed 2 was finished before; nothing was trained" in ended.err
    assert ended.out.endswith("weights: mine.safetensors\n")
    assert sorted(path.name for path in (finished / "trials").iterdir()) == before
    listed = command("weights", "mine", "--variant", "no-lvar", "--seed", "2", "--json").json()
    assert (
        weights_hash(load_model(Path("mine.safetensors")).state_dict())
        == (listed[0]["weights_hash"])
    )


def test_the_config_of_a_trial_trains_it_again(command: Command, finished: Path) -> None:
    key = json.loads((finished / "studies" / "mine.json").read_text())["declarations"][0]["keys"]
    trial = json.loads((finished / "trials" / key["tiny"][0] / "result.json").read_text())
    Path("mine.yaml").write_text(json.dumps(trial["config"]))  # JSON is YAML
    ended = command("train", "mine.yaml", "--allow-overlap")
    assert ended.code == 0, ended.err
    assert "mine seed 1 was finished before" in ended.err
    for more, reason in (
        (["--recipe", "short"], "--recipe cannot be given with a config file"),
        (["--set", "model.block=2"], "--set unknown key 'model.block'; did you mean"),
    ):
        refused = command("train", "mine.yaml", *more)
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
        assert reason in refused.err


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["tinny"], "unknown preset 'tinny'; did you mean 'tiny'?"),
        (["tiny", "--variant", "no-lva"], "unknown variant 'no-lva'; did you mean 'no-lvar'?"),
        (["tiny", "--variant", "all"], "--variant all cannot be used to train one network"),
        (["tiny", "--recipe", "smok"], "unknown recipe 'smok'; did you mean 'smoke'?"),
        (["nowhere.yaml"], "nowhere.yaml: "),
        (["tiny", "--out", "x.onnx"], "--out must end in .safetensors or .pth"),
        (["tiny", "--set", "training.device=tpu"], "--set training.device: unknown name 'tpu'"),
    ],
    ids=" ".join,
)
def test_what_is_wrong_is_one_line(
    command: Command, tmp_path: Path, argv: list[str], reason: str
) -> None:
    ended = command("train", *argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err


def test_a_training_that_diverges_has_no_weights(command: Command, images: list[str]) -> None:
    argv = ["train", "tiny", *images, "--set", "training.stages.0.learning_rate=1e30"]
    ended = command(*argv)
    assert (ended.code, ended.out) == (2, "")
    assert "error: tiny seed 1: diverged, so there are no weights (" in ended.err
