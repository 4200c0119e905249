"""`workbench reproduce`: a published table, computed again from the published weights."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from workbench.cli.options import DeviceOption, JsonOption, ThreadsOption
from workbench.errors import ConfigError


def reproduce(
    table: Annotated[
        Literal["table1"],
        typer.Argument(metavar="TABLE", help="table1: Table 1 of the MDRN factsheet."),
    ],
    reference: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Published weights, there or in a folder `weights`."),
    ],
    benchmarks: Annotated[
        Path, typer.Option(metavar="DIR", help="Set5, Set14, Urban100, BSDS100, Manga109.")
    ],
    threads: ThreadsOption = 1,
    device: DeviceOption = "cpu",
    as_json: JsonOption = False,
) -> None:
    """Compute a published table again and print it cell by cell beside the printed one.

    What cannot be computed because weights or images are not there is named.
    """
    for option, folder in (("--reference", reference), ("--benchmarks", benchmarks)):
        if not folder.is_dir():
            raise ConfigError(f"{option}: {folder} is no folder")
    assert table == "table1"
    from workbench.cli.reproduce_steps import print_table1, reproduce_table1

    rows = reproduce_table1(reference, benchmarks, device, threads)
    print_table1(rows, as_json=as_json)
