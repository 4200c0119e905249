"""What a benchmark measures, and what it refuses before anything runs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.builders.own_modules import change, write_counting
from workbench.config.network import named_network
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.errors import ConfigError, ForeignCodeError, InputSizeError, WorkbenchError
from workbench.experiments import bench as bench_module
from workbench.experiments.bench import bench_networks, open_for_bench
from workbench.experiments.bench_result import bench_to_dict
from workbench.experiments.bench_spec import BenchSpec, TrainingWork, check_bench
from workbench.experiments.inspection import open_networks
from workbench.models.complexity import count
from workbench.models.foreign import Foreign
from workbench.models.opening import OpenedNetwork
from workbench.system.events import Note, Progressed, WorkEnded, WorkStarted

NETWORK = apply_overrides(PRESETS["tiny"], {"blocks": 1})
SMALL = BenchSpec(TrainingWork(batch=1, hr_patch_px=60), (15, 16), rounds=2)


@pytest.fixture(autouse=True)
def bandwidth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the memory a bandwidth of 1 GB/s."""
    monkeypatch.setattr(bench_module, "copy_bandwidth", lambda *_: 1e9)


def networks() -> dict[str, OpenedNetwork]:
    return open_networks({"one": NETWORK, "two": NETWORK}, [])


def test_networks_are_timed_and_compared_with_the_last() -> None:
    events: list[object] = []
    threads = torch.get_num_threads()
    done = bench_networks(networks(), SMALL, events.append)
    assert torch.get_num_threads() == threads
    found = bench_to_dict(done)
    assert found["clock"] == "process"
    assert found["training"] == {"batch": 1, "hr_patch_px": 60, "lanes": 1}
    assert (found["precision"], found["kernels"]) == ("fp32", "eager")
    assert found["inference"] == {"lr_width_px": 15, "lr_height_px": 16}
    assert [(row["network"], row["work"]) for row in found["rows"]] == [
        *(("one", "training"), ("two", "training")),
        *(("one", "inference"), ("two", "inference")),
    ]
    for row in found["rows"]:
        assert 0 < row["ms"]["lower_quartile"] <= row["ms"]["median"]
        assert row["images_per_s"] == pytest.approx(1e3 / row["ms"]["median"])
        assert row["ratio_to"]["network"] == "two"
        assert row["form"] == "eager"
        assert row["roofline_ms"] == pytest.approx(row["least_traffic_bytes"] / 1e6)
    assert found["rows"][1]["ratio_to"]["median"] == 1
    training, inference = found["rows"][0], found["rows"][2]
    cost = count(NETWORK, 15, 15).cost
    assert training["least_traffic_bytes"] == 12 * (cost.parameters + cost.activations)
    cost = count(NETWORK, 16, 15).cost
    assert inference["least_traffic_bytes"] == 4 * (cost.parameters + cost.activations)
    timed = [event.what for event in events if isinstance(event, Progressed)]
    assert timed[:4] == ["one, training", "two, training", "two, training", "one, training"]
    assert events.count(WorkStarted("timing")) == events.count(WorkEnded()) == 2


def test_lanes_are_timed_at_a_time_and_in_turn_by_the_wall_clock() -> None:
    spec = replace(SMALL, training=TrainingWork(2, 60, lanes=2), lr_size=None)
    done = bench_networks({"one": networks()["one"]}, spec)
    assert spec.clock == "wall"
    assert done.works() == ("training", "training in turn")
    for row in done.rows:
        assert row.images == 2
        assert row.images_per_s == pytest.approx(2e3 / row.time.median_ms)


def test_more_than_one_thread_is_timed_by_the_wall_clock() -> None:
    assert replace(SMALL, threads=2).clock == "wall"
    assert replace(SMALL, device="cuda").clock == "wall"


@pytest.mark.parametrize(
    ("change", "kind", "line"),
    [
        ({"device": "gpu"}, ConfigError, "the device must be cpu, cuda or cuda:N, got 'gpu'"),
        ({"precision": "tf32"}, ConfigError, "on a CPU the precision must be fp32 or bf16"),
        ({"kernels": "fused"}, ConfigError, "kernels fused needs device cuda, got cpu"),
        (
            {"kernels": "fused", "training": None},
            WorkbenchError,
            "fused kernels need a CUDA device, got cpu",
        ),
        (
            {"training": TrainingWork(1, 62)},
            ConfigError,
            "--patch: one is x4, so the HR patch must be a multiple of 4 px, got 62",
        ),
        (
            {"training": TrainingWork(1, 56)},
            ConfigError,
            r"--patch: one needs HR patches of at least 60 px \(15 LR px\), got 56",
        ),
        (
            {"lr_size": (40, 14)},
            InputSizeError,
            "--size: one: the input is 40 x 14 px; this network needs at least 15 x 15 LR px",
        ),
    ],
)
def test_what_cannot_be_timed_is_refused(
    change: dict[str, Any], kind: type[Exception], line: str
) -> None:
    with pytest.raises(kind, match=line):
        check_bench(replace(SMALL, **change), networks())


def test_training_in_fp16_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    spec = replace(SMALL, device="cuda", precision="fp16")
    with pytest.raises(
        ConfigError, match=r"^--precision fp16 is for inference alone; add --only inference"
    ):
        check_bench(spec, networks())
    assert check_bench(replace(spec, training=None), networks()) == torch.device("cuda", 0)


def test_a_network_of_another_scale_is_timed_in_inference_only() -> None:
    other = {"big": OpenedNetwork("big", nn.Identity(), 8, 1, "a:B")}
    line = r"^big: images are made for the scales 2, 3 and 4, and this network is x8; --only"
    with pytest.raises(ConfigError, match=line):
        check_bench(SMALL, other)
    check_bench(replace(SMALL, training=None), other)


def test_memory_that_does_not_suffice_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(bench_module, "measure_runs", fails)
    line = r"^the memory of cpu does not suffice for 2 networks; use fewer networks or --lanes, or"
    with pytest.raises(WorkbenchError, match=line):
        bench_networks(networks(), SMALL)


def test_a_network_of_the_users_own_comes_last_and_may_have_a_name_that_is_taken() -> None:
    events: list[object] = []
    foreign = Foreign("tests.foreign_networks:Plain", {"channels": 4}, 1)
    found = open_for_bench({"Plain": NETWORK}, [], foreign, events.append)
    assert list(found) == ["Plain", "tests.foreign_networks:Plain"]
    assert events[0] == Note("foreign code: tests.foreign_networks:Plain is imported and run")
    done = bench_networks(found, SMALL)
    assert [row.network for row in done.of("training")] == list(found)
    assert done.rows[1].least_bytes is not None


def test_fused_kernels_compute_the_inference(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def placed(module: nn.Module, *_: object, fused: bool) -> nn.Module:
        seen.append(fused)
        return module

    monkeypatch.setattr(bench_module, "place_network", placed)
    monkeypatch.setattr("workbench.experiments.bench_spec.require_fused", lambda _: None)
    one = {"one": networks()["one"]}
    for kernels in ("eager", "fused"):
        bench_networks(one, replace(SMALL, training=None, kernels=kernels))
    assert seen == [False, True]


@pytest.mark.gpu
def test_a_benchmark_on_cuda_replays_graphs_and_counts_memory() -> None:
    training = TrainingWork(2, 60, lanes=2)
    done = bench_networks(networks(), replace(SMALL, training=training, device="cuda"))
    assert {row.form for row in done.rows} == {"graph"}
    assert all(row.peak_bytes for row in done.rows)


@pytest.mark.parametrize("work", ["training", "inference"])
def test_a_network_of_ones_own_that_fails_is_named(
    work: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_counting(tmp_path))
    change(
        tmp_path / "counting.py", "if self.training", f"if self.training == {work == 'training'}"
    )
    change(tmp_path / "counting.py", "self.steps.add_(1)", "raise KeyError('odd')")
    spec = replace(SMALL, lr_size=None) if work == "training" else replace(SMALL, training=None)
    own = open_networks({"own": named_network("counting:Net")}, [])
    doing = "trained" if work == "training" else "timed"
    with pytest.raises(
        ForeignCodeError,
        match=rf"counting:Net cannot be {doing}: KeyError: 'odd' \(counting\.py:19\)",
    ):
        bench_networks(own, spec)


@pytest.mark.parametrize(
    ("name", "change", "line"),
    [
        ("Interpolation", {}, "^Interpolation: it has no parameters to train; --only inference"),
        (
            "Uncopied",
            {"training": None, "precision": "bf16"},
            "copied to bf16: RuntimeError: no co",
        ),
        ("UncopiedLayer", {"lr_size": None}, "Layer cannot be trained: LookupError: no entry"),
    ],
)
def test_a_foreign_network_that_cannot_be_timed_is_refused_in_one_line(
    name: str, change: dict[str, Any], line: str
) -> None:
    opened = open_for_bench({}, [], Foreign(f"tests.hostile_networks:{name}", {}, 1))
    with pytest.raises(WorkbenchError, match=line):
        bench_networks(opened, replace(SMALL, **change))
