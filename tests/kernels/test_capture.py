"""A capture on CUDA that fails leaves no trace."""

import gc

import pytest
import torch

from workbench.kernels.capture import capture_graph

pytestmark = pytest.mark.gpu


def test_a_graph_replays_what_was_captured() -> None:
    x = torch.ones(3, device="cuda")
    graph, out = capture_graph(lambda: x * 2, torch.cuda.Stream())
    x.fill_(5)
    graph.replay()
    assert out.tolist() == [10, 10, 10]


@pytest.mark.parametrize("waits", [True, False])
def test_after_a_failure_all_goes_on(waits: bool) -> None:
    x, stream = torch.ones(3, device="cuda"), torch.cuda.current_stream()

    def fails() -> None:
        y = x.clone()
        if waits:
            y.sum().item()
        raise RuntimeError("an error of its own")

    allocated = []
    for _ in range(3):
        with pytest.raises(RuntimeError, match="captur" if waits else "an error of its own"):
            capture_graph(fails, torch.cuda.Stream())
        gc.collect()
        allocated.append(torch.cuda.memory_allocated())
    assert torch.cuda.current_stream() == stream
    assert allocated[2] == allocated[1]  # the first one makes what the generator keeps
    torch.manual_seed(4)
    drawn = torch.rand(3, device="cuda")
    torch.manual_seed(4)
    assert torch.equal(torch.rand(3, device="cuda"), drawn)
    graph, out = capture_graph(lambda: x + 1, torch.cuda.Stream())
    graph.replay()
    assert out.tolist() == [2, 2, 2]
