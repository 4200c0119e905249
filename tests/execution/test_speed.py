"""How long a plan will take."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.builders.comparisons import scored
from workbench.ablation.variant import find_variants
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.execution import speed
from workbench.execution.executor import Task
from workbench.execution.lookup import look_up
from workbench.execution.plan import make_plan
from workbench.execution.speed import _chunks_of_steps_s, duration_text, seconds_left
from workbench.store.ledger import Ledger
from workbench.trial.images import open_images

BASE = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["short"])


def test_the_time_left_comes_from_finished_trials_where_there_are_some() -> None:
    done = scored("k", 1, {"Set5": [30.0]}).model_copy(
        update={"training_s": 90.0, "evaluation_s": 10.0}
    )
    planned = [Task("mdrn-s", BASE, "k", result=done)]
    planned += [Task("mdrn-s", BASE.model_copy(update={"seed": seed}), "k") for seed in (2, 3, 4)]
    assert seconds_left(planned, Ledger(Path("nowhere")), 2) == pytest.approx(150)
    assert seconds_left(planned, Ledger(Path("nowhere")), 8) == pytest.approx(100)
    assert seconds_left(planned[:1], Ledger(Path("nowhere")), 2) == 0


def test_the_time_of_a_new_network_is_measured(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    open_images(tiny_trial, ledger)
    one = make_plan("s", "tiny", tiny_trial, find_variants(["no-lvar"]), [1])
    two = make_plan("s", "tiny", tiny_trial, find_variants(["no-lvar"]), [1, 2])
    short = seconds_left(look_up(one, tmp_path), ledger, 1)
    assert short > 6  # two workers' starts at least
    assert seconds_left(look_up(two, tmp_path), ledger, 1) > 1.2 * short


def test_whole_steps_are_timed_for_a_gpu(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses: list[object] = []

    def timed(work: Callable[[], object]) -> float:
        losses.append(work())
        return 2.0

    monkeypatch.setattr(speed, "_time", timed)
    images = open_images(tiny_trial, Ledger(tmp_path))
    assert _chunks_of_steps_s(tiny_trial, images, torch.device("cpu")) == 12 * 2.0
    (chunk,) = losses
    assert isinstance(chunk, list)
    assert len(chunk) == 1, "a CPU does one step at a time"


def test_lanes_of_one_gpu_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "_measured", lambda *_: 100.0)
    on_gpu = apply_overrides(BASE, {"training.device": "cuda"})
    planned = [Task("a", on_gpu.model_copy(update={"seed": seed}), "k") for seed in range(16)]
    ledger = Ledger(Path("nowhere"))
    assert seconds_left(planned, ledger, 1) == pytest.approx(1_600)
    assert seconds_left(planned, ledger, 4) == pytest.approx(800)
    assert seconds_left(planned, ledger, 8, gpus=2) == pytest.approx(400)
    on_cpu = [Task("a", BASE.model_copy(update={"seed": seed}), "k") for seed in range(16)]
    assert seconds_left(on_cpu, ledger, 4) == pytest.approx(400)


def test_on_a_gpu_only_the_first_network_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[TrialConfig] = []

    def noted(config: TrialConfig, _: Ledger) -> float:
        measured.append(config)
        return 100.0

    monkeypatch.setattr(speed, "_measured", noted)
    on_gpu = apply_overrides(BASE, {"training.device": "cuda"})
    longer = apply_overrides(on_gpu, {"training.stages.0.batch_size": 12})  # instead of 4
    planned = [Task("a", on_gpu, "k"), Task("b", on_gpu, "k"), Task("c", longer, "k")]
    assert seconds_left(planned, Ledger(Path("nowhere")), 1) == pytest.approx(100 + 100 + 300)
    assert measured == [on_gpu]
    on_cpu = [Task("a", BASE, "k"), Task("b", BASE, "k")]
    assert seconds_left(on_cpu, Ledger(Path("nowhere")), 1) == pytest.approx(200)
    assert measured == [on_gpu, BASE, BASE]


@pytest.mark.parametrize(
    ("seconds", "text"), [(12.3, "12 s"), (600.0, "10 min"), (4_000.0, "67 min"), (9e3, "2.5 h")]
)
def test_durations_have_a_fitting_unit(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
