"""How long a training step and an image take, beside what a device's memory allows."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch
from torch import nn

from workbench.config.network import Network
from workbench.errors import WorkbenchError
from workbench.evaluation.devices import DTYPES, inference_on, place_network
from workbench.evaluation.graphs import GraphedNetwork
from workbench.evaluation.latency import Latency, Timing, measure_runs, noise
from workbench.evaluation.peak_memory import PeakMemory
from workbench.evaluation.roofline import copy_bandwidth, least_bytes
from workbench.evaluation.running import inference
from workbench.experiments.bench_lanes import Lanes, noise_images
from workbench.experiments.bench_result import Bench, BenchRow, Work
from workbench.experiments.bench_spec import BenchSpec, check_bench
from workbench.experiments.inspection import open_networks
from workbench.models.complexity import count_network
from workbench.models.foreign import Foreign
from workbench.models.memory import is_out_of_memory
from workbench.models.opening import OpenedNetwork, open_foreign
from workbench.models.own_code import code_of, own_code, own_code_run
from workbench.system.events import Emit, Note, counting, ignore
from workbench.training.device import prepare
from workbench.trial.environment import describe_hardware

_WARM_UP = 2


def open_for_bench(
    configs: Mapping[str, Network],
    paths: Sequence[Path],
    foreign: Foreign | None = None,
    emit: Emit = ignore,
) -> dict[str, OpenedNetwork]:
    """Build configs with random weights, open weights files, and import a network of the user's.

    Args:
        configs: By the names that tables show.
        paths: Weights files.
        foreign: Comes last, with the weights of its constructor.
        emit: Gets notes for foreign code.

    Raises:
        CheckpointError: Naming the file that cannot be used.
        ForeignCodeError: If the user's code cannot be imported, built or run.
    """
    networks = open_networks(configs, paths)
    if foreign is not None:
        emit(Note(f"foreign code: {foreign.arch} is imported and run"))
        network, file = open_foreign(foreign, None)
        emit(Note(f"foreign code: {foreign.arch} came from {file}"))
        name = network.name if network.name not in networks else foreign.arch
        networks[name] = network
    return networks


def bench_networks(
    networks: Mapping[str, OpenedNetwork], spec: BenchSpec, emit: Emit = ignore
) -> Bench:
    """Time networks in turn, round by round.

    Args:
        networks: By name, at least one; the others are compared with the last one.
        spec: What is timed, and where.
        emit: Gets the rounds, and a note for a network that cannot be counted.

    Raises:
        ConfigError: For what cannot be timed; see `check_bench`.
        WorkbenchError: If the device's memory does not suffice.
        ForeignCodeError: If foreign code cannot be run.
    """
    device = check_bench(spec, networks)
    rows: list[BenchRow] = []
    try:
        # What trains sets TF32 for itself.
        with inference_on(device, spec.threads, "fp32"):
            prepare(device.type, spec.threads)
            bandwidth = copy_bandwidth(device, spec.clock)
            if spec.training is not None:
                rows += _training_rows(networks, spec, device, emit)
        with inference_on(device, spec.threads, spec.precision):
            if spec.lr_size is not None:
                rows += _inference_rows(networks, spec, device, emit)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise WorkbenchError(
            f"the memory of {spec.device} does not suffice for {len(networks)} networks; "
            "use fewer networks or --lanes, or a smaller --batch, --patch or --size"
        ) from error
    hardware = describe_hardware(spec.device)
    return Bench(spec, hardware, str(torch.__version__), bandwidth, tuple(rows))


def _training_rows(
    networks: Mapping[str, OpenedNetwork], spec: BenchSpec, device: torch.device, emit: Emit
) -> list[BenchRow]:
    assert spec.training is not None
    work, recipe = spec.training, spec.recipe()
    with ExitStack() as stack:
        stores = {
            scale: stack.enter_context(noise_images(scale, work.hr_patch_px))
            for scale in {network.scale for network in networks.values()}
        }
        built: dict[str, Lanes] = {}
        peaks: dict[str, int | None] = {}
        for name, network in networks.items():
            watched = PeakMemory(device)
            images = stores[network.scale]
            with own_code(code_of(network.module), "trained"):
                built[name] = Lanes(network.module, recipe, images, device, work.lanes)
                stack.callback(built[name].close)
                built[name].run_together()
            peaks[name] = watched.most_bytes()
        ways: dict[Work, Callable[[Lanes], None]] = {"training": Lanes.run_together}
        if work.lanes > 1:
            ways["training in turn"] = Lanes.run_in_turn
        runs = {
            f"{name}, {way}": own_code_run(
                code_of(network.module), "trained", partial(run, built[name])
            )
            for way, run in ways.items()
            for name, network in networks.items()
        }
        times = _measured(runs, spec, device, emit)
        return [
            BenchRow(
                network=name,
                work=way,
                form="graph" if built[name].is_graphed else "eager",
                time=times[f"{name}, {way}"].divided(work.lanes * built[name].steps),
                images=work.batch,
                peak_bytes=peaks[name],
                least_bytes=_traffic(name, networks[name], spec, emit, is_training=True),
            )
            for way in ways
            for name in networks
        ]


def _inference_rows(
    networks: Mapping[str, OpenedNetwork], spec: BenchSpec, device: torch.device, emit: Emit
) -> list[BenchRow]:
    assert spec.lr_size is not None
    width, height = spec.lr_size
    image = noise(height, width).to(device)
    fused = spec.resolved_kernels() == "fused"
    peaks: dict[str, int | None] = {}
    placed: dict[str, nn.Module] = {}
    runs: dict[str, Callable[[], object]] = {}
    with ExitStack() as stack:
        for name, network in networks.items():
            watched = PeakMemory(device)
            code = code_of(network.module)
            with own_code(code, "prepared for inference"):
                one = place_network(network.module, device, spec.precision, fused=fused)
                placed[name] = one
                stack.enter_context(inference(one))
            run = own_code_run(code, "timed", partial(one, image))
            runs[f"{name}, inference"] = run
            for _ in range(_WARM_UP):
                run()
            peaks[name] = watched.most_bytes()
        times = _measured(runs, spec, device, emit)
    return [
        BenchRow(
            network=name,
            work="inference",
            form="graph" if _is_graphed(placed[name]) else "eager",
            time=times[f"{name}, inference"],
            images=1,
            peak_bytes=peaks[name],
            least_bytes=_traffic(name, network, spec, emit, is_training=False),
        )
        for name, network in networks.items()
    ]


def _measured(
    runs: Mapping[str, Callable[[], object]], spec: BenchSpec, device: torch.device, emit: Emit
) -> dict[str, Latency]:
    with counting(emit, "timing") as advance:
        return measure_runs(runs, Timing(spec.rounds, _WARM_UP, spec.clock, device), advance)


def _traffic(
    name: str, network: OpenedNetwork, spec: BenchSpec, emit: Emit, *, is_training: bool
) -> int | None:
    """Return the least traffic of a network; foreign code may not be countable."""
    width, height = spec.lr_size or (0, 0)
    batch = 1
    if is_training:
        assert spec.training is not None
        width = height = spec.training.hr_patch_px // network.scale
        batch = spec.training.batch
    try:
        cost = count_network(network.module, height, width).cost
    except WorkbenchError as error:
        emit(Note(f"{name}: its traffic cannot be counted ({error})"))
        return None
    return least_bytes(cost, batch, DTYPES[spec.precision].itemsize, is_training=is_training)


def _is_graphed(network: nn.Module) -> bool:
    return isinstance(network, GraphedNetwork) and bool(network.sizes())
