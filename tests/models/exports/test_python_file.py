"""Networks as one file of Python: the same output in a process without the workbench."""

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from tests.builders.exports import built, small, small_config
from workbench.ablation.variant import find_variants
from workbench.config.attention import TimmAttentionName
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.errors import ExportError
from workbench.models.exports import python_file as writing
from workbench.models.exports.python_file import python_file
from workbench.models.foreign import Adapted
from workbench.models.peers.mobilesr import MobileSR
from workbench.system.global_state import random_streams_kept

SCRIPT = """
import importlib.util, sys
sys.path.append(sys.argv[1])  # PyTorch's folder, whose .pth files are not read
sys.modules |= dict.fromkeys(["workbench", "timm"])  # an import of them fails
from pathlib import Path
import torch
torch.set_num_threads(int(sys.argv[3]))
for path in sorted(Path(sys.argv[2]).glob("*.py")):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.Network()
    known = torch.load(path.with_suffix(".pth"))
    network.load_state_dict(known["state"], strict=True)
    with torch.inference_mode():
        same = torch.equal(network.eval()(known["lr"]), known["hr"])
    print(path.stem, same)
"""


def every_variant() -> dict[str, ModelConfig]:
    """Return a small network of each variant."""
    base = TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"])
    shipped = {variant.name: variant.apply(base).mdrn for variant in find_variants(["all"])}
    return {name: apply_overrides(config, {"blocks": 1}) for name, config in shipped.items()}


@random_streams_kept()
def written(folder: Path, name: str, network: nn.Module) -> str:
    """Write a network's file, its weights, and an image with its output; return the file."""
    smallest = getattr(network, "smallest_lr_px", 1)
    opened = replace(small("imdn"), name=name, module=network.eval(), smallest_lr_px=smallest)
    text = python_file(opened, "Network", name)
    image = torch.rand(2, 3, 31, 26)
    with torch.inference_mode():
        known = {"state": network.state_dict(), "lr": image, "hr": network(image)}
    torch.save(known, folder / f"{name}.pth")
    (folder / f"{name}.py").write_text(text)
    return text


def test_every_preset_and_variant_runs_without_the_workbench_to_the_bit(tmp_path: Path) -> None:
    configs = {name: small_config(name) for name in PRESETS} | every_variant()
    for name in get_args(TimmAttentionName):
        configs[f"timm-{name}"] = small_config("imdn", channel_attention={"kind": name})
    networks: dict[str, nn.Module] = {name: built(one).module for name, one in configs.items()}
    networks["mobilesr"] = MobileSR()
    for name, network in networks.items():
        text = written(tmp_path, name, network)
        ast.parse(text, feature_version=(3, 9))  # the challenge's Python
        assert "workbench" not in text.partition('"""\n\n')[2]
    site = Path(torch.__file__).parents[1]
    argv = [str(site), str(tmp_path), str(torch.get_num_threads())]
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", SCRIPT, *argv], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    same = dict(line.split() for line in run.stdout.splitlines())
    assert same == dict.fromkeys(networks, "True")


def test_what_the_config_decides_is_not_in_the_file(tmp_path: Path) -> None:
    text = written(tmp_path, "mdrn-s", built(small_config("mdrn-s")).module)
    assert "config" not in text
    assert "out = self.spatial_attention(out, add_input=True)" in text
    assert "raise ValueError(f'the input is {width} x {height} px; this network needs" in text
    assert "Apache" not in text
    config = small_config("imdn", channel_attention={"kind": "eca"})
    assert "from timm (Apache-2.0 licence)" in written(tmp_path, "eca", built(config).module)


class Remembering(nn.Module):
    """Adds something that is neither a number nor a tensor of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.added = [torch.ones(1)]

    def forward(self, lr: Tensor) -> Tensor:
        return lr + self.added[0]


def test_networks_that_no_file_can_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = small("imdn")
    foreign = replace(network, module=Adapted(Remembering(), "mine:Net", 1))
    with pytest.raises(ExportError, match=r"^mine:Net has code of its own: only networks of the"):
        python_file(foreign, "Network", "")
    monkeypatch.setattr(Remembering, "__module__", "workbench.models.network")
    with pytest.raises(ExportError, match=r"^Remembering.added cannot be written$"):
        python_file(replace(network, module=Remembering()), "Network", "")


def test_a_file_with_another_output_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    real = writing.class_of
    monkeypatch.setattr(
        writing, "class_of", lambda text, name: real(text.replace("0.05", "0.06"), name)
    )
    with pytest.raises(ExportError, match=r"one file of Python: .* to the bit, differs by "):
        python_file(small("imdn"), "Network", "")
