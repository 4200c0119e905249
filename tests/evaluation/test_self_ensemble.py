"""Eight orientations, averaged before anything is rounded."""

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from workbench.config.data import ImageSource
from workbench.config.presets import PRESETS
from workbench.data.pairs import FolderPairs
from workbench.evaluation.devices import place_network
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.graphs import GraphedNetwork, Replay
from workbench.evaluation.running import WHOLE, Tiling, inference, run_on_tensor
from workbench.evaluation.self_ensemble import ORIENTATIONS, SelfEnsemble, oriented, restored
from workbench.models.checkpoints import load_model
from workbench.models.factory import build_model

CPU = torch.device("cpu")


class Skewed(nn.Module):
    """Enlarges by 2 and depends on the orientation: each pixel takes from its right neighbour."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x)
        mixed = 0.75 * x + 0.25 * x.roll(-1, dims=3)
        return mixed.repeat_interleave(2, 2).repeat_interleave(2, 3)


def image(height: int = 5, width: int = 7) -> Tensor:
    return torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(0))


def test_the_orientations_are_the_eight_of_a_rectangle_and_are_undone() -> None:
    x = image()
    shown = [oriented(x, number) for number in ORIENTATIONS]
    assert [tuple(one.shape[2:]) for one in shown] == [(5, 7)] * 4 + [(7, 5)] * 4
    for one, other in itertools.combinations(shown, 2):
        assert one.shape != other.shape or not torch.equal(one, other)
    for number, one in enumerate(shown):
        assert torch.equal(restored(one, number), x)


def test_the_output_is_the_mean_over_rotations_and_reflections() -> None:
    network, x = Skewed(), image()
    found = SelfEnsemble(network)(x)
    outputs = []
    for turns, mirrored in itertools.product(range(4), (False, True)):
        shown = torch.rot90(x.flip(3) if mirrored else x, turns, (2, 3))
        back = torch.rot90(network(shown), -turns, (2, 3))
        outputs.append((back.flip(3) if mirrored else back).numpy())
    np.testing.assert_allclose(found.numpy(), np.mean(outputs, axis=0), rtol=1e-6)
    assert found.dtype == torch.float32
    assert all(seen.is_contiguous() for seen in network.seen[:8])


def test_a_turned_image_gives_the_turned_output() -> None:
    model = SelfEnsemble(build_model(PRESETS["tiny"], seed=1)).eval()
    x = image(16, 20)
    with torch.inference_mode():
        plain, turned = model(x), model(oriented(x, 5))
        torch.testing.assert_close(restored(turned, 5), plain)
        assert not torch.equal(plain, model.network(x))
        assert torch.equal(model(x), plain)


@pytest.mark.parametrize("tiling", [WHOLE, Tiling(6, 2)])
def test_images_and_tiles_below_the_least_size_are_padded_before_they_are_turned(
    tiling: Tiling,
) -> None:
    network = Skewed()
    ensemble = SelfEnsemble(network)
    lr = (image(5, 13)[0].permute(1, 2, 0) * 255).to(torch.uint8)
    with inference(ensemble):
        found = run_on_tensor(ensemble, lr, scale=2, smallest_lr_px=8, tiling=tiling)
    assert found.shape == (1, 3, 10, 26)
    assert all(min(seen.shape[2:]) >= 8 for seen in network.seen)
    assert len(network.seen) == (8 if tiling is WHOLE else 8 * 2 * 3)


def test_a_placed_network_is_an_ensemble_of_what_would_be_placed() -> None:
    network = Skewed()
    assert place_network(network, CPU, "fp32") is network
    placed = place_network(network, CPU, "fp32", self_ensemble=True)
    assert isinstance(placed, SelfEnsemble)
    assert placed.network is network
    half = place_network(
        build_model(PRESETS["tiny"], seed=1).eval(), CPU, "bf16", self_ensemble=True
    )
    with torch.inference_mode():
        assert half(image(16, 16)).dtype == torch.float32


def test_each_shape_of_the_image_is_captured_once() -> None:
    network, captured = Skewed(), list[tuple[int, ...]]()

    def capture(module: nn.Module, lr: Tensor) -> Replay:
        captured.append(tuple(lr.shape[2:]))
        return module

    ensemble = SelfEnsemble(GraphedNetwork(network, capture=capture)).eval()
    with torch.inference_mode():
        first, second = ensemble(image()), ensemble(image())
    assert captured == [(5, 7), (7, 5)]
    assert torch.equal(first, second)


@pytest.mark.reference
def test_published_weights_gain_by_it(reference: Path, tmp_path: Path) -> None:
    for folder in ("HR", "X4"):
        (tmp_path / folder).mkdir()
        image = reference / "benchmarks" / "Set5" / folder / "butterfly.png"
        shutil.copy(image, tmp_path / folder)
    model = load_model(reference / "weights" / "mdrn-s.pth")
    images = FolderPairs(ImageSource(name="Set5", folder=str(tmp_path)), 4, "bicubic")
    (score,) = evaluate(SelfEnsemble(model), images, smallest_lr_px=model.smallest_lr_px).images
    assert score.psnr_rgb_db == pytest.approx(27.2534, abs=0.001)  # 26.974 without
    assert score.psnr_y_db == pytest.approx(28.7184, abs=0.001)


@pytest.mark.gpu
def test_graphs_give_the_ensemble_of_eager_runs_bit_for_bit() -> None:
    cuda = torch.device("cuda")
    network = build_model(PRESETS["mdrn-s"], seed=1).eval()
    placed = place_network(network, cuda, "fp32", self_ensemble=True)
    assert isinstance(placed, SelfEnsemble)
    assert isinstance(placed.network, GraphedNetwork)
    x = image(40, 56).to(cuda)
    with torch.inference_mode():
        eager = SelfEnsemble(network)(x)
        for _ in range(3):
            assert torch.equal(placed(x), eager)
    assert sorted(placed.network.sizes()) == [(1, 3, 40, 56), (1, 3, 56, 40)]
