"""Commands that a signal or a time limit stops: exit code 0, what is left, and the table so far."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.spaces import SMALL as SMALL_SEARCH
from tests.builders.spaces import SPACE
from tests.cli.conftest import SMALL, Command, study_command
from workbench.cli import terminal
from workbench.execution.events import TrialProgressed
from workbench.system.time_limit import TimeLimit

Act = Callable[[], None]
AtSecondStep = Callable[[str, int, Act], None]


@pytest.fixture
def at_second_step(monkeypatch: pytest.MonkeyPatch) -> AtSecondStep:
    """Return a function that lets something happen once, when a trial has done its second step."""
    show = terminal.Terminal.emit

    def at(arm: str, seed: int, act: Act) -> None:
        left = [act]

        def emit(self: terminal.Terminal, event: object) -> None:
            show(self, event)
            match event:
                case TrialProgressed(arm=one, seed=other, done=2) if (one, other) == (arm, seed):
                    while left:
                        left.pop()()

        monkeypatch.setattr(terminal.Terminal, "emit", emit)

    return at


def sending(number: signal.Signals) -> Act:
    return lambda: os.kill(os.getpid(), number)


def training(photos: Path) -> list[str]:
    source = f"Photos={photos}"
    images = ["--data", source, "--validation", source, "--benchmark", source]
    return ["train", "tiny", *images, *SMALL]


def checkpoints(folder: Path) -> int:
    return len(list(folder.glob("mlflow_runs/trainings/*/checkpoint.pt")))


def test_ablate_prints_the_table_so_far_and_says_what_is_left(
    command: Command, photos: Path, at_second_step: AtSecondStep
) -> None:
    at_second_step("no-lvar", 2, sending(signal.SIGUSR1))
    stopped = command(*study_command(photos))
    assert stopped.code == 0
    assert (
        "stopped by SIGUSR1: 3 of 4 trials finished, 1 stopped at a checkpoint, 0 not started; "
        "rerun the same command to resume\n"
    ) in stopped.err
    assert "1 trial of it is not finished" in stopped.err
    assert stopped.out == command("report", "mine").out
    assert "no-lvar" in stopped.out


def test_json_says_that_a_study_was_stopped(
    command: Command, photos: Path, at_second_step: AtSecondStep
) -> None:
    at_second_step("tiny", 2, sending(signal.SIGTERM))
    found = command(*study_command(photos), "--json").json()
    left = {"trials": 4, "finished": 2, "interrupted": 1, "failed": 0, "not_started": 1}
    assert found["study"] == "mine"
    assert found["stopped"] == {"reason": "SIGTERM", **left}
    assert [arm["name"] for arm in found["arms"]] == ["tiny", "no-lvar"]


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_a_training_that_is_stopped_resumes_from_its_checkpoint(
    command: Command,
    photos: Path,
    tmp_path: Path,
    at_second_step: AtSecondStep,
    number: signal.Signals,
) -> None:
    at_second_step("tiny", 1, sending(number))
    stopped = command(*training(photos))
    assert (stopped.code, stopped.out) == (0, "")
    assert stopped.err.endswith(
        f"stopped by {number.name}: 0 of 1 trials finished, 1 stopped at a checkpoint, 0 not "
        "started; rerun the same command to resume\n"
    )
    assert checkpoints(tmp_path) == 1
    assert command(*training(photos)).code == 0
    (result,) = (json.loads(p.read_text()) for p in tmp_path.glob("*/trials/*/result.json"))
    assert result["sessions"] == 2


def test_ctrl_c_has_the_exit_code_130_as_before(
    command: Command, photos: Path, tmp_path: Path, at_second_step: AtSecondStep
) -> None:
    at_second_step("tiny", 1, sending(signal.SIGINT))
    stopped = command(*training(photos))
    assert (stopped.code, stopped.out) == (130, "")
    assert stopped.err.endswith("\nstopped; rerun the same command to resume\n")
    assert checkpoints(tmp_path) == 1


def test_a_time_limit_stops_a_training_before_its_end(
    command: Command,
    photos: Path,
    tmp_path: Path,
    at_second_step: AtSecondStep,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def pass_time() -> None:
        # 4 s are left of the hour, fewer than the end of a command may take.
        monkeypatch.setattr(TimeLimit, "left_s", lambda _self: 4.0)

    at_second_step("tiny", 1, pass_time)
    stopped = command(*training(photos), "--steps", "100000", "--yes", "--time-limit", "1h")
    assert (stopped.code, stopped.out) == (0, "")
    assert (
        "stopped by the time limit of 1h: 0 of 1 trials finished, 1 stopped at a checkpoint"
    ) in stopped.err
    assert checkpoints(tmp_path) == 1


def test_a_signal_while_images_are_packed_ends_the_command_in_order(
    command: Command, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        sending(signal.SIGUSR1)()
        raise AssertionError("the signal was lost")

    monkeypatch.setattr("workbench.experiments.packing.open_images", stop)
    stopped = command(*study_command(photos), "--json")
    assert (stopped.code, stopped.json()["stopped"]["trials"]) == (0, 0)
    assert stopped.err.endswith("stopped by SIGUSR1; rerun the same command to resume\n")


def test_a_signal_while_the_table_is_drawn_ends_the_command_in_order(
    command: Command, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        sending(signal.SIGTERM)()
        raise AssertionError("the signal was lost")

    monkeypatch.setattr("workbench.experiments.training.Store", stop)
    stopped = command(*training(photos), "--json")
    assert (stopped.code, stopped.json()) == (0, {"stopped": {"reason": "SIGTERM"}})


def test_a_search_shows_what_it_has_and_its_json_says_that_it_was_stopped(
    command: Command, photos: Path, tmp_path: Path, at_second_step: AtSecondStep
) -> None:
    folder = tmp_path / "search_spaces"
    folder.mkdir()
    (folder / "mine.yaml").write_text(SPACE)
    argv = ["search", "mine", "--trials", "3", "--study", "s", "--allow-overlap", *SMALL_SEARCH]
    argv += ["--data", str(photos), "--benchmark", f"Photos={photos}", "--validation", str(photos)]
    at_second_step("t0002", 1, sending(signal.SIGUSR1))
    stopped = command(*argv, "--json")
    left = {"networks": 3, "finished": 2, "interrupted": 1, "failed": 0, "not_started": 0}
    assert stopped.code == 0, stopped.err
    assert stopped.json()["stopped"] == {"reason": "SIGUSR1", **left}
    assert [len(trial["values"]) for trial in stopped.json()["trials"]] == [1, 1, 0]
    ended = command(*argv, "--json").json()
    assert "stopped" not in ended
    assert len(ended["trials"]) == 3
