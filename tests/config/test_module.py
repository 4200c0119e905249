"""Modules of the user's own in configs: what is read of their source, and what a key holds."""

import re
from pathlib import Path

import pytest

from tests.builders.own_modules import GATE, NET, change, write_modules
from workbench.config import sources
from workbench.config.attention import EccaConfig
from workbench.config.module import ModuleConfig, source_of
from workbench.config.network import named_network
from workbench.config.overrides import apply_overrides, value_at
from workbench.config.presets import PRESETS, RECIPES
from workbench.config.sources import find_source
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.store.keys import model_hash

BASE = TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(write_modules(tmp_path))
    return tmp_path


def package(folder: Path) -> None:
    """Write a package whose class needs three of its four modules, one of them through another."""
    for name, text in {
        "__init__.py": "",
        "nets/__init__.py": "from .net import Net\n",
        "nets/net.py": "import torch\nfrom ..layers import up\nclass Net: pass\n",
        "layers.py": "def up():\n    from own import late\n",
        "late.py": "",
        "apart.py": "",
    }.items():
        (folder / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "own" / name).write_text(text)


def test_a_source_is_what_the_class_imports_from_its_own_folder(folder: Path) -> None:
    package(folder)
    assert set(find_source("own.nets:Net").files) == {
        *("own/__init__.py", "own/nets/__init__.py", "own/nets/net.py"),
        *("own/layers.py", "own/late.py"),
    }
    assert set(find_source("my_nets:Net").files) == {"my_nets.py", "my_parts.py"}


def test_a_config_survives_being_written_and_read(folder: Path) -> None:
    given = {"width": 8, "nested": {"a": [1, 2.5, None, "x", True]}}
    config = apply_overrides(BASE, {"model": NET | {"arguments": given}})
    assert TrialConfig.parse(config.plain()) == config
    read = TrialConfig.model_validate_json(config.model_dump_json(), strict=False)
    assert read == config
    assert hash(read) == hash(config)
    assert isinstance(read.model, ModuleConfig)
    assert read.model.arguments.keywords() == given


def test_arguments_and_parts_are_overridden_by_dotted_keys(folder: Path) -> None:
    net = apply_overrides(BASE, {"model": NET})
    wider = apply_overrides(net, {"model.arguments.width": 12})
    assert isinstance(wider.model, ModuleConfig)
    assert wider.model.arguments.keywords() == {"width": 12}
    gate = apply_overrides(BASE, {"model.spatial_attention": GATE})
    hidden = apply_overrides(gate, {"model.spatial_attention.arguments.hidden": 3})
    assert value_at(net.plain(), "model.arguments.width") is None
    assert value_at(wider.plain(), "model.arguments.width") == 12
    assert len({model_hash(one.model) for one in (BASE, net, wider, gate, hidden)}) == 5
    back = apply_overrides(gate, {"model.spatial_attention": "mdsa"})
    assert back.mdrn.channel_attention == EccaConfig()
    with pytest.raises(ConfigError, match=r"my_nets:Net"):
        assert net.mdrn


def test_a_changed_line_is_another_network_unless_the_class_states_a_version(folder: Path) -> None:
    before = apply_overrides(BASE, {"model": NET})
    change(folder / "my_parts.py", "48", "3 * 16")
    after = apply_overrides(BASE, {"model": NET})
    assert model_hash(before.model) != model_hash(after.model)
    # What was read stays what it was, whatever is overridden, but for the class itself.
    assert (
        apply_overrides(before, {"model.arguments.width": 6}).model.canonical()["own"][-1]
        == (before.model.canonical()["own"][-1])
    )
    change(folder / "my_nets.py", "    def __init__", '    __version__ = "2"\n\n    def __init__')
    stated = apply_overrides(BASE, {"model": NET})
    change(folder / "my_parts.py", "3 * 16", "2 * 24")
    assert model_hash(apply_overrides(BASE, {"model": NET}).model) == model_hash(stated.model)
    assert stated.model != apply_overrides(BASE, {"model": NET}).model


def test_another_class_is_another_source(folder: Path) -> None:
    net = apply_overrides(BASE, {"model": NET})
    other = apply_overrides(net, {"model.path": "my_attention:Gate"})
    assert isinstance(other.model, ModuleConfig)
    assert other.model.mark.digest == find_source("my_attention:Gate").digest


def test_code_that_has_changed_since_a_config_was_made_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ModuleConfig.parse(NET)
    change(folder / "my_parts.py", "48", "3 * 16")
    assert "48" in source_of(config).files["my_parts.py"]  # this process has seen it
    monkeypatch.setattr(sources, "_KNOWN", {})
    with pytest.raises(ConfigError, match="my_nets:Net: its code is not that which this network"):
        source_of(config)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"path": "my_nets:Nett"}, "model: my_nets.py has no 'Nett'; did you mean 'Net'?"),
        ({"path": "my_nets"}, "model.path: must be package.module:Class, got 'my_nets'"),
        ({"path": "./my/nets.py:Net"}, "got './my/nets.py:Net'; did you mean 'my.nets:Net'?"),
        ({"path": "no_nets:Net"}, "model: there is no module 'no_nets' of Python files in"),
        ({"path": "my_nets.deep:Net"}, "model: there is no module 'my_nets.deep' in"),
        ({"path": "broken:Net"}, "broken.py:2: no Python code: "),
        ({"path": "workbench.models.network:MDRN"}, "must not be part of the workbench"),
        ({"kind": "modul"}, "model: unknown name 'modul'; did you mean 'module'?"),
        ({"widht": 3}, "model.widht: unknown key; valid: "),
        ({"scale": 5}, "model.scale: "),
        ({"arguments": {"a b": 1}}, "model.arguments: must be names of Python arguments"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    folder: Path, change: dict[str, object], text: str
) -> None:
    (folder / "broken.py").write_text("x = 1\nclass Net(:\n")
    with pytest.raises(ConfigError, match=re.escape(text)) as refusal:
        apply_overrides(BASE, {"model": NET | change})
    assert "\n" not in str(refusal.value)


def test_a_network_of_ones_own_has_a_short_form(folder: Path) -> None:
    assert named_network("my_nets:Net") == ModuleConfig.parse(NET)
    assert named_network("tiny") == PRESETS["tiny"]
    with pytest.raises(ConfigError, match=r"my_nets\.py has no 'Nott'"):
        named_network("my_nets:Nott")
