"""`workbench ablate --from WEIGHTS [--heal RECIPE]`: lesions and healed networks."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.models.checkpoints import save_weights
from workbench.models.factory import build_model

pytestmark = pytest.mark.xdist_group("ablate-from")

SMALLER = apply_overrides(PRESETS["tiny"], {"blocks": 1})


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Return weights of a network of one block, and of no preset."""
    path = tmp_path / "mine.safetensors"
    save_weights(path, SMALLER, build_model(SMALLER, seed=5).state_dict())
    return path


@pytest.fixture
def lesion(photos: Path, weights: Path) -> list[str]:
    wanted = ["ablate", "--from", weights.name, "--benchmark", f"Photos={photos}"]
    return [*wanted, "--variant", "no-lvar", "--variant", "lvar-all", "--study", "cut"]


@pytest.fixture
def healed(photos: Path, weights: Path) -> list[str]:
    source = f"Photos={photos}"
    wanted = ["ablate", "--from", weights.name, "--heal", "smoke", "--variant", "no-lvar"]
    images = ["--data", source, "--validation", source, "--benchmark", source]
    patch = "training.stages.0.hr_patch_px=60"
    options = ["--set", patch, "--steps", "6", "--allow-overlap", "--seeds", "2"]
    return [*wanted, *images, *options, "--study", "grown"]


def shown(command: Command, *argv: str) -> Any:
    ended = command(*argv, "--json")
    assert ended.code == 0, ended.err
    return ended.json()


def test_a_lesion_says_what_it_is_and_trains_nothing(
    command: Command, lesion: list[str], tmp_path: Path
) -> None:
    preview = command(*lesion, "--dry-run")
    assert "evidence: lesion, from mine.safetensors (" in preview.out
    assert "3 trials, 0 finished" in preview.out
    assert not (tmp_path / "mlflow_runs").exists()

    ended = command(*lesion)
    assert ended.code == 0, ended.err
    assert ended.out.startswith("evidence: lesion of mine.safetensors (")
    words = " ".join(ended.err.split())
    assert "interval: 95 %, over images; a lesion has no seeds" in words
    assert "lvar-all: takes " in words
    assert "start anew (blocks.*.spatial_attention.dispersion.D3.lvar" in words
    assert words.count("what starts anew is untrained, so a lesion does not judge it") == 1
    assert "3 trials, 3 to run" in words
    # The same weights elsewhere are the same trials.
    (tmp_path / "mine.safetensors").rename(tmp_path / "moved.safetensors")
    again = [word.replace("mine", "moved") for word in lesion]
    found = shown(command, *again)
    assert found["evidence"]["kind"] == "lesion"
    assert (found["evidence"]["steps"], found["evidence"]["weights"]) == (
        [0],
        "moved.safetensors",
    )
    assert found["taken"]["lvar-all"]["new"] > 0
    assert [row["seeds"] for row in found["arms"]] == [[1]] * 3
    deltas = [row["datasets"]["Photos"].get("delta_psnr_rgb_db") for row in found["arms"]]
    assert deltas[0] is None
    assert {delta["verdict"] for delta in deltas[1:]} <= {
        *("used", "unused", "unclear", "better without")
    }
    assert len(list((tmp_path / "mlflow_runs").glob("trials/*"))) == 3
    assert len(list((tmp_path / "mlflow_runs").glob("studies/*.json"))) == 1


def test_reports_name_the_kind_of_evidence(
    command: Command, lesion: list[str], tmp_path: Path
) -> None:
    assert command(*lesion).code == 0
    page = tmp_path / "page.html"
    assert command("report", "cut", "--format", "html", "--out", str(page)).code == 0
    text = page.read_text()
    assert "a screen: what these weights use, no claim about the design" in text
    assert "lesion of mine.safetensors" in text
    assert "lvar-all: takes " in text
    for form, words in (("latex", "Evidence: lesion of mine"), ("csv", ",lesion,0,")):
        out = tmp_path / f"table.{form}"
        assert command("report", "cut", "--format", form, "--out", str(out)).code == 0
        assert words in out.read_text()


def test_a_healed_study_trains_on_under_seeds_and_is_kept_apart(
    command: Command, healed: list[str], lesion: list[str], tmp_path: Path
) -> None:
    found = shown(command, *healed)
    assert found["evidence"]["kind"] == "healed"
    assert found["evidence"]["steps"] == [6]
    assert [row["seeds"] for row in found["arms"]] == [[1, 2]] * 2
    assert command(*lesion).code == 0
    trials = {
        path.parent.name: json.loads(path.read_text())["config"]
        for path in (tmp_path / "mlflow_runs").glob("trials/*/result.json")
    }
    of_kind = {
        heal: [k for k, c in trials.items() if c["pretrained"]["heal"] is heal]
        for heal in (True, False)
    }
    mixed = command("compare", of_kind[True][0], of_kind[False][0])
    assert (mixed.code, mixed.out) == (2, "")
    assert "two kinds of evidence must not be compared" in mixed.err

    # A trial of one's own is a start, too.
    key = next(key for key in of_kind[True] if trials[key]["model"] == SMALLER.plain())
    own = [word.replace(lesion[2], key[:12]) for word in lesion[:-2]]
    found = shown(command, *own)
    assert found["evidence"]["weights"] == f"trial {key[:12]}"
    assert found["arms"][0]["name"] == f"trial {key[:12]}"


def test_a_study_travels_with_the_weights_that_it_starts_from(
    command: Command, lesion: list[str], tmp_path: Path
) -> None:
    assert command(*lesion).code == 0
    assert command("export", "cut", "--out", "out").code == 0
    assert len(list((tmp_path / "out" / "pretrained").iterdir())) == 1
    assert command("import", "out", "--store", "theirs").code == 0
    kept = list((tmp_path / "theirs" / "pretrained").iterdir())
    assert [path.suffix for path in kept] == [".safetensors"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--heal", "smoke"], r"--heal needs --from WEIGHTS"),
        (["--from", "W", "--seeds", "5"], r"--seeds does not apply to a lesion"),
        (["--from", "W", "--recipe", "short"], r"--recipe does not apply to a lesion"),
        (["--from", "W", "--steps", "9"], r"--steps does not apply to a lesion"),
        (["--from", "W", "--retune", "learning-rate"], r"--retune does not apply to a lesion"),
        (
            ["--from", "W", "--set", "training.ema_decay=0.5"],
            r"--set training.ema_decay does not apply",
        ),
        (["--from", "W", "--match", "parameters"], r"--match cannot be combined with --from"),
        (
            ["--from", "W", "--heal", "smoke", "--recipe", "short"],
            r"--recipe cannot be combined with",
        ),
        (["--from", "W", "--base", "mdrn-s"], r"holds weights of a network other than the base"),
        (["--from", "W", "--set", "model.blocks=3"], r"leave out --base and --set model"),
        (["--from", "W", "--variant", "channels-24"], r"channels-24: only .* less than half"),
        (["--from", "nowhere.pth"], r"--from nowhere.pth: no such weights file, and no trial in"),
        (["--from", "mdrn-s.pth"], r"the published weights of MDRN-S are mdrn-s.pth at https"),
        (["--from", "W", "--factor", "training.ema_decay=0.5"], r"changes nothing on mine"),
    ],
)
def test_what_does_not_apply_is_refused_in_one_line(
    command: Command, weights: Path, options: list[str], message: str
) -> None:
    argv = [weights.name if word == "W" else word for word in options]
    ended = command("ablate", "--variant", "no-lvar", *argv, "--dry-run")
    assert ended.code == 2
    assert len(ended.err.strip().splitlines()) == 1, ended.err
    assert re.search(message, ended.err), ended.err


def test_a_plan_file_has_the_same_keys(
    command: Command, weights: Path, photos: Path, tmp_path: Path
) -> None:
    plan = {"question": "Used?", "from": weights.name, "variants": ["no-lvar"]}
    plan["benchmarks"] = [f"Photos={photos}"]
    (tmp_path / "cut.yaml").write_text(json.dumps(plan))
    found = shown(command, "ablate", "--plan", "cut.yaml", "--dry-run")
    assert (found["study"], found["evidence"], len(found["trials"])) == ("cut", "lesion", 2)
    (tmp_path / "cut.yaml").write_text(json.dumps(plan | {"heal": "smoke", "seeds": 4}))
    found = shown(command, "ablate", "--plan", "cut.yaml", "--dry-run")
    assert (found["evidence"], len(found["trials"])) == ("healed", 8)


def test_unnamed_studies_are_named_by_kind_and_weights(
    command: Command, lesion: list[str], healed: list[str]
) -> None:
    names = [
        shown(command, *argv[: argv.index("--study")], "--dry-run")["study"]
        for argv in (lesion, healed)
    ]
    assert names[0].startswith("no-lvar+lvar-all-vs-mine_lesion-")
    assert names[1].startswith("no-lvar-vs-mine_healed-")
