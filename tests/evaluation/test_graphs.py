"""When sizes are captured, kept and dropped, with a capture that needs no CUDA."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor, nn

from workbench.errors import ForeignCodeError
from workbench.evaluation.graphs import CudaCapture, GraphedNetwork, Replay
from workbench.evaluation.running import inference


class Doubled(nn.Module):
    """Notes the width of each input that it runs on by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.full((1,), 2.0))
        self.widths: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.widths.append(x.shape[3])
        return x * self.factor


@dataclass
class Recorder:
    """Stands in for CUDA's capture."""

    captured: list[int] = field(default_factory=list)
    replayed: list[int] = field(default_factory=list)
    fails_at: int = 0
    error: Exception = field(default_factory=lambda: torch.OutOfMemoryError("CUDA out of memory"))

    def __call__(self, network: nn.Module, lr: Tensor) -> Replay:
        width = lr.shape[3]
        if width == self.fails_at:
            raise self.error
        self.captured.append(width)
        factor: Tensor = network.factor  # type: ignore[assignment]

        def replay(image: Tensor) -> Tensor:
            assert image.shape == lr.shape
            self.replayed.append(width)
            return image * factor

        return replay


def run(graphed: GraphedNetwork, *widths: int) -> None:
    with inference(graphed):
        for width in widths:
            image = torch.rand(1, 3, 4, width)
            assert torch.equal(graphed(image), 2 * image)


def test_a_size_is_captured_when_it_comes_again() -> None:
    recorder, network = Recorder(), Doubled()
    run(GraphedNetwork(network, capture=recorder), 5, 6, 5, 5, 6, 7)
    assert network.widths == [5, 6, 7]
    assert recorder.captured == [5, 6]
    assert recorder.replayed == [5, 5, 6]


def test_the_least_recently_used_graph_is_dropped_and_captured_again_on_demand() -> None:
    recorder, network = Recorder(), Doubled()
    graphed = GraphedNetwork(network, capture=recorder, most_graphs=2)
    run(graphed, 5, 5, 6, 6, 5, 7, 7)
    assert recorder.captured == [5, 6, 7]
    assert graphed.sizes() == ((1, 3, 4, 5), (1, 3, 4, 7))
    run(graphed, 6, 5)
    assert recorder.captured == [5, 6, 7, 6, 5]
    assert network.widths == [5, 6, 7]


def test_images_that_are_too_large_are_not_captured() -> None:
    recorder, network = Recorder(), Doubled()
    graphed = GraphedNetwork(network, capture=recorder, most_lr_px=4 * 6)
    run(graphed, 6, 7, 6, 7, 6, 7)
    assert recorder.captured == [6]
    assert network.widths == [6, 7, 7, 7]


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError("CUDA out of memory"), ForeignCodeError("cannot be run")]
)
def test_where_a_capture_fails_the_network_runs_by_itself_from_then_on(error: Exception) -> None:
    recorder, network = Recorder(fails_at=6, error=error), Doubled()
    graphed = GraphedNetwork(network, capture=recorder)
    run(graphed, 5, 5, 6, 6, 5, 7, 7)
    assert recorder.captured == [5]
    assert recorder.replayed == [5]
    assert network.widths == [5, 6, 6, 5, 7, 7]
    assert graphed.sizes() == ()


@pytest.mark.parametrize("change", [nn.Module.train, lambda _: torch.set_grad_enabled(True)])
def test_in_training_nothing_is_captured(change: Callable[[nn.Module], object]) -> None:
    recorder, network = Recorder(), Doubled()
    graphed = GraphedNetwork(network, capture=recorder)
    with torch.no_grad():
        graphed.eval()
        change(graphed)
        for _ in range(3):
            graphed(torch.rand(1, 3, 4, 5))
    assert recorder.captured == []


def test_weights_that_change_in_place_count() -> None:
    network = Doubled()
    graphed = GraphedNetwork(network, capture=Recorder())
    run(graphed, 5, 5)
    with torch.no_grad():
        network.factor.fill_(3.0)
    with inference(graphed):
        assert torch.equal(graphed(torch.ones(1, 3, 4, 5)), torch.full((1, 3, 4, 5), 3.0))


@pytest.mark.gpu
def test_graphs_of_cuda_give_what_the_network_gives() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.GELU(), nn.Conv2d(8, 3, 3)).cuda()
    graphed = GraphedNetwork(network, capture=CudaCapture(), most_graphs=2)
    with inference(graphed):
        for height in (20, 20, 30, 30, 20, 40, 40, 40, 30, 20):
            image = torch.rand(1, 3, height, 24, device="cuda")
            assert torch.equal(graphed(image[:, :, 1:-1]), network(image[:, :, 1:-1].contiguous()))
    assert len(graphed.sizes()) == 2


@pytest.mark.gpu
def test_what_cuda_cannot_capture_runs_eagerly() -> None:
    class Waits(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * float(x.sum())  # waits for the device

    graphed = GraphedNetwork(Waits())
    with inference(graphed):
        for _ in range(3):
            image = torch.rand(1, 3, 4, 5, device="cuda")
            assert torch.equal(graphed(image), image * float(image.sum()))
