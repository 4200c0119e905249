"""Single operations against their definitions."""

import pytest
import torch
from torch.nn import functional

from workbench.config.attention import Variance, pool_padding
from workbench.config.block import BlockConfig
from workbench.kernels.eager import contrast
from workbench.models.attention import LocalVariance
from workbench.models.layers import BSConv


def test_contrast_has_the_values_of_the_plain_standard_deviation() -> None:
    image = torch.randn(2, 5, 9, 7)
    image[0, 0] = 3.0
    image[0, 1] *= 1e-15
    plain = image.var(dim=(2, 3), correction=0, keepdim=True).sqrt()
    assert torch.equal(contrast(image), plain)


def test_contrast_has_finite_gradients_where_there_is_none() -> None:
    image = torch.full((1, 2, 4, 4), 0.7, requires_grad=True)
    contrast(image).sum().backward()
    assert image.grad is not None
    assert torch.equal(image.grad, torch.zeros_like(image))


def test_contrast_of_half_precision_does_not_underflow() -> None:
    image = (torch.randn(1, 1, 16, 16) * 1e-4).half()
    assert contrast(image).item() == pytest.approx(image.float().std(correction=0).item())


@pytest.mark.parametrize("level", [3, 5, 7, 9])
def test_local_variance_is_the_unbiased_variance_of_each_window(level: int) -> None:
    lvar = LocalVariance(level, 2, "local", BlockConfig())
    squeezed = torch.randn(1, 2, 40, 34)
    pad = pool_padding(level)
    padded = functional.pad(lvar.strided(squeezed), (pad,) * 4, mode="reflect")
    out = lvar(squeezed)
    for row, column in ((0, 0), (1, 2), (out.shape[2] - 1, out.shape[3] - 1)):
        window = padded[..., 3 * row : 3 * row + level, 3 * column : 3 * column + level].reshape(
            2, -1
        )
        assert out[0, :, row, column].tolist() == pytest.approx(
            window.var(dim=1, correction=1).tolist(), rel=1e-4
        )


@pytest.mark.parametrize(("variance", "shape"), [("local", (1, 2, 3, 4)), ("global", (1, 2, 1, 1))])
def test_variance_has_the_size_of_the_pooled_map_or_of_one_pixel(
    variance: Variance, shape: tuple[int, ...]
) -> None:
    lvar = LocalVariance(7, 2, variance, BlockConfig())
    assert lvar(torch.randn(1, 2, 22, 28)).shape == shape


def test_bsconv_mirrors_the_border() -> None:
    conv = BSConv(1, 1, stride=1, padding="reflect", bias=False)
    with torch.no_grad():
        conv.pointwise.weight.fill_(1)
        conv.depthwise.weight.fill_(1)
        assert conv.depthwise.bias is not None
        conv.depthwise.bias.zero_()
        out = conv(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]]))
    # Mirrored, the row above the first is the second: 4 + 3 + 4, 2 + 1 + 2, 4 + 3 + 4.
    assert out[0, 0, 0, 0].item() == 27
