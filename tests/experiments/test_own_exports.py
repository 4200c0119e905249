"""Networks of the user's own, written in formats that run without their code."""

from pathlib import Path

import pytest
import torch

from tests.builders.own_modules import GATE, change, write_counting, write_modules
from workbench.config.model import ModelConfig
from workbench.config.presets import PRESETS
from workbench.errors import ExportError
from workbench.experiments.model_export import FileFormat, export_file
from workbench.experiments.model_sources import SourceSpec, open_source
from workbench.experiments.ntire_folder import NtireEntry, export_ntire
from workbench.models.checkpoints import save_weights
from workbench.models.factory import build_model

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.*` is deprecated")


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_counting(write_modules(tmp_path)))


def test_a_network_becomes_torchscript_and_what_it_prints_no_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = open_source(SourceSpec(preset="counting:Net", seed=3), Path("s"))
    written = export_file(source, None, "torchscript")
    assert written.path == Path("Net.pt")
    image = torch.rand(1, 3, 9, 7)
    with torch.inference_mode():
        expected = source.network.module(image)
        capsys.readouterr()
        assert torch.equal(torch.jit.load(written.path)(image), expected)
    export_file(source, None, "torchscript", replace=True)
    assert capsys.readouterr().out == ""


def test_an_attention_becomes_onnx() -> None:
    config = ModelConfig.parse(PRESETS["tiny"].plain() | {"blocks": 1, "spatial_attention": GATE})
    weights = Path("gate.safetensors")
    save_weights(weights, config, build_model(config, seed=1).state_dict())
    written = export_file(open_source(SourceSpec(weights=weights), Path("s")), None, "onnx")
    assert written.largest_difference < 1e-4


def test_the_entry_of_a_challenge_is_refused() -> None:
    source = open_source(SourceSpec(preset="my_nets:Net"), Path("s"))
    with pytest.raises(ExportError, match="my_nets:Net has code of its own: only networks of"):
        export_ntire(source, None, NtireEntry())
    assert not list(Path().glob("*ntire*"))


@pytest.mark.parametrize("form", ["onnx", "torchscript"])
def test_what_a_network_raises_is_named_with_its_line(form: FileFormat, tmp_path: Path) -> None:
    change(tmp_path / "counting.py", 'print("a line from forward")', "raise SystemExit(3)")
    source = open_source(SourceSpec(preset="counting:Net"), Path("s"))
    with pytest.raises(ExportError, match=r"to .*: SystemExit: 3 \(counting\.py:17\)"):
        export_file(source, None, form)
