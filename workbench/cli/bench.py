"""`workbench bench`: how long training steps and inference of networks take, side by side."""

from workbench.cli.bench_options import (
    BatchOption,
    BenchArchOption,
    BenchLanesOption,
    BenchPrecisionOption,
    BenchRoundsOption,
    FigureOption,
    KernelsOption,
    OnlyOption,
    PatchOption,
    SizeOption,
    check_figure,
)
from workbench.cli.evaluate_options import (
    ArchArgsOption,
    InputRangeOption,
    arch_arguments,
    check_arch,
)
from workbench.cli.execution_options import DeviceOption, ThreadsOption
from workbench.cli.inspect_options import PresetsOption, WeightsOption
from workbench.cli.option_values import size_px
from workbench.cli.options import JsonOption
from workbench.config.network import named_network
from workbench.experiments.defaults import DEFAULT_BASE


def bench(
    presets: PresetsOption = None,
    weights: WeightsOption = None,
    arch: BenchArchOption = None,
    arch_args: ArchArgsOption = None,
    input_range: InputRangeOption = None,
    only: OnlyOption = None,
    batch: BatchOption = 4,
    patch: PatchOption = 96,
    size: SizeOption = "128x128",
    lanes: BenchLanesOption = 1,
    device: DeviceOption = "cpu",
    threads: ThreadsOption = 1,
    precision: BenchPrecisionOption = "fp32",
    kernels: KernelsOption = "auto",
    rounds: BenchRoundsOption = 9,
    figure: FigureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Time the training step and inference of networks, beside what a device's memory allows.

    Networks are timed in turn, round by round, and each is compared with the last one: presets come
    first, then weights, then --arch.

    Example:
        workbench bench --preset mdrn-s --preset bsrn --batch 8 --patch 192 --device cuda --lanes 8
    """
    image = size_px("--size", size)
    check_arch(arch, arch_args, input_range)
    arguments = arch_arguments(arch_args)
    check_figure(figure)
    found = presets or ([] if weights or arch else [DEFAULT_BASE])
    configs = {name: named_network(name) for name in found}
    # torch, which --help does not need
    from workbench.cli.bars import bar_without_thread
    from workbench.cli.bench_table import draw, print_bench
    from workbench.cli.console import print_json
    from workbench.cli.terminal import emit
    from workbench.experiments.bench import bench_networks, open_for_bench
    from workbench.experiments.bench_result import bench_to_dict
    from workbench.experiments.bench_spec import BenchSpec, TrainingWork
    from workbench.models.foreign import Foreign

    foreign = None if arch is None else Foreign(arch, arguments, input_range or 1)
    spec = BenchSpec(
        training=None if only == "inference" else TrainingWork(batch, patch, lanes),
        lr_size=None if only == "training" else image,
        device=device,
        threads=threads,
        precision=precision,
        kernels=kernels,
        rounds=rounds,
    )
    networks = open_for_bench(configs, weights or [], foreign, emit)
    with bar_without_thread(emit) as shown:
        done = bench_networks(networks, spec, shown)
    if as_json:
        print_json(bench_to_dict(done))
    else:
        print_bench(done)
    if figure is not None:
        draw(done, figure)
