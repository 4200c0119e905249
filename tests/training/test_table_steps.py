"""Steps that read tables on the device: on a CPU, they train as the steps of the host do."""

from pathlib import Path

import pytest
import torch

from tests.builders.own_modules import write_counting
from tests.builders.training import Training, begun, differing, uncaptured
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.training.graph_steps import GraphSteps, captured
from workbench.training.steps import HostSteps
from workbench.training.table_steps import ROWS, TableStep, TableSteps


def tabled(training: Training) -> TableSteps:
    return TableSteps(training.table_step(), training.state, training.config.training)


def on_host(training: Training) -> HostSteps:
    (stage,) = training.config.training.stages
    return HostSteps(training.config, stage, training.state, training.samplers[0])


def test_they_train_as_the_steps_of_the_host_do(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    one, other = begun(tiny_trial, tmp_path), begun(tiny_trial, tmp_path)
    expected = one.run(on_host(one), [1] * 12)
    assert other.run(tabled(other), [5, 7]) == pytest.approx(expected, rel=1e-6)
    found = other.tensors()
    for name, tensor in one.tensors().items():
        assert torch.allclose(found[name].double(), tensor.double(), rtol=1e-3, atol=1e-6), name


def test_weights_depend_on_no_chunks(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    trainings = [begun(tiny_trial, tmp_path) for _ in range(3)]
    chunks = ([12], [1] * 12, [2, 3, 7])
    runs = zip(trainings, chunks, strict=True)
    losses = [training.run(tabled(training), each) for training, each in runs]
    assert losses[0] == losses[1] == losses[2]
    first, *others = (training.tensors() for training in trainings)
    assert [differing(first, other) for other in others] == [[], []]


def test_a_network_whose_buffers_change_is_averaged_with_them(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    config = apply_overrides(tiny_trial, {"model.channel_attention": "coord"})
    training = begun(config, tmp_path)
    training.run(tabled(training), [3])
    model = training.state.model.state_dict()
    changing = [name for name in model if name.endswith("running_mean")]
    assert changing, "coordinate attention has batch normalization"
    averaged = training.state.average.module.state_dict()
    for name in changing:
        assert torch.equal(model[name], averaged[name])
        assert model[name].abs().sum() > 0


def test_statistics_and_counters_of_ones_own_are_those_of_the_host(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_counting(tmp_path))
    own = {"model": {"kind": "module", "path": "counting:Net"}}
    one, other = (begun(apply_overrides(tiny_trial, own), tmp_path / "s") for _ in range(2))
    one.run(on_host(one), [1] * 4)
    other.run(tabled(other), [4])
    expected, found = (t.state.average.module.state_dict() for t in (one, other))
    for averaged in (expected, found):
        assert averaged["module.steps"] == averaged["module.norm.num_batches_tracked"] == 4
    mean = "module.norm.running_mean"
    assert torch.allclose(found[mean], expected[mean], rtol=1e-4)


def test_the_first_loss_that_is_not_finite_is_seen_in_its_place(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    config = apply_overrides(tiny_trial, {"training.stages.0.learning_rate": 1e30})
    one, other = begun(config, tmp_path), begun(config, tmp_path)
    expected, found = one.run(on_host(one), [1] * 5), other.run(tabled(other), [5])

    def broken(losses: list[float]) -> list[bool]:
        return [not torch.isfinite(torch.tensor(loss)) for loss in losses]

    assert any(broken(expected))
    assert broken(found) == broken(expected)


@pytest.mark.parametrize(
    ("seconds", "most"), [(0.0, [4, 16, 64, ROWS, ROWS]), (0.3, [3, 3]), (9.0, [1, 1])]
)
def test_chunks_grow_to_about_a_second(
    tiny_trial: TrialConfig, tmp_path: Path, seconds: float, most: list[int]
) -> None:
    steps = tabled(begun(tiny_trial, tmp_path))
    assert steps.most_steps == 1
    found = []
    for _ in most:
        steps._pace(seconds)
        found.append(steps.most_steps)
    assert found == most


class TestCapture:
    """What surrounds the capture of a CUDA graph."""

    def test_the_warm_up_leaves_no_trace(self, tiny_trial: TrialConfig, tmp_path: Path) -> None:
        fresh, warm = begun(tiny_trial, tmp_path), begun(tiny_trial, tmp_path)
        for training in (fresh, warm):
            training.run(tabled(training), [3])
        before = warm.tensors()
        step = warm.table_step()
        step.fill(3, 1)
        replay = captured(step, uncaptured)
        assert replay is not None
        assert differing(before, warm.tensors()) == []
        (stage,) = tiny_trial.training.stages
        assert stage.steps == 12
        graphed = GraphSteps(step, warm.state, tiny_trial.training, replay)
        assert warm.run(graphed, [4, 5]) == fresh.run(tabled(fresh), [9])
        assert differing(fresh.tensors(), warm.tensors()) == []

    def test_it_is_as_before_the_first_step(self, tiny_trial: TrialConfig, tmp_path: Path) -> None:
        fresh, warm = begun(tiny_trial, tmp_path), begun(tiny_trial, tmp_path)
        step = warm.table_step()
        step.fill(0, 1)
        replay = captured(step, uncaptured)
        assert replay is not None
        graphed = GraphSteps(step, warm.state, tiny_trial.training, replay)
        assert warm.run(graphed, [12]) == fresh.run(tabled(fresh), [12])
        assert differing(fresh.tensors(), warm.tensors()) == []

    def test_a_step_that_cannot_be_captured_is_named_and_left_as_it_was(
        self, tiny_trial: TrialConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refuse(step: TableStep) -> None:
            step.step()
            raise RuntimeError("operation not permitted\nwhen stream is capturing")

        training = begun(tiny_trial, tmp_path)
        training.run(tabled(training), [1])
        before = training.tensors()
        step = training.table_step()
        step.fill(1, 1)
        assert captured(step, refuse) is None  # type: ignore[arg-type]
        assert differing(before, training.tensors()) == []
        (line,) = [record.getMessage() for record in caplog.records]
        assert "(operation not permitted when stream is capturing); it runs eagerly" in line

    def test_memory_that_runs_out_is_passed_on(
        self, tiny_trial: TrialConfig, tmp_path: Path
    ) -> None:
        def greedy(_: TableStep) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory")

        training = begun(tiny_trial, tmp_path)
        step = training.table_step()
        step.fill(0, 1)
        with pytest.raises(torch.OutOfMemoryError, match="CUDA out of memory"):
            captured(step, greedy)  # type: ignore[arg-type]
