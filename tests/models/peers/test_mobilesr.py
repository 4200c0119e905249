"""MobileSR: costs, scores and names of the published network."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from workbench.config.data import ImageSource
from workbench.data.pairs import FolderPairs
from workbench.errors import CheckpointError
from workbench.evaluation.evaluate import evaluate
from workbench.models.complexity import count_module
from workbench.models.opening import open_network
from workbench.models.peers.mobilesr import MobileSR, from_published, is_published


def published(reference: Path) -> dict[str, Tensor]:
    path = reference / "weights" / "team20_mobilesr.pth"
    state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)["net"]
    return state


def test_costs_are_the_published_ones() -> None:
    with torch.device("meta"):
        cost = count_module(MobileSR()).cost
    assert cost.parameters == 175_883
    assert (round(cost.activations / 1e6, 2), cost.convolutions) == (160.43, 25)
    # The challenge's counter, and so the factsheet's 8.73 G, misses most of the attention.
    assert round(cost.challenge_flops / 1e9, 4) == 8.7301
    assert round(cost.multiply_adds / 1e9, 4) == 15.2830


@pytest.mark.reference
def test_scores_of_the_published_weights(reference: Path) -> None:
    network = open_network(reference / "weights" / "team20_mobilesr.pth")
    assert (network.scale, network.origin) == (4, "MobileSR")
    folder = str(reference / "benchmarks" / "Set5")
    pairs = FolderPairs(ImageSource(name="Set5", folder=folder), 4, "bicubic")
    mean = evaluate(network.module, pairs).mean()
    assert mean.psnr_rgb_db == pytest.approx(30.1377, abs=5e-4)
    assert mean.ssim_rgb == pytest.approx(0.8625, abs=5e-5)
    assert mean.psnr_y_db == pytest.approx(32.0454, abs=5e-4)
    assert mean.ssim_y == pytest.approx(0.8930, abs=5e-5)


@pytest.mark.parametrize(("height", "width"), [(8, 16), (1, 1), (13, 9)])
def test_any_size_is_enlarged_by_four(height: int, width: int) -> None:
    with torch.no_grad():
        assert MobileSR()(torch.rand(2, 3, height, width)).shape == (2, 3, 4 * height, 4 * width)


def test_windows_attend_to_themselves_only() -> None:
    """A pixel changes what is in its window, and its neighbours by the depthwise convolution."""
    block = MobileSR().stages.get_submodule("0.transformer").eval()
    image = torch.rand(1, 40, 24, 24)
    changed = image.clone()
    changed[..., 4, 4] += 1
    with torch.no_grad():
        moved = (block(image) - block(changed)).abs().amax(dim=(0, 1)) > 0
    assert moved[:8, :8].all()
    assert not moved[8:].any()
    assert not moved[:, 8:].any()


@pytest.mark.reference
def test_a_file_that_does_not_fit_is_refused_with_the_tensor(reference: Path) -> None:
    state = published(reference)
    assert is_published(state)
    assert not is_published({"fea_conv.weight": torch.zeros(1)})
    without = {name: tensor for name, tensor in state.items() if name != "tail.bias"}
    with pytest.raises(CheckpointError, match=r"'tail.bias' is missing"):
        from_published(without)
    with pytest.raises(CheckpointError, match="the tensor 'more' belongs to no known part"):
        from_published(state | {"more": torch.zeros(1)})
    with pytest.raises(
        CheckpointError, match=r"'tail.bias' must have the shape \(3,\), got \(4,\)"
    ):
        from_published(state | {"tail.bias": torch.zeros(4)})
