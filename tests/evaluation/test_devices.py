"""Devices by name, precision, and what is put back afterwards."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from workbench.config.evaluation import InferencePrecision
from workbench.config.presets import PRESETS
from workbench.errors import ConfigError, ForeignCodeError
from workbench.evaluation import devices
from workbench.evaluation.devices import HalfNetwork, inference_on, open_device, place_network
from workbench.evaluation.graphs import GraphedNetwork
from workbench.evaluation.running import NotFiniteError, inference
from workbench.kernels.eager import EAGER
from workbench.kernels.fused import FUSED
from workbench.models.factory import build_model
from workbench.models.foreign import Adapted
from workbench.models.operations import WithOperations

CPU = torch.device("cpu")
PRODUCTS: Any = torch.backends.cuda.matmul
CONVOLUTIONS: Any = torch.backends.cudnn.conv  # type: ignore[attr-defined]


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("name", "device"),
    [("cpu", CPU), *((f"cuda{tail}", torch.device("cuda", n)) for tail, n in [("", 0), (":1", 1)])],
)
def test_devices_have_names(name: str, device: torch.device) -> None:
    assert open_device(name) == device


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize("name", ["", "gpu", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:1:1"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^the device must be cpu, cuda or cuda:N, got '{name}'"):
        open_device(name)


@pytest.mark.usefixtures("two_gpus")
def test_a_device_beyond_the_last_one_is_refused() -> None:
    line = r"^this machine has 2 CUDA devices, numbered from 0; got 'cuda:2'$"
    with pytest.raises(ConfigError, match=line):
        open_device("cuda:2")


def test_cuda_is_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"^PyTorch sees no CUDA device .*got 'cuda:1'; use cpu$"):
        open_device("cuda:1")


@pytest.mark.parametrize("precision", ["tf32", "fp16"])
def test_a_cpu_computes_in_fp32_and_bf16_only(precision: InferencePrecision) -> None:
    line = f"^on a CPU the precision must be fp32 or bf16, got '{precision}'$"
    with pytest.raises(ConfigError, match=line):
        open_device("cpu", precision)
    assert open_device("cpu", "bf16") == CPU


@pytest.mark.parametrize(
    ("precision", "products"),
    [("fp32", "ieee"), ("tf32", "tf32"), ("bf16", "ieee"), ("fp16", "ieee")],
)
def test_tf32_is_on_for_tf32_only_and_put_back(
    precision: InferencePrecision, products: str
) -> None:
    before = torch.get_num_threads(), PRODUCTS.fp32_precision, CONVOLUTIONS.fp32_precision
    with inference_on(CPU, 2, precision):
        assert torch.get_num_threads() == 2
        assert PRODUCTS.fp32_precision == CONVOLUTIONS.fp32_precision == products
    with pytest.raises(ZeroDivisionError, match="division"), inference_on(CPU, 2, precision):
        _ = 1 / 0
    after = torch.get_num_threads(), PRODUCTS.fp32_precision, CONVOLUTIONS.fp32_precision
    assert after == before


@pytest.mark.parametrize(
    ("precision", "end"),
    [("bf16", "unusable$"), ("fp16", "unusable, or its values are beyond the 65,504 of fp16; try")],
)
def test_an_output_that_is_not_finite_may_be_the_fault_of_fp16(
    precision: InferencePrecision, end: str
) -> None:
    line = f"^a: the network gives values .*; its weights are {end}"
    with pytest.raises(NotFiniteError, match=line), inference_on(CPU, 1, precision):
        raise NotFiniteError.of("a")


@pytest.mark.parametrize("threads", [0, 1_025])
def test_threads_are_bounded(threads: int) -> None:
    line = rf"^threads must lie in 1\.\.1,024, got {threads}$"
    with pytest.raises(ConfigError, match=line), inference_on(CPU, threads, "fp32"):
        pass


class Convolution(nn.Module):
    """A network of one layer; notes the type of its input."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 48, 3, padding=1)
        self.seen: list[torch.dtype] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.dtype)
        return nn.functional.pixel_shuffle(self.layer(x), 4)


def test_in_fp32_a_network_is_itself() -> None:
    module = Convolution()
    assert place_network(module, CPU, "fp32") is module


def test_in_half_precision_a_copy_runs_and_the_output_is_float32() -> None:
    torch.manual_seed(0)
    module, image = Convolution(), torch.rand(1, 3, 6, 7)
    half = place_network(module, CPU, "bf16")
    with inference(half):
        out, expected = half(image), module(image)
    assert out.dtype == torch.float32
    assert half.module.seen == [torch.bfloat16]  # type: ignore[union-attr]
    assert 0 < (out - expected).abs().max() < 0.02
    assert module.layer.weight.dtype == torch.float32


def test_a_network_that_cannot_run_in_half_precision_is_one_line() -> None:
    class Stubborn(Convolution):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.float())

    line = r"^this network cannot run in bf16 \(RuntimeError: .*\); use --precision fp32$"
    with pytest.raises(ForeignCodeError, match=line):
        HalfNetwork(Stubborn(), "bf16")(torch.rand(1, 3, 6, 6))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_fused_kernels_compute_a_copy(
    precision: InferencePrecision, monkeypatch: pytest.MonkeyPatch
) -> None:
    def operations(module: nn.Module) -> set[object]:
        return {part.operations for part in module.modules() if isinstance(part, WithOperations)}

    module = build_model(PRESETS["tiny"], seed=0)
    assert operations(place_network(module, CPU, precision, fused=True)) == {EAGER}
    monkeypatch.setattr(devices, "fused_available", lambda _: True)
    assert operations(place_network(module, CPU, precision, fused=True)) == {FUSED}
    assert operations(module) == {EAGER}
    other = nn.Conv2d(3, 3, 1)
    assert place_network(other, CPU, "fp32", fused=True) is other


@pytest.mark.gpu
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("precision", ["fp32", "tf32", "bf16", "fp16"])
def test_a_network_on_cuda_runs_in_each_precision(
    precision: InferencePrecision, fused: bool
) -> None:
    network = build_model(PRESETS["tiny"], seed=0)
    image = torch.rand(1, 3, 40, 44)
    with inference(network):
        expected = network(image)
    device = open_device("cuda", precision)
    with inference_on(device, 1, precision):
        module = build_model(PRESETS["tiny"], seed=0)
        placed = place_network(module, device, precision, fused=fused)
        with inference(placed):
            outs = [placed(image.cuda()).cpu() for _ in range(3)]
    assert isinstance(placed, GraphedNetwork)
    assert len(placed.sizes()) == 1
    assert torch.equal(outs[0], outs[1])
    assert torch.equal(outs[0], outs[2])
    tolerance = {"fp32": 1e-5, "tf32": 5e-3, "bf16": 5e-2, "fp16": 1e-2}[precision]
    assert (outs[0] - expected).abs().max() < tolerance


@pytest.mark.gpu
def test_foreign_code_on_cuda_is_not_captured() -> None:
    placed = place_network(Adapted(Convolution(), "a:B", 1, 4), torch.device("cuda", 0), "fp32")
    assert isinstance(placed, Adapted)
