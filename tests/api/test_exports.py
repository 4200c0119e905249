"""`wb.export_model`."""

from pathlib import Path

import onnxruntime
import pytest
import torch

import workbench as wb
from tests.builders.exports import overflowing, small_config
from workbench.errors import ExportError


def test_a_network_is_exported_and_left_as_it_is(tmp_path: Path) -> None:
    network = wb.build(small_config("imdn")).train()
    exported = wb.export_model(network, tmp_path / "a.onnx")
    assert network.training
    assert exported.path == tmp_path / "a.onnx"
    assert exported.metadata["scale"] == "4"
    image = torch.rand(1, 3, 9, 12)
    session = onnxruntime.InferenceSession(exported.path, providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"lr": image.numpy()})
    with torch.inference_mode():
        assert torch.allclose(torch.from_numpy(output), network.eval()(image), atol=2e-6)


def test_nothing_is_written_that_fails_its_check(tmp_path: Path) -> None:
    network = overflowing().module
    with pytest.raises(ExportError, match="infinite or not numbers"):
        wb.export_model(network, tmp_path / "a.onnx", precision="fp16")
    with pytest.raises(wb.WorkbenchError, match="unknown format 'onx'; did you mean 'onnx'"):
        wb.export_model(network, tmp_path / "a.onnx", "onx")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_network_becomes_a_challenge_entry(tmp_path: Path) -> None:
    entry = wb.export_ntire(wb.build(small_config("imdn")), tmp_path / "entry", team=3, name="A b")
    assert entry.path == tmp_path / "entry"
    assert (entry.path / "models" / "team03_A_b.py").is_file()
    with pytest.raises(wb.WorkbenchError, match=r"--team must lie in 0..99, got 100"):
        wb.export_ntire(wb.build("tiny"), tmp_path / "other", team=100)
