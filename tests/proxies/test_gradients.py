"""Gradient proxies against what they are by hand and by finite differences."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from workbench.proxies.gradients import loss_gradient, synaptic_flow


class LinearNetwork(nn.Module):
    """Two 1x1 convolutions without bias."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 2, 1, bias=False)
        self.second = nn.Conv2d(2, 3, 1, bias=False)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([[1.0, -2, 3], [-4, 5, -6]])[..., None, None])
            second = torch.tensor([[0.5, -1], [2, -3], [-4, 5]])
            self.second.weight.copy_(second[..., None, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.second(self.first(x))
        return out


def test_synflow_of_a_linear_network_is_the_flow_once_for_each_layer() -> None:
    # Absolute row sums of the first layer are 6 and 15; absolute column sums of the second one are
    # 6.5 and 9. On 4 x 4 px the outputs add up to 16 (6.5 * 6 + 9 * 15), and for each of the two
    # layers the products of weight and gradient add up to that again.
    assert synaptic_flow(LinearNetwork(), 4) == pytest.approx(2 * 16 * (6.5 * 6 + 9 * 15))


def test_loss_gradient_agrees_with_finite_differences() -> None:
    model, step = LinearNetwork().double(), 1e-6
    draw = torch.Generator().manual_seed(1)
    lr, hr = (torch.rand(2, 3, 5, 4, generator=draw, dtype=torch.float64) for _ in range(2))

    def loss() -> float:
        with torch.no_grad():
            return float(functional.mse_loss(model(lr), hr))

    slopes, weights = [], []
    for parameter in model.parameters():
        flat = parameter.data.view(-1)
        for place in range(len(flat)):
            value = float(flat[place])
            flat[place] = value + step
            above = loss()
            flat[place] = value - step
            slopes.append((above - loss()) / (2 * step))
            flat[place] = value
            weights.append(value)
    found = loss_gradient(model, lr, hr, functional.mse_loss)
    assert found.loss == pytest.approx(loss())
    assert found.norm == pytest.approx(sum(slope**2 for slope in slopes) ** 0.5, rel=1e-6)
    products = [abs(w * slope) for w, slope in zip(weights, slopes, strict=True)]
    assert found.snip == pytest.approx(sum(products), rel=1e-6)


def test_weights_without_gradient_count_as_none() -> None:
    model = LinearNetwork()
    lr, hr = torch.rand(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    before = loss_gradient(model, lr, hr, functional.mse_loss)
    model.register_parameter("unused", nn.Parameter(torch.ones(5)))
    assert loss_gradient(model, lr, hr, functional.mse_loss) == before
    assert before.norm > 0
