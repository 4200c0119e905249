"""`workbench aa-test`: the workbench's statistics tried on themselves."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command
from workbench.statistics.audit import audit_retrained


def test_simulated_studies_err_rarely_and_find_large_effects(command: Command) -> None:
    argv = ["aa-test", "--simulate", "--repeats", "400"]
    audits = command(*argv, "--json").json()["audits"]
    assert [(a["effect_db"], a["tails"]) for a in audits] == [
        *((effect, None) for effect in (0.0, 0.02, 0.05)),
        *((effect, 2.5) for effect in (0.0, 0.02, 0.05)),
    ]
    for audit in audits:
        shares = {name: rate["share"] for name, rate in audit["rates"].items()}
        assert sum(shares.values()) == pytest.approx(1)
        if audit["effect_db"] == 0:
            assert shares["better"] + shares["worse"] <= 0.05
        if audit["effect_db"] == 0.05:
            assert shares["better"] > 0.9
    people = command(*argv)
    assert re.search(r"^false positives, heavy tails: \d\.\d\d % \[", people.out, re.MULTILINE)
    power = re.search(
        r"^power at 0.05 dB, normal tails: (\d+\.\d\d) % \[", people.out, re.MULTILINE
    )
    assert power
    # The second run draws the same studies.
    assert float(power[1]) == pytest.approx(100 * audits[2]["rates"]["better"]["share"], abs=0.006)
    assert "400 studies a row, 6 seeds x 100 images" in people.err


def test_a_network_is_judged_against_itself(command: Command, photos: Path, tmp_path: Path) -> None:
    argv = [
        *("aa-test", "--base", "tiny", "--seeds", "2", "--repeats", "100"),
        *("--data", str(photos), "--benchmark", f"Photos={photos}", "--allow-overlap"),
        *("--set", "model.blocks=1", "--set", "training.stages.0.steps=6"),
        *("--set", "training.stages.0.milestones=[]", "--set", "training.stages.0.hr_patch_px=60"),
    ]
    ended = command(*argv)
    assert ended.code == 0, ended.err
    assert re.search(r"^Photos +\d\.\d{4} ", ended.out, re.MULTILINE)
    assert "Photos: 1 network is below bicubic interpolation" in ended.out
    assert "Photos: TRAINED ON 4 of these images" in ended.out
    assert "tiny against itself: 4 seeds, split 100 times into two studies of 2" in ended.err
    assert len(list(tmp_path.glob("mlflow_runs/trials/*/result.json"))) == 4
    plain = command(*argv, "--json").json()
    assert "tiny by" in plain["below_bicubic"][0]
    found = plain["datasets"]["Photos"]
    assert found["retraining_sd_db"] > 0
    assert sum(found[v] for v in ("better", "worse", "equivalent", "undecided")) == pytest.approx(1)


def test_runs_of_one_design_rarely_look_like_two() -> None:
    draw = np.random.default_rng(5)
    scores = 27 + draw.normal(0, 0.02, (12, 1)) + draw.normal(0, 3, 100)
    rates, sd = audit_retrained(scores + draw.normal(0, 0.02, scores.shape), 500)
    assert rates["better"].share + rates["worse"].share <= 0.05
    assert sd == pytest.approx(0.02, rel=0.5)


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["--simulate", "--retraining-sd", "nan"], "Invalid value for '--retraining-sd'"),
        (["--simulate", "--image-sd", "-1"], "Invalid value for '--image-sd'"),
        (["--simulate", "--margin", "inf"], "Invalid value for '--margin'"),
        (["--base", "mdrn-z"], "unknown preset 'mdrn-z'; did you mean 'mdrn-s'?"),
        (["--seeds", "1"], "Invalid value for '--seeds'"),
    ],
)
def test_wrong_options_are_refused_in_one_line(
    command: Command, argv: list[str], reason: str
) -> None:
    ended = command("aa-test", *argv)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert reason in ended.err
