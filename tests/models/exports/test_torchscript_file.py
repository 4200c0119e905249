"""TorchScript files give PyTorch's output to the bit, or are not written."""

import io
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from tests.builders.exports import small
from workbench.config.presets import PRESETS
from workbench.errors import ExportError
from workbench.models.exports.torchscript_file import torchscript_file

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.*` is deprecated")


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_gives_the_output_of_pytorch_to_the_bit(name: str) -> None:
    network = small(name)
    extra: dict[str, str | bytes] = {"scale": ""}
    content = torchscript_file(network, {"scale": "4"})
    loaded = torch.jit.load(io.BytesIO(content), _extra_files=extra)
    image = torch.rand(2, 3, 29, 46, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.equal(loaded(image), network.module(image))
    assert extra["scale"] == b"4"


class Branching(nn.Module):
    """Computes something else for large images, which a trace does not notice."""

    def forward(self, lr: Tensor) -> Tensor:
        large = lr.repeat_interleave(2, 2).repeat_interleave(2, 3)
        return large if lr.shape[2] < 40 else large + 1


def test_a_trace_that_holds_for_one_size_only_is_refused() -> None:
    network = replace(small("imdn"), module=Branching().eval(), scale=2)
    with pytest.raises(ExportError, match=r"to the bit, differs by 1"):
        torchscript_file(network, {})
