"""What modules of one's own raise is one line, wherever they are called."""

from pathlib import Path

import pytest
import torch

from workbench.config.module import ModuleConfig
from workbench.config.presets import PRESETS
from workbench.errors import ForeignCodeError
from workbench.models.checkpoints import load_network, save_weights
from workbench.models.factory import build_model
from workbench.models.opening import built_network
from workbench.models.own_code import own_code, own_code_run
from workbench.models.probing import probe

ODD = """
import os
from torch import nn


def fail_at(place):
    if os.environ.get("ODD") == place:
        raise LookupError("no such entry")


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 48, 1)

    def train(self, mode=True):
        fail_at("train")
        return super().train(mode)

    def state_dict(self, *args, **kwargs):
        fail_at("state_dict")
        return super().state_dict(*args, **kwargs)

    def forward(self, lr):
        return nn.functional.pixel_shuffle(self.conv(lr), 4)
"""
SAID = r"LookupError: no such entry \(odd_nets\.py:8\)"


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleConfig:
    (tmp_path / "odd_nets.py").write_text(ODD)
    monkeypatch.chdir(tmp_path)
    return ModuleConfig(path="odd_nets:Net")


def test_a_network_that_fails_while_it_is_opened_or_checked_is_named(
    net: ModuleConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = Path("w.safetensors")
    save_weights(weights, net, build_model(net, seed=1).state_dict())
    monkeypatch.setenv("ODD", "train")
    with pytest.raises(ForeignCodeError, match=f"odd_nets:Net cannot be put into .*: {SAID}"):
        built_network("odd", net)
    monkeypatch.setenv("ODD", "state_dict")
    with pytest.raises(ForeignCodeError, match=f"odd_nets:Net cannot be given its .*: {SAID}"):
        load_network(weights)
    with pytest.raises(ForeignCodeError, match=f"odd_nets:Net cannot be checked: {SAID}"):
        probe(net)


def test_the_end_of_the_process_is_an_error_of_the_network(net: ModuleConfig) -> None:
    with (
        pytest.raises(ForeignCodeError, match="odd_nets:Net cannot be timed: SystemExit: 3"),
        own_code(net, "timed"),
    ):
        raise SystemExit(3)
    with pytest.raises(SystemExit, match="3"), own_code(PRESETS["tiny"], "timed"):
        raise SystemExit(3)


def test_nothing_is_put_around_networks_of_ours(net: ModuleConfig) -> None:
    def run() -> object:
        raise LookupError("none")

    assert own_code_run(PRESETS["tiny"], "timed", run) is run
    guarded = own_code_run(net, "timed", run)
    with pytest.raises(ForeignCodeError, match="odd_nets:Net cannot be timed: LookupError: none"):
        guarded()
    assert own_code_run(net, "timed", lambda: torch.tensor(3))() == 3
