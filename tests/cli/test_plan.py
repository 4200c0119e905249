"""`workbench plan`: how many seeds a study needs, before it is run."""

from pathlib import Path

from tests.cli.conftest import Command


def test_the_command_prints_a_table_and_json(command: Command, photos: Path) -> None:
    argv = ["plan", "no-lvar", "no-cca", "--base", "tiny", "--benchmark", f"P={photos}"]
    argv += ["--seed-sd", "0.02", "--image-sd", "0.07", "--rest-sd", "0.03"]
    ended = command(*argv)
    assert ended.code == 0, ended.err
    assert "P: 4 images cannot show 0.02 dB that often: even 100 seeds" in ended.out
    assert "at an error rate of 0.05 / 2" in ended.err
    plain = command(*argv, "--json").json()
    assert (plain["effect_db"], plain["members"], plain["running"]) == (0.02, 2, None)
    assert plain["datasets"][0]["powers"]["100"] < 0.8
    wrong = command("plan", "no-lvar", "--effect", "0")
    assert (wrong.code, wrong.out) == (2, "")
    assert "--effect must be above 0 dB, got 0" in wrong.err
