"""`workbench table`: the trials of studies as Parquet files with a data card."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.execution_options import DeviceOption
from workbench.cli.help import EXECUTION, OUTPUT, WHAT
from workbench.cli.option_values import size_px, typed_options
from workbench.cli.options import JsonOption, StoreOption
from workbench.cli.proxy_options import CropsOption, proxy_spec
from workbench.errors import ConfigError
from workbench.experiments.defaults import DEFAULT_STORE

if TYPE_CHECKING:
    from workbench.experiments.table import LatencySpec

StudiesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="STUDY",
        help="Names of studies or searches; none to change the table that is there.",
    ),
]
OutOption = Annotated[
    Path,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="Folder of the table; absent, empty, or with a table, which then grows.",
        rich_help_panel=OUTPUT,
    ),
]
SpaceOption = Annotated[
    str | None,
    typer.Option(
        "--space",
        metavar="SPACE",
        help="Search space of its networks, such as mdrn-bench; known of searches and samples.",
        rich_help_panel=WHAT,
    ),
]
LicenceOption = Annotated[
    str,
    typer.Option(
        "--licence",
        metavar="TEXT",
        help="Licence of the images, for the data card.",
        rich_help_panel=OUTPUT,
    ),
]
LatencyOption = Annotated[
    bool,
    typer.Option(
        "--latency",
        help="Also measure how long one image takes each network here.",
        rich_help_panel=WHAT,
    ),
]
ProxiesOption = Annotated[
    bool,
    typer.Option(
        "--proxies",
        help="Also compute proxies of the networks' initial weights, which need no training.",
        rich_help_panel=WHAT,
    ),
]
TimeSizeOption = Annotated[
    str,
    typer.Option(
        "--time-size",
        metavar="WxH",
        help="With --latency: LR size in px of the image.",
        rich_help_panel=EXECUTION,
    ),
]
RoundsOption = Annotated[
    int,
    typer.Option(
        "--rounds",
        metavar="N",
        min=1,
        max=100_000,
        help="With --latency: timed runs of each network.",
        rich_help_panel=EXECUTION,
    ),
]


def table(
    context: typer.Context,
    out: OutOption,
    studies: StudiesArgument = None,
    space: SpaceOption = None,
    latency: LatencyOption = False,
    time_size: TimeSizeOption = "128x128",
    rounds: RoundsOption = 9,
    device: DeviceOption = "cpu",
    proxies: ProxiesOption = False,
    data: CropsOption = None,
    licence: LicenceOption = "",
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Write the finished trials of studies as a table to publish: Parquet files with a data card.

    It holds trials, learning curves, scores of each image, costs, latencies and proxies, and
    nothing of this machine but its hardware. A table that is there grows by the trials that it
    does not have.

    Example:
        workbench table no-lvar-vs-mdrn-s_smoke_embedded --out table --latency
    """
    # pyarrow, which --help does not need
    from workbench.cli.bars import bar_without_thread
    from workbench.cli.console import print_json
    from workbench.cli.table_report import print_table, to_dict
    from workbench.cli.terminal import emit
    from workbench.experiments.table import TableSpec, make_table

    if not latency:
        _refuse_timing(context)
    timing = _latency(time_size, rounds, device) if latency else None
    wanted = proxy_spec(data, wanted=proxies)
    spec = TableSpec(studies or (), licence, space, timing, wanted)
    with bar_without_thread(emit) as on_bar:
        written = make_table(spec, store, out, on_bar)
    if as_json:
        print_json(to_dict(written))
    else:
        print_table(written, out)


def _latency(time_size: str, rounds: int, device: str) -> "LatencySpec":
    from workbench.experiments.table import LatencySpec

    width, height = size_px("--time-size", time_size)
    return LatencySpec(width, height, rounds, device)


def _refuse_timing(context: typer.Context) -> None:
    """Refuse options that say how to time networks when none is timed.

    Raises:
        ConfigError: Naming the option.
    """
    given = typed_options(context)
    for name in ("time_size", "rounds", "device"):
        if name in given:
            raise ConfigError(f"{given[name]} needs --latency")
