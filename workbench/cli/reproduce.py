"""`workbench reproduce`: a published table, computed again from the published weights."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.execution_options import DeviceOption, ThreadsOption
from workbench.cli.help import IMAGES, WHAT
from workbench.cli.options import JsonOption
from workbench.errors import ConfigError

ReferenceOption = Annotated[
    Path,
    typer.Option(
        "--reference",
        metavar="FOLDER",
        help="Published weights, there or in its folder `weights`.",
        rich_help_panel=WHAT,
    ),
]
BenchmarksOption = Annotated[
    Path,
    typer.Option(
        "--benchmarks",
        metavar="FOLDER",
        help="Folder with Set5, Set14, Urban100, BSDS100 and Manga109, or some of them.",
        rich_help_panel=IMAGES,
    ),
]


def reproduce(
    table: Annotated[
        Literal["table1"],
        typer.Argument(metavar="TABLE", help="table1: Table 1 of the MDRN factsheet."),
    ],
    reference: ReferenceOption,
    benchmarks: BenchmarksOption,
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
    as_json: JsonOption = False,
) -> None:
    """Compute a published table again and print it cell by cell beside the printed one.

    What cannot be computed because weights or images are missing is named.

    Example:
        workbench reproduce table1 --reference reference --benchmarks benchmarks
    """
    for option, folder in (("--reference", reference), ("--benchmarks", benchmarks)):
        if not folder.is_dir():
            raise ConfigError(f"{option}: {folder} is no folder")
    assert table == "table1"
    # torch, which --help does not need
    from workbench.cli.reproduce_table import print_table1
    from workbench.cli.terminal import emit
    from workbench.experiments.reproduction import reproduce_table1

    rows = reproduce_table1(reference, benchmarks, device, threads, emit)
    print_table1(rows, as_json=as_json)
