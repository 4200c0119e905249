"""A network computes with the operations that it is given, and is otherwise the same network."""

import copy
import pickle
from collections import Counter
from typing import Any

import pytest
import torch
from torch import nn

from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.kernels.eager import EAGER, EagerOperations
from workbench.models.factory import build_model
from workbench.models.operations import WithOperations, use_operations

SMALL = apply_overrides(PRESETS["tiny"], {"blocks": 1})


class Recording:
    """Counts the calls, and computes as `EAGER` does."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.calls[name] += 1
        return getattr(EAGER, name)


@pytest.mark.parametrize(
    ("overrides", "calls"),
    [
        # 3 steps, the last convolution, ECCA; in each of 3 branches 3, in L-var 1; the trunk.
        ({}, {"depthwise": 16, "spread_sum": 1, "local_variance": 1, "contrast_and_mean": 1}),
        ({"convolution": "conv3x3"}, {"depthwise": 1, "pad": 15}),
        ({"spatial_attention": "esa", "padding": "zeros"}, {"depthwise": 9, "spread_sum": 1}),
        ({"spatial_attention": "parallel-esa"}, {"depthwise": 9, "spread_sum": 1}),
        ({"channel_attention": "cca"}, {"depthwise": 15, "contrast_and_mean": 1}),
    ],
)
def test_every_operation_goes_through_the_interface(
    overrides: dict[str, object], calls: dict[str, int]
) -> None:
    model, image = build_model(apply_overrides(SMALL, overrides), seed=1), torch.rand(1, 3, 24, 27)
    recording: Any = Recording()
    expected = model(image)
    use_operations(model, recording)
    assert torch.equal(model(image), expected)
    assert {name: recording.calls[name] for name in calls} == calls


def test_operations_are_no_part_of_the_weights_and_travel_with_copies() -> None:
    model = build_model(SMALL, seed=1)
    names, operations = list(model.state_dict()), EagerOperations(rewrite_everywhere=True)
    use_operations(model, operations)
    assert list(model.state_dict()) == names
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        found = {m.operations for m in other.modules() if isinstance(m, WithOperations)}
        assert found == {operations}
    assert WithOperations.operations is EAGER


def test_a_network_of_other_code_keeps_what_it_calls_operations() -> None:
    foreign = nn.Sequential(nn.Conv2d(3, 3, 1))
    foreign.operations = "its own"  # type: ignore[assignment]
    use_operations(foreign, EagerOperations(rewrite_everywhere=True))
    assert foreign.operations == "its own"


def test_the_rewrites_give_the_same_network() -> None:
    model = build_model(SMALL, seed=1).double()
    image = torch.rand(2, 3, 23, 29, dtype=torch.float64)
    outputs, gradients = [], []
    for operations in (EAGER, EagerOperations(rewrite_everywhere=True)):
        use_operations(model, operations)
        outputs.append(model(image))
        gradients.append(torch.autograd.grad(outputs[-1].square().mean(), list(model.parameters())))
    assert torch.allclose(outputs[0], outputs[1], rtol=0, atol=1e-13)
    for eager, rewritten in zip(*gradients, strict=True):
        assert torch.allclose(eager, rewritten, rtol=1e-9, atol=1e-13)


@pytest.mark.gpu
@pytest.mark.parametrize(
    "overrides", [{}, {"convolution": "conv3x3"}, {"spatial_attention": "esa"}]
)
def test_a_network_on_cuda_has_the_same_gradients_twice(overrides: dict[str, object]) -> None:
    model = build_model(apply_overrides(SMALL, overrides), seed=1).cuda()
    image = torch.rand(4, 3, 29, 31, generator=torch.Generator().manual_seed(1)).cuda()
    with torch.backends.cudnn.flags(deterministic=True, allow_tf32=False):
        once, again = (
            torch.autograd.grad(model(image).abs().mean(), list(model.parameters()))
            for _ in range(2)
        )
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))


@pytest.mark.gpu
def test_a_network_on_cuda_is_captured_as_a_graph() -> None:
    model, image = build_model(SMALL, seed=1).cuda().eval(), torch.rand(1, 3, 29, 31).cuda()
    with torch.inference_mode():
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):  # the warm-up builds what may not be built in a capture
            model(image)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = model(image)
        image.copy_(torch.rand_like(image))
        graph.replay()
        assert torch.allclose(output, model(image), rtol=0, atol=1e-5)
