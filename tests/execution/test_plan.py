"""Plans, and how they run: what is known is not trained, and equal networks are trained once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workbench.ablation.variant import Variant, find_variants
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, WorkbenchError
from workbench.execution.messages import Listener, Message, Task, WorkerLostError
from workbench.execution.plan import Plan, make_plan
from workbench.execution.processes import Workers
from workbench.execution.run import by_arm, look_up, run_plan
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.tracking.tracker import NullTracker, TrialLabel
from workbench.trial.images import open_images


def variant(name: str, **overrides: object) -> Variant:
    """Return a variant of the model with these overrides."""
    dotted = tuple((f"model.{key}", value) for key, value in overrides.items())
    return Variant(name, f"Why {name}?", (), dotted, Path(f"{name}.yaml"))


@dataclass
class Recorder(NullTracker):
    """Keeps what a display and a tracker are told."""

    reused_trials: list[tuple[str, int]] = field(default_factory=list)
    finished_trials: list[tuple[str, int]] = field(default_factory=list)
    tracked: list[tuple[str, int]] = field(default_factory=list)

    def reused(self, arm: str, seed: int, result: TrialResult) -> None:  # noqa: ARG002
        self.reused_trials.append((arm, seed))

    def news(self, arm: str, seed: int, message: Message) -> None:
        pass

    def finished(self, arm: str, seed: int, result: TrialResult) -> None:  # noqa: ARG002
        self.finished_trials.append((arm, seed))

    def failed(self, arm: str, seed: int, error: WorkbenchError) -> None:
        raise AssertionError(f"{arm} {seed}: {error}")

    def trial_finished(self, label: TrialLabel, result: TrialResult) -> None:
        assert label.key == result.key
        assert label.seed is not None
        self.tracked.append((label.variant, label.seed))


def test_all_arms_of_a_seed_come_before_the_next_seed(tiny_trial: TrialConfig) -> None:
    plan = make_plan("study", "tiny", tiny_trial, find_variants(["no-lvar", "se"]), [5, 2])
    assert plan.base.name == "tiny"
    assert [(arm.name, seed) for arm, seed in plan.trials()] == [
        *(("tiny", 5), ("no-lvar", 5), ("se", 5)),
        *(("tiny", 2), ("no-lvar", 2), ("se", 2)),
    ]


def test_the_seed_is_all_that_differs_within_an_arm(tiny_trial: TrialConfig) -> None:
    plan = make_plan("study", "tiny", tiny_trial, find_variants(["no-lvar"]), [1, 9])
    arm = plan.arms[1]
    assert [arm.with_seed(seed).seed for seed in plan.seeds] == [1, 9]
    assert arm.with_seed(9).model_copy(update={"seed": arm.config.seed}) == arm.config


@pytest.mark.parametrize(
    ("made", "seeds", "text"),
    [
        (variant("same", channels=8), [1], "variant 'same' changes nothing on tiny"),
        (variant("twin", distilled_fraction=0.53), [1], "variant 'twin' changes nothing on tiny"),
        (variant("tiny", channels=12), [1], "variant 'tiny' has the name of the base"),
        (variant("x2", scale=2), [1], "changes how scores are made"),
        (variant("wide", channels=12), [3, 3], r"--seeds must not repeat a seed, got \[3, 3\]"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    made: Variant, seeds: list[int], text: str, tiny_trial: TrialConfig
) -> None:
    with pytest.raises(ConfigError, match=text):
        make_plan("study", "tiny", tiny_trial, [made], seeds)


@pytest.fixture
def plan(tiny_trial: TrialConfig, tmp_path: Path) -> Plan:
    """Return a plan of two variants that build the same network; its images are packed."""
    # 0.53 of 12 channels are 6, as 0.5 of 12 are.
    wide, twin = variant("wide", channels=12), variant("twin", channels=12, distilled_fraction=0.53)
    plan = make_plan("study", "tiny", tiny_trial, [wide, twin], [1])
    open_images(tiny_trial, Ledger(tmp_path))
    return plan


def test_equal_networks_are_trained_once_and_known_results_not_again(
    plan: Plan, tmp_path: Path
) -> None:
    first = Recorder()
    with Workers(tmp_path, 1) as workers:
        results = run_plan(plan, store=tmp_path, run=workers.run, tracker=first, display=first)
    assert results["twin", 1] == results["wide", 1]
    assert results["wide", 1] != results["tiny", 1]
    assert first.finished_trials == [("tiny", 1), ("wide", 1)]
    assert first.reused_trials == [("twin", 1)]
    assert sorted(first.tracked) == [("tiny", 1), ("twin", 1), ("wide", 1)]
    assert len(list(Ledger(tmp_path).results())) == 2

    def train(*_: object, **__: object) -> None:
        raise AssertionError("a finished trial was run")

    again = Recorder()
    assert run_plan(plan, store=tmp_path, run=train, tracker=again, display=again) == results
    assert again.reused_trials == [("tiny", 1), ("wide", 1), ("twin", 1)]
    assert again.tracked == again.reused_trials
    assert {name: len(found) for name, found in by_arm(plan, results).items()} == {
        "tiny": 1,
        "twin": 1,
        "wide": 1,
    }


def test_what_failed_is_named_and_the_same_command_runs_it_again(
    plan: Plan, tmp_path: Path
) -> None:
    class Failing(Recorder):
        def failed(self, arm: str, seed: int, error: WorkbenchError) -> None:  # noqa: ARG002
            self.finished_trials.append((arm, seed))

    handed: list[int] = []

    def lose(tasks: Sequence[Task], listener: Listener) -> None:
        handed.append(len(tasks))
        for index in range(len(tasks)):
            listener.failed(index, WorkerLostError("its worker process died 2 times"))

    display = Failing()
    said = r"tiny seed 1 failed \(and 1 more failed\): its worker .* rerun the same command"
    for _ in range(2):
        with pytest.raises(WorkbenchError, match=said):
            run_plan(plan, store=tmp_path, run=lose, tracker=display, display=display)
    assert handed == [2, 2]
    assert display.finished_trials == [("tiny", 1), ("wide", 1)] * 2


def test_keys_are_known_when_the_images_are_packed(plan: Plan, tmp_path: Path) -> None:
    base, wide, twin = look_up(plan, tmp_path)
    assert wide.key == twin.key
    assert base.key not in (None, wide.key)
    assert base.result is None
    assert [trial.key for trial in look_up(plan, tmp_path / "empty")] == [None] * 3


def test_a_damaged_record_is_named_and_counts_as_absent(
    plan: Plan, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = look_up(plan, tmp_path)[0].key
    path = tmp_path / "trials" / str(key) / "result.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert look_up(plan, tmp_path)[0].result is None
    assert f"{key}/result.json: damaged (no JSON" in caplog.text
