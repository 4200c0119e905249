"""One network trained from Python: stopped as by Ctrl-C, and resumed by the same call."""

import os
import signal
from pathlib import Path

import pytest

from tests.builders.executors import run_inline
from tests.builders.pretrained import started
from workbench.config.trial import TrialConfig
from workbench.config.yaml_files import write_yaml
from workbench.errors import CheckpointError, StoppedByUserError
from workbench.execution.events import TrialFinished, TrialProgressed
from workbench.experiments.run_context import RunContext
from workbench.experiments.train_spec import TrainSpec, plan_training
from workbench.experiments.training import train_network
from workbench.experiments.trial_spec import TrialSpec
from workbench.models.checkpoints import load_model, weights_hash


@pytest.fixture
def spec(photos: Path) -> TrainSpec:
    """Return a training of a few seconds."""
    source = f"Photos={photos}"
    overrides: dict[str, object] = {"model.blocks": 1, "training.stages.0.hr_patch_px": 60}
    trial = TrialSpec("smoke", 40, (source,), source, (source,), overrides)
    return TrainSpec("tiny", seed=2, trial=trial, study="alone")


def test_a_training_that_is_stopped_resumes(
    spec: TrainSpec,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_inline(monkeypatch)
    store = tmp_path / "store"
    context = RunContext(store, workers=1, allow_overlap=True)
    stopped: list[object] = []

    def stop(event: object) -> None:
        if isinstance(event, TrialProgressed) and not stopped:
            stopped.append(event)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(StoppedByUserError, match="rerun the same command to resume"):
        train_network(spec, context, stop)
    events: list[object] = []
    trained = train_network(spec, context, events.append)
    assert not trained.was_finished
    assert trained.result.sessions == 2
    assert (trained.variant, trained.seed, trained.study) == ("tiny", 2, "alone")
    assert weights_hash(load_model(trained.weights).state_dict()) == trained.result.weights_hash
    assert [event.seed for event in events if isinstance(event, TrialFinished)] == [2]
    assert train_network(spec, context).was_finished
    assert capfd.readouterr() == ("", "")


def test_a_trial_from_trained_weights_is_repeated_where_the_store_has_them(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_inline(monkeypatch)
    lesion = started(tiny_trial, tmp_path / "one", heal=False)
    file = tmp_path / "config.yaml"  # as MLflow keeps it beside the trial
    file.write_text(write_yaml(lesion))
    spec = TrainSpec(str(file))
    trained = train_network(spec, RunContext(tmp_path / "one", workers=1))
    assert lesion.pretrained is not None
    assert (trained.result.steps, trained.result.weights_hash) == (0, lesion.pretrained.hash)
    with pytest.raises(CheckpointError, match="rerun the command that had --from with their file"):
        train_network(spec, RunContext(tmp_path / "two", workers=1))


def test_a_study_is_named_after_what_is_trained(spec: TrainSpec) -> None:
    assert plan_training(TrainSpec("tiny")).study == "train_tiny_smoke_embedded"
    both = TrainSpec("mdrn-s", variants=("no-lvar", "relu"), trial=TrialSpec("demo"))
    plan = plan_training(both)
    assert plan.study == "train_mdrn-s+no-lvar+relu_demo_embedded"
    assert plan.base.name == "no-lvar+relu"
    # Other settings are another study, other seeds are not.
    names = {plan_training(TrainSpec("tiny", seed=s, trial=spec.trial)).study for s in (1, 2)}
    (name,) = names
    assert name.startswith("train_tiny_smoke_Photos-")
