"""ONNX files give PyTorch's output in ONNX Runtime, or are not written."""

from functools import cache
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch

from tests.builders.exports import built, overflowing, small, small_config
from workbench.config.model import ModelConfig
from workbench.config.presets import PRESETS
from workbench.errors import ExportError
from workbench.models.exports import onnx_file as exporting
from workbench.models.exports.onnx_file import OPSET, check_libraries, onnx_file


def ran(content: bytes, image: torch.Tensor) -> torch.Tensor:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"lr": image.numpy()})
    return torch.from_numpy(output)


@cache
def exported(config: ModelConfig) -> tuple[bytes, float]:
    """Export a small network, once where two presets differ in their sizes only."""
    return onnx_file(built(config), {})


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_gives_the_output_of_pytorch_in_onnx_runtime(name: str) -> None:
    config = small_config(name)
    content, difference = exported(config)
    network = built(config)
    assert difference < 2e-6
    image = torch.rand(3, 3, 51, 26, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = network.module(image)
    assert torch.allclose(ran(content, image), expected, atol=2e-6)


def test_a_file_in_half_precision_takes_and_gives_half_and_says_what_it_is() -> None:
    network = small("imdn", channel_attention="cca")
    content, difference = onnx_file(network, {"scale": "4"}, "fp16")
    assert 0 < difference < 0.01
    output = ran(content, torch.rand(1, 3, 20, 31).half())
    assert (output.dtype, output.shape) == (torch.float16, (1, 3, 80, 124))
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", OPSET)]
    assert {one.key: one.value for one in model.metadata_props} == {"scale": "4"}
    sizes = model.graph.input[0].type.tensor_type.shape.dim
    assert [size.dim_param or size.dim_value for size in sizes] == ["batch", 3, "height", "width"]
    assert str(Path(exporting.__file__).parents[2]).encode() not in content


def test_values_beyond_the_range_of_half_precision_are_refused() -> None:
    network = overflowing()
    with torch.inference_mode():
        assert bool(torch.isfinite(network.module(torch.rand(1, 3, 33, 41))).all())
    with pytest.raises(
        ExportError,
        match=r"imdn in fp16 gives values that are infinite or not numbers at .* ends at 65,504",
    ):
        onnx_file(network, {}, "fp16")


def test_a_file_with_another_output_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    network = small("imdn")
    monkeypatch.setattr(exporting, "_exported", lambda *_: b"")
    monkeypatch.setattr(exporting, "_session", lambda *_: lambda image: network.module(image) + 0.1)
    with pytest.raises(ExportError, match=r"imdn as ONNX in fp32: .* differs by 0.1"):
        onnx_file(network, {})
    monkeypatch.setattr(exporting, "_session", lambda *_: lambda image: network.module(image)[1:])
    with pytest.raises(ExportError, match=r"at 1x1 px the output must have the shape"):
        onnx_file(network, {})


def test_what_a_library_raises_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_exported", lambda *_: b"no model")
    with pytest.raises(
        ExportError, match=r"^imdn as ONNX in fp32 cannot be opened by ONNX Runtime"
    ):
        onnx_file(small("imdn"), {})


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "LIBRARIES", ("onnx", "no_such_library"))
    with pytest.raises(ExportError, match=r"needs no_such_library: pip install .*\[onnx\]"):
        check_libraries()
