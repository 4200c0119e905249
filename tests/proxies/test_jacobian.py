"""Jacobian proxies of linear maps, whose Jacobian is known."""

import math

import pytest
import torch
from torch import Tensor, nn

from workbench.proxies.jacobian import (
    correlations,
    effective_rank,
    input_gradients,
    jacobian_covariance,
    pixel_jacobian,
)


class Linear(nn.Module):
    """x2 network that makes each LR pixel into 2 x 2 px by one matrix."""

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        self.matrix = nn.Parameter(matrix)  # (12, 3)

    def forward(self, lr: Tensor) -> Tensor:
        made = torch.einsum("oc,nchw->nohw", self.matrix, lr)
        return nn.functional.pixel_shuffle(made, 2)


def test_the_jacobian_of_a_linear_network_is_its_matrix() -> None:
    matrix = torch.arange(36.0).reshape(12, 3)
    jacobian = pixel_jacobian(Linear(matrix), torch.rand(1, 3, 5, 6), 2)
    assert jacobian.shape == (12, 3 * 5 * 6)
    middle = jacobian.reshape(12, 3, 5, 6)[:, :, 2, 3]
    assert torch.equal(middle, matrix.double())
    assert int(jacobian.count_nonzero()) == int(matrix.count_nonzero())


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_effective_rank_of_orthogonal_rows_is_their_number(rank: int) -> None:
    matrix = torch.zeros(12, 3)
    for place in range(rank):
        matrix[place, place] = 7
    jacobian = pixel_jacobian(Linear(matrix), torch.rand(1, 3, 4, 4), 2)
    assert effective_rank(jacobian) == pytest.approx(rank)


def test_unequal_singular_values_count_by_their_entropy() -> None:
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert effective_rank(torch.diag(torch.tensor([3.0, 1.0]))) == pytest.approx(math.exp(entropy))


def test_input_gradients_are_of_each_crop_alone() -> None:
    class Squares(nn.Module):
        def forward(self, lr: Tensor) -> Tensor:
            return lr.square()

    lr = torch.rand(4, 3, 2, 2)
    assert torch.equal(input_gradients(Squares(), lr), 2 * lr.flatten(1).double())


def test_uncorrelated_crops_have_the_highest_covariance_score() -> None:
    rows = torch.tensor([[1.0, -1, 0, 0], [0, 0, 1, -1], [2, 2, -2, -2]]).double()
    correlation = correlations(rows)
    assert torch.allclose(correlation, torch.eye(3, dtype=torch.float64))
    highest = -3 * (math.log(1 + 1e-5) + 1 / (1 + 1e-5))
    assert jacobian_covariance(correlation) == pytest.approx(highest)
    nearly = correlations(rows + torch.tensor([[0, 0, 0.5, 0.0]]))
    assert jacobian_covariance(nearly) < highest


def test_crops_with_the_same_gradient_correlate_fully() -> None:
    row = torch.tensor([[1.0, 2, 4, 8]]).double()
    correlation = correlations(torch.cat([row, 3 * row]))
    assert torch.allclose(correlation, torch.ones(2, 2, dtype=torch.float64))
    # Eigenvalues 2 and 0; 1 / 1e-5 dominates.
    assert jacobian_covariance(correlation) == pytest.approx(-1e5, rel=1e-3)


def test_gradients_that_are_the_same_everywhere_have_no_correlation() -> None:
    gradients = input_gradients(Linear(torch.ones(12, 3)), torch.rand(3, 3, 4, 4))
    assert math.isnan(jacobian_covariance(correlations(gradients)))


def test_large_crops_are_run_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    layer = nn.Conv2d(3, 12, 3, padding=1)
    model = nn.Sequential(layer, nn.GELU(), nn.PixelShuffle(2))
    lr = torch.rand(5, 3, 6, 4)
    before = input_gradients(model, lr), pixel_jacobian(model, lr[:1], 2)
    monkeypatch.setattr("workbench.proxies.jacobian._PIXELS", 50)
    after = input_gradients(model, lr), pixel_jacobian(model, lr[:1], 2)
    for one, other in zip(before, after, strict=True):
        assert torch.allclose(one, other)
    assert before[1].shape == (12, 3 * 6 * 4)
