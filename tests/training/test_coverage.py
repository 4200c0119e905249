"""Every network of the factory can be captured, and has one fixed result on CUDA."""

import torch

from tests.builders import coverage


def test_no_network_draws_or_adds_by_atomics() -> None:
    for name, found in coverage.all_coverage().items():
        assert found.recorder.found(coverage.DRAWS) == [], name
        assert found.recorder.found(coverage.ADDS_BY_ATOMICS) == [], name


def test_the_table_of_the_documents_is_as_the_networks_are() -> None:
    assert coverage.written() == coverage.table(), "run python -m tests.builders.coverage"


def test_what_no_graph_can_hold_is_seen() -> None:
    x = torch.ones(3, requires_grad=True)
    with coverage.Recorder() as recorder:
        float(torch.nn.functional.dropout(x).detach().sum())
        x[torch.tensor([0, 0])].sum().backward()
    assert recorder.found(coverage.READS_A_VALUE) == ["_local_scalar_dense"]
    assert recorder.found(coverage.DRAWS) == ["bernoulli_"]
    assert recorder.found(coverage.ADDS_BY_ATOMICS) == ["index_put"]
