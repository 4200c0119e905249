"""Networks and attentions of the user's own in lanes: their weights, and whose errors are whose."""

from pathlib import Path

import pytest

from tests.builders.own_modules import GATE, write_counting, write_modules
from tests.execution.conformance import Recorder
from tests.processes import trainers
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ForeignCodeError
from workbench.execution.events import TrialEvent, TrialProgressed, WorkerDied
from workbench.execution.executor import Task
from workbench.execution.lane_count import LaneCount
from workbench.execution.lanes import LanesExecutor
from workbench.store.ledger import Ledger
from workbench.store.sources import keep_sources
from workbench.trial.images import open_images
from workbench.trial.run import run_trial

pytestmark = pytest.mark.xdist_group("lanes")
COUNTING = {"kind": "module", "path": "counting:Net"}


def test_own_modules_in_lanes_end_as_alone_after_a_kill_and_fail_alone(
    tiny_trial: TrialConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(write_counting(write_modules(tmp_path)))
    models: dict[str, dict[str, object]] = {
        "net": {"model": {"kind": "module", "path": "my_nets:Net"}},
        "statistics": {"model": COUNTING},
        "gate": {"model.spatial_attention": GATE},
        "fails": {"model": COUNTING | {"arguments": {"fails_after": 4}}},
    }
    configs = {arm: apply_overrides(tiny_trial, model) for arm, model in models.items()}
    alone = {arm: run_trial(configs[arm], store=Path("alone")) for arm in models if arm != "fails"}
    assert "a line" not in capfd.readouterr().out
    open_images(tiny_trial, Ledger(Path("lanes")))
    keep_sources([config.model for config in configs.values()], Path("lanes"))
    Path("counting.py").write_text("edited = while_it_runs")
    killed: list[int] = []

    def kill(event: TrialEvent) -> None:
        if isinstance(event, TrialProgressed) and event.arm == "statistics" and not killed:
            (process,) = trainers(("spawn_main",))
            process.kill()
            killed.append(process.pid)

    recorder = Recorder(kill)
    with LanesExecutor(Path("lanes"), [LaneCount(4)]) as executor:
        executor.run([Task(arm, config) for arm, config in configs.items()], recorder)
    results = recorder.results()
    assert any(isinstance(event, WorkerDied) for event in recorder.events)
    assert {arm: (one.state, one.weights_hash) for arm, one in results.items()} == {
        arm: (one.state, one.weights_hash) for arm, one in alone.items()
    }
    errors = recorder.errors()
    assert errors.keys() == {"fails"}
    assert isinstance(errors["fails"], ForeignCodeError)
    assert str(errors["fails"]) == (
        "counting:Net cannot be trained from step 4: KeyError: 'step 5' (counting.py:21)"
    )
    assert "a line" not in capfd.readouterr().out
