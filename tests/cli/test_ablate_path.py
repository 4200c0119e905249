"""`workbench ablate --path`: steps between two presets, trained once."""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Command

SMALL = (
    *("model.channels=8", "model.blocks=1", "model.padding=zeros", "model.attention_skip=true"),
    *("model.channel_attention=null", "model.pointwise_bias=false"),
    *("training.stages.0.steps=8", "training.stages.0.hr_patch_px=60"),
    *("training.stages.0.milestones=[]", "training.validate_every=8"),
)
"""Both ends get these, so that the path has two steps left."""


def test_a_path_s_second_run_trains_nothing(command: Command, photos: Path, tmp_path: Path) -> None:
    """On real photographs, with narrow networks; attention and input are the only steps."""
    argv = [
        *("ablate", "--path", "bsrn:mdrn-s", "--order", "attention,input", "--seeds", "2"),
        *("--data", str(photos), "--benchmark", f"Photos={photos}", "--validation", str(photos)),
        "--allow-overlap",
        *(f"--set={assignment}" for assignment in SMALL),
    ]
    first = command(*argv)
    assert first.code == 0, first.err
    assert "path: bsrn -> +attention -> +input = mdrn-s" in first.err
    assert "0 of 6 trials were finished before" in first.err
    names = re.findall(r"^(bsrn|mdrn-s - bsrn|\+\w+) ", first.out, re.MULTILINE)
    assert names == [*["bsrn", "+attention", "+input", "mdrn-s - bsrn"] * 2]
    assert re.search(r"^\+input .*(undecided|equivalent|better|worse)", first.out, re.MULTILINE)
    results = sorted((tmp_path / "mlflow_runs" / "trials").glob("*/result.json"))
    written = [path.stat().st_mtime_ns for path in results]
    assert len(written) == 6

    again = command(*argv)
    assert again.out == first.out
    assert "6 of 6 trials were finished before" in again.err
    assert [path.stat().st_mtime_ns for path in results] == written

    # A node that another order, or an ablation, has trained is not trained again.
    plain = command(*argv, "--json").json()
    assert [row["against"] for row in plain["arms"]] == ["", "bsrn", "bsrn+attention", "bsrn"]
    total = plain["arms"][-1]["datasets"]["Photos"]["delta_psnr_rgb_db"]["mean"]
    parts = [row["datasets"]["Photos"]["delta_psnr_rgb_db"]["mean"] for row in plain["arms"][1:3]]
    assert sum(parts) == pytest.approx(total)
    other = command(*argv[:3], "--shapley", "--budget", "8", *argv[5:])
    assert "shapley: 2 components, all 2 orders, 4 networks x 2 seeds = 8 trials" in other.err
    assert "6 of 8 trials were finished before" in other.err
    assert "the values add up to the difference of the ends" in other.err


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--path", "bsrn"], "--path must be PRESET:PRESET, such as bsrn:mdrn-s, got 'bsrn'"),
        (["--path", "bsrn:mdrn-z"], "unknown preset 'mdrn-z'; did you mean 'mdrn-s'?"),
        (["--path", "bsrn:bsrn"], "the two networks are the same, so there is no path"),
        (
            ["--path", "bsrn:mdrn-s", "--variant", "no-lvar"],
            "--variant cannot be combined with --path",
        ),
        (["--path", "bsrn:mdrn-s", "--base", "mdrn"], "--base cannot be combined with --path"),
        (["--path", "bsrn:mdrn-s", "--order", "wide"], "unknown component 'wide'; did you mean"),
        (["--path", "bsrn:mdrn-s", "--budget", "9"], "--budget needs --shapley"),
        (["--path", "bsrn:mdrn-s", "--shapley", "--budget", "9"], "must be at least 48 trials"),
        (["--variant", "no-lvar", "--order", "width"], "--order needs --path PRESET:PRESET"),
        (["--variant", "no-lvar", "--shapley"], "--shapley needs --path PRESET:PRESET"),
        ([], "--variant, --factor or --path is needed"),
    ],
)
def test_wrong_options_are_refused_in_one_line(
    command: Command, tmp_path: Path, argv: list[str], reason: str
) -> None:
    ended = command("ablate", *argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err
    assert not list(tmp_path.iterdir())


def test_a_dry_run_says_the_budget_first_and_runs_nothing(command: Command, tmp_path: Path) -> None:
    ended = command("ablate", "--path", "bsrn:mdrn-s", "--shapley", "--dry-run", "--seeds", "1")
    assert ended.code == 0
    assert re.search(r"^shapley: 8 components, \d+ of 40,320 orders, \d+ networks x", ended.err)
    assert not list(tmp_path.iterdir())
