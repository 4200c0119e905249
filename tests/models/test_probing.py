"""What a network of the user's own must not do, told in one line before it is trained."""

import re
from pathlib import Path

import pytest

from tests.builders.own_modules import ATTENTION, NETS, PARTS
from workbench.config.model import ModelConfig
from workbench.config.module import ModuleConfig
from workbench.config.presets import PRESETS
from workbench.errors import ForeignCodeError
from workbench.models.complexity import cost_of
from workbench.models.probing import probe

HEAD = """
import torch
from torch import nn

UP = nn.functional.interpolate


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
"""

REFUSED = {
    "constructor": (
        "        raise KeyError('width')",
        "cannot be built with {}: KeyError: 'width'",
    ),
    "no parameters": (
        "        del self.conv\n    def forward(self, x): return UP(x, scale_factor=4)",
        "it has no parameter that can be trained",
    ),
    "lazy": (
        "        self.conv = nn.LazyConv2d(3, 3, padding=1)\n"
        "    def forward(self, x): return UP(self.conv(x), scale_factor=4)",
        "its parameter conv.weight has no shape before the first run",
    ),
    "float64": (
        "        self.double()\n"
        "    def forward(self, x): return UP(self.conv(x.double()), None, 4)",
        "its parameter conv.weight must be float32, got float64",
    ),
    "scale": (
        "    def forward(self, x): return UP(self.conv(x), scale_factor=2)",
        "must give an image of (2, 3, 64, 64), got (2, 3, 32, 32)",
    ),
    "channels": (
        "    def forward(self, x): return UP(self.conv(x)[:, :1], scale_factor=4)",
        "must give an image of (2, 3, 64, 64), got (2, 1, 64, 64)",
    ),
    "no tensor": ("    def forward(self, x): return [self.conv(x)]", "got list"),
    "dropout": (
        "    def forward(self, x):\n"
        "        return UP(nn.functional.dropout(self.conv(x), 0.5), scale_factor=4)",
        "it draws random numbers in forward",
    ),
    "a counter": (
        "        self.n = 0\n"
        "    def forward(self, x):\n"
        "        self.n += 1\n"
        "        return UP(self.conv(x), scale_factor=4) * self.n",
        "two passes from the same state differ",
    ),
    "a hidden buffer": (
        "        self.register_buffer('seen', torch.zeros(1), persistent=False)\n"
        "    def forward(self, x):\n"
        "        if self.training: self.seen.add_(1)\n"
        "        return UP(self.conv(x), scale_factor=4)",
        "it changes the buffer seen in forward, which is not persistent",
    ),
    "a complex buffer": (
        "        self.register_buffer('z', torch.zeros(1, dtype=torch.complex64))\n"
        "    def forward(self, x): return UP(self.conv(x), scale_factor=4)",
        "its buffer z must be a dense tensor of real numbers, got complex64",
    ),
    "NaN": (
        "    def forward(self, x): return UP(self.conv(x), scale_factor=4) * float('nan')",
        "it gives values that are infinite or not numbers",
    ),
    "a gradient of NaN": (
        "    def forward(self, x):\n"
        "        return UP(self.conv(x), scale_factor=4) + (self.conv.weight.sum() * 0).sqrt()",
        "the gradient of conv.weight is infinite or not a number",
    ),
    "sizes": (
        "    def forward(self, x):\n"
        "        return UP(self.conv(x).unflatten(2, (-1, 8)).flatten(2, 3), scale_factor=4)",
        "a network must take every height and width from min_lr_px (1) on",
    ),
    "its own weights": (
        "        self.call = lambda x: self.conv(x)\n"
        "    def forward(self, x): return UP(self.call(x), scale_factor=4)",
        "a copy of it",
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def net(folder: Path, body: str) -> ModuleConfig:
    (folder / "nets.py").write_text(HEAD + body)
    return ModuleConfig.parse({"path": "nets:Net"})


@pytest.mark.parametrize(("body", "text"), REFUSED.values(), ids=REFUSED)
def test_what_breaks_a_trial_is_refused_with_one_line(folder: Path, body: str, text: str) -> None:
    with pytest.raises(ForeignCodeError, match=re.escape(text)) as refusal:
        probe(net(folder, body))
    assert str(refusal.value).startswith("nets:Net")
    assert "\n" not in str(refusal.value)


def test_batch_normalisation_and_counters_in_the_state_dict_are_allowed(folder: Path) -> None:
    body = (
        "        self.norm = nn.BatchNorm2d(3)\n"
        "    def forward(self, x): return UP(self.norm(self.conv(x)), scale_factor=4)"
    )
    assert probe(net(folder, body)) == ()


def test_parameters_without_gradient_are_named(folder: Path) -> None:
    body = (
        "        self.unused = nn.Conv2d(3, 3, 1)\n"
        "    def forward(self, x): return UP(self.conv(x), scale_factor=4)"
    )
    assert probe(net(folder, body)) == (
        "nets:Net: 2 parameters get no gradient and keep their initial values: "
        "unused.weight, unused.bias",
    )


def test_an_attention_is_tried_in_its_network(folder: Path) -> None:
    (folder / "my_attention.py").write_text(ATTENTION)
    own = {"kind": "module", "path": "my_attention:Gate"}
    tiny = PRESETS["tiny"].plain()
    assert probe(ModelConfig.parse(tiny | {"spatial_attention": own})) == ()
    (folder / "my_attention.py").write_text(ATTENTION.replace("return x *", "return x[:, :3] *"))
    with pytest.raises(ForeignCodeError, match="my_attention:Gate cannot be run on an input"):
        probe(ModelConfig.parse(tiny | {"channel_attention": own}))


def test_an_attention_that_pytorch_expands_is_refused(folder: Path) -> None:
    (folder / "my_attention.py").write_text(
        ATTENTION.replace("return x *", "x = x[:, :, :1]; return x *")
    )
    own = {"kind": "module", "path": "my_attention:Gate"}
    text = "an input of (2, 8, 16, 16) must give (2, 8, 16, 16), got (2, 8, 1, 16)"
    with pytest.raises(ForeignCodeError, match=re.escape(text)):
        probe(ModelConfig.parse(PRESETS["tiny"].plain() | {"spatial_attention": own}))


def test_a_network_that_reads_values_is_counted_with_values(folder: Path) -> None:
    body = (
        "    def forward(self, x):\n"
        "        if x.mean() < 9: x = self.conv(x)\n"
        "        return UP(x, scale_factor=4)"
    )
    config = net(folder, body)
    assert probe(config) == ()
    assert cost_of(config).multiply_adds == 3 * 3 * 9 * 256**2


def test_what_cannot_be_counted_is_refused_before_it_is_trained(folder: Path) -> None:
    body = (
        "    def forward(self, x):\n"
        "        assert x.shape[2] < 200\n"
        "        return UP(self.conv(x), scale_factor=4)"
    )
    text = "nets:Net cannot be run on an input of 256 x 256 px: AssertionError"
    with pytest.raises(ForeignCodeError, match=re.escape(text)):
        probe(net(folder, body))


def test_a_network_in_two_files_is_whole(folder: Path) -> None:
    (folder / "my_nets.py").write_text(NETS)
    (folder / "my_parts.py").write_text(PARTS)
    assert probe(ModuleConfig.parse({"path": "my_nets:Net"})) == ()
