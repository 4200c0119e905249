"""`workbench ablate` with plan files, designs, looks and controls."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command

SMALL = {
    "model.channels": 8,
    "model.blocks": 1,
    "training.stages.0.steps": 8,
    "training.stages.0.milestones": [],
    "training.stages.0.hr_patch_px": 60,
    "training.validate_every": 2,
}


def plan_file(folder: Path, photos: Path, **more: object) -> Path:
    path = folder / "parts.yaml"
    content = {
        "asks": "Do these parts help?",
        "variants": ["no-lvar", "relu"],
        "seeds": 2,
        "data": [str(photos)],
        "validation": str(photos),
        "benchmarks": [f"Photos={photos}"],
        "set": SMALL,
        "allow_overlap": True,  # one folder for everything
    }
    path.write_text(json.dumps(content | more))  # JSON is YAML
    return path


def test_a_factorial_plan_runs_adds_seeds_and_is_reported(
    command: Command, photos: Path, tmp_path: Path
) -> None:
    path = plan_file(tmp_path, photos, design="factorial", seeds="2..4")
    ended = command("ablate", "--plan", str(path), "--json")
    assert ended.code == 0, ended.err
    assert "16 trials, 16 to run: at most about" in ended.err
    plain = ended.json()
    assert plain["study"] == "parts"  # the file's own name
    assert [arm["name"] for arm in plain["arms"]] == ["mdrn-s", "relu", "no-lvar", "no-lvar+relu"]
    names = ["main effect no-lvar", "main effect relu", "no-lvar x relu"]
    assert [effect["name"] for effect in plain["effects"]] == names
    assert (plain["family"], plain["looks"]) == (3, [[1, 2], [1, 2, 3, 4]])
    means = {arm["name"]: arm["datasets"]["Photos"]["psnr_rgb_db"] for arm in plain["arms"]}
    assert [effect["tested_behind"] for effect in plain["effects"]] == [[], [], [names[:2]]]
    relu = plain["effects"][1]["datasets"]["Photos"]["delta_psnr_rgb_db"]
    if relu["seeds"] == 4:  # otherwise the means hold seeds that its verdict does not
        with_it, without = means["relu"] + means["no-lvar+relu"], means["mdrn-s"] + means["no-lvar"]
        assert relu["mean"] == pytest.approx((with_it - without) / 2)
    study = json.loads((tmp_path / "mlflow_runs" / "studies" / "parts.json").read_text())
    (declared,) = study["declarations"]
    assert declared["command"] == f"workbench ablate --plan {path} --json"
    assert declared["looks"] == [2, 4]
    assert declared["effects"][2]["behind"] == [names[:2]]
    assert declared["question"] == "Do these parts help?"
    report = command("report", "parts")
    assert "main effect relu" in report.out
    assert "looks after 2 and 4 seeds with error rates 0.018 and 0.032" in report.err
    assert command("report", "parts", "--format", "html", "--out", "page.html").code == 0
    page = (tmp_path / "page.html").read_text()
    assert "Effects over several networks together" in page
    assert f"workbench ablate --plan {path} --json" in page
    again = command("ablate", "--plan", str(path))
    assert "to run" not in again.err


def test_learning_rates_are_chosen_before_the_study(
    command: Command, photos: Path, tmp_path: Path
) -> None:
    path = plan_file(tmp_path, photos, variants=["relu"], seeds=1, retune="learning-rate")
    ended = command("ablate", "--plan", str(path))
    assert ended.code == 0, ended.err
    assert "8 trials, 8 to run" in ended.err
    assert "mdrn-s: learning rate 0.00" in ended.err
    studies = {path.stem for path in (tmp_path / "mlflow_runs" / "studies").glob("*.json")}
    assert studies == {"parts", "parts-learning-rate"}
    assert "0 of 8 trials" not in command("ablate", "--plan", str(path)).err


def test_a_long_study_is_not_started_without_asking(
    command: Command, photos: Path, tmp_path: Path
) -> None:
    path = plan_file(
        tmp_path, photos, set=SMALL | {"training.stages.0.steps": 2_000_000}, seeds=[7, 9]
    )
    ended = command("ablate", "--plan", str(path))
    assert ended.code == 2
    assert "6 trials, 6 to run: about" in ended.err
    assert "add --yes to start it without confirmation" in ended.err
    assert not (tmp_path / "mlflow_runs" / "studies").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"variant": ["relu"]}, "variant: unknown key; did you mean 'variants'?"),
        ({"seeds": "4..2"}, "--seeds FIRST..MOST needs 2 <= FIRST < MOST"),
        ({"variants": ["relo"]}, "unknown variant 'relo'; did you mean 'relu'?"),
        ({"design": "factorial", "variants": ["relu"]}, "needs at least two factors"),
        ({"factors": {"model.chanels": [8]}}, "unknown key 'model.chanels'"),
        ({"margin_db": -1.0}, "margin_db: should be greater than or equal to 0, got -1.0"),
        ({"alpha": 1.5}, "alpha: should be less than 1, got 1.5"),
        ({"path": "bsrn:mdrn-s"}, "--variant cannot be combined with --path"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_file(
    command: Command, photos: Path, tmp_path: Path, content: dict[str, object], reason: str
) -> None:
    path = plan_file(tmp_path, photos, **content)
    ended = command("ablate", "--plan", str(path))
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err
    assert str(path) in ended.err


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--plan", "x.yaml"], "x.yaml: no such file"),
        (["--plan", "x.yaml", "--seeds", "3"], "--seeds cannot be combined with --plan"),
        (["--variant", "relu", "--seeds", "3..3"], "--seeds FIRST..MOST needs"),
        (["--factor", "model.channels"], "--factor must be KEY=VALUE,VALUE,..."),
        (
            ["--path", "bsrn:mdrn-s", "--seeds", "3..6"],
            "--seeds FIRST..MOST cannot be combined with",
        ),
        (
            ["--path", "bsrn:mdrn-s", "--match", "parameters"],
            "--match cannot be combined with --path",
        ),
        (
            ["--variant", "relu", "--variant", "se", "--design", "factorial", "--match=parameters"],
            "--match cannot be combined with --design factorial",
        ),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    command: Command, tmp_path: Path, argv: list[str], reason: str
) -> None:
    ended = command("ablate", *argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err
    assert not list(tmp_path.iterdir())
