"""Trainings on a CUDA device: captured, deterministic, alone and beside others."""

import threading
from pathlib import Path
from typing import get_args

import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.builders.training import Training, begun, differing
from workbench.ablation.variant import Variant, find_variants
from workbench.config.attention import TimmAttentionName
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.config.training import Precision
from workbench.config.trial import TrialConfig
from workbench.results import TrialState
from workbench.training.device import exclusive, images_to_device, own_stream
from workbench.training.graph_steps import GraphSteps, step_runner
from workbench.training.table_steps import TableSteps
from workbench.trial.run import run_trial

pytestmark = pytest.mark.gpu

CUDA = torch.device("cuda")

NETWORKS: dict[str, ModelConfig] = {
    **PRESETS,
    **{
        name: apply_overrides(PRESETS["mdrn-s"], {"channel_attention": name})
        for name in get_args(TimmAttentionName)
    },
}


@pytest.fixture
def on_gpu(tiny_trial: TrialConfig) -> TrialConfig:
    return apply_overrides(tiny_trial, {"training.device": "cuda"})


@pytest.fixture
def in_large_patches(on_gpu: TrialConfig, photos: Path, tmp_path: Path) -> TrialConfig:
    """Return a trial whose patches are large enough for every network."""
    (tmp_path / "large").mkdir()
    with Image.open(photos / "photo0.png") as image:
        image.resize((160, 128)).save(tmp_path / "large" / "photo.png")
    source = {"name": "large", "folder": str(tmp_path / "large")}
    return apply_overrides(
        on_gpu,
        {
            "model": PRESETS["mdrn-s"].plain(),
            "data.training": [source],
            "data.validation": source,
            "training.stages.0.hr_patch_px": 96,
        },
    )


def captured(training: Training) -> GraphSteps:
    (stage,) = training.config.training.stages
    steps = step_runner(training.config, stage, training.state, training.samplers[0])
    assert isinstance(steps, GraphSteps), "it was not captured"
    return steps


def trained(config: TrialConfig, store: Path, chunks: tuple[int, ...]) -> dict[str, Tensor]:
    """Train on a stream of its own and return all tensors."""
    with own_stream(CUDA):
        with exclusive(CUDA):
            training = begun(config, store)
        training.run(captured(training), list(chunks))
        return training.tensors()


def test_crops_are_those_of_a_cpu(on_gpu: TrialConfig, tmp_path: Path) -> None:
    training = begun(on_gpu, tmp_path)
    step = training.table_step()
    step.fill(0, 4)
    for row in range(4):
        gathered = step._crops.gather(torch.tensor([row], device="cuda"))
        for found, pixels in zip(gathered, training.samplers[0].batch(row), strict=True):
            expected = images_to_device(torch.from_numpy(pixels), torch.device("cpu"))
            assert torch.equal(found.cpu(), expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_captured_and_trains_twice_to_the_same_weights(
    in_large_patches: TrialConfig, tmp_path: Path, name: str
) -> None:
    config = apply_overrides(in_large_patches, {"model": NETWORKS[name].plain()})
    first, second = (trained(config, tmp_path, (5, 1, 6)) for _ in range(2))
    assert differing(first, second) == []


@pytest.mark.parametrize("variant", find_variants(["all"]), ids=lambda variant: variant.name)
def test_every_variant_is_captured(
    in_large_patches: TrialConfig, tmp_path: Path, variant: Variant
) -> None:
    with own_stream(CUDA):
        training = begun(variant.apply(in_large_patches), tmp_path)
        losses = training.run(captured(training), [2])
    assert all(loss > 0 for loss in losses)


@pytest.mark.parametrize("precision", get_args(Precision))
def test_a_graph_trains_as_its_eager_step_does(
    on_gpu: TrialConfig, tmp_path: Path, precision: str
) -> None:
    config = apply_overrides(on_gpu, {"training.precision": precision})
    graphed = trained(config, tmp_path, (5, 1, 6))
    with own_stream(CUDA):
        training = begun(config, tmp_path)
        eager = TableSteps(training.table_step(), training.state, config.training)
        training.run(eager, [12])
        assert differing(graphed, training.tensors()) == []


def test_lanes_train_as_trainings_that_are_alone(on_gpu: TrialConfig, tmp_path: Path) -> None:
    configs = [apply_overrides(on_gpu, {"seed": seed}) for seed in range(1, 9)]
    expected = [trained(config, tmp_path, (5, 1, 6)) for config in configs]
    found: dict[int, dict[str, Tensor]] = {}

    def lane(number: int) -> None:
        found[number] = trained(configs[number], tmp_path, (4, 8))

    threads = [threading.Thread(target=lane, args=(number,)) for number in range(len(configs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [differing(expected[number], found[number]) for number in range(8)] == [[]] * 8


def test_a_resumed_trial_ends_with_the_same_weights(on_gpu: TrialConfig, tmp_path: Path) -> None:
    whole = run_trial(on_gpu, store=tmp_path / "whole")
    assert whole.state is TrialState.COMPLETE
    stopped = run_trial(on_gpu, store=tmp_path / "parts", until=6)
    assert (stopped.state, stopped.steps) == (TrialState.PRUNED, 6)
    resumed = run_trial(on_gpu, store=tmp_path / "parts")
    assert resumed.sessions == 2
    assert resumed.weights_hash == whole.weights_hash
    assert resumed.scores == whole.scores


def test_out_of_memory_is_a_result(on_gpu: TrialConfig, tmp_path: Path) -> None:
    _, total = torch.cuda.mem_get_info()
    values = 8 * 60 * 60  # of one image in one map of the first layer, LR px
    batch = min(65_536, 2 * total // (4 * values))
    config = apply_overrides(
        on_gpu, {"training.stages.0.batch_size": batch, "model.channels": 64, "model.blocks": 8}
    )
    result = run_trial(config, store=tmp_path)
    assert result.state is TrialState.OUT_OF_MEMORY
    assert run_trial(on_gpu, store=tmp_path).state is TrialState.COMPLETE
