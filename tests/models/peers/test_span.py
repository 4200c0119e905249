"""The baseline of the challenge against its published figures, and against spandrel's SPAN."""

import torch
from spandrel.architectures.SPAN import SPAN as PublishedSPAN  # noqa: N811
from torch import Tensor

from workbench.models.fvcore_counter import fvcore_flops
from workbench.models.peers.span import SPAN


def test_the_baseline_has_the_published_parameters_and_flops() -> None:
    network = SPAN()
    parameters = sum(p.numel() for p in network.parameters())
    assert round(parameters / 1e6, 3) == 0.151
    assert round(fvcore_flops(network, 256, 256) / 1e9, 2) == 9.83


def merged(published: torch.nn.Module) -> dict[str, Tensor]:
    """Return the merged convolutions of the published network under our names."""
    names = {"conv_1": "shallow", "conv_2": "smooth"}
    places = {"c1_r": "first", "c2_r": "second", "c3_r": "third"}
    names |= {
        f"block_{n + 1}.{theirs}": f"blocks.{n}.{ours}"
        for n in range(6)
        for theirs, ours in places.items()
    }
    names = {f"{theirs}.eval_conv": ours for theirs, ours in names.items()}
    names |= {"conv_cat": "fusion", "upsampler.0": "upsampler.0"}
    state = published.state_dict()
    return {
        f"{ours}.{kind}": state[f"{theirs}.{kind}"]
        for theirs, ours in names.items()
        for kind in ("weight", "bias")
    }


def test_the_same_weights_give_the_output_of_the_published_code() -> None:
    torch.manual_seed(0)
    published = PublishedSPAN(
        num_in_ch=3, num_out_ch=3, feature_channels=28, upscale=4, img_range=1.0
    ).eval()
    image = torch.rand(1, 3, 20, 24)
    with torch.no_grad():
        expected = published(image)  # merges its convolutions
        ours = SPAN()
        ours.load_state_dict(merged(published))
        torch.testing.assert_close(ours(image), expected)
        assert expected.std() > 1e-3
