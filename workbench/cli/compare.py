"""`workbench compare`: studies or single trials side by side, here and in MLflow."""

from typing import Annotated

import typer

from workbench.cli.help import OUTPUT
from workbench.cli.options import JsonOption, StoreOption, TrackingOption
from workbench.cli.port import DEFAULT_PORT, PortOption
from workbench.errors import WorkbenchError
from workbench.experiments.defaults import DEFAULT_STORE

OpenOption = Annotated[
    bool,
    typer.Option("--open", help="Open MLflow's comparison in the browser.", rich_help_panel=OUTPUT),
]


def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="STUDY|TRIAL",
            help="Studies; or trials, by the first letters of their keys or by MLflow's run ids.",
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    tracking_uri: TrackingOption = None,
    port: PortOption = DEFAULT_PORT,
    open_: OpenOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compare studies or trials, and give the address of MLflow's comparison of exactly these runs.

    A study is compared by the rules that it declared. Trials that differ in the seed alone are one
    network; the first network named is what the others are compared with.

    Example:
        workbench compare no-lvar-vs-mdrn-s_smoke_embedded --open
    """
    # numpy, which --help does not need
    from workbench.cli.comparison_table import print_comparison
    from workbench.cli.console import OUT, heading, note, print_json
    from workbench.cli.terminal import emit
    from workbench.experiments.comparison import compare_named
    from workbench.experiments.mlflow_server import server_address
    from workbench.reporting.json_data import comparison_to_dict

    found = compare_named(names, store, tracking_uri, emit)
    server = server_address(tracking_uri, port)
    pages = {what: f"{server}/{page}" for what, page in found.pages.items()}
    if as_json:
        plain = {
            name: comparison_to_dict(comparison) for name, comparison in found.comparisons.items()
        }
        print_json({"comparisons": plain, "mlflow": pages})
    else:
        for name, comparison in found.comparisons.items():
            OUT.print(heading(name))
            print_comparison(comparison)
        for what, page in pages.items():
            OUT.print(f"{what}: {page}", soft_wrap=True)
    if not pages:
        note("MLflow has no runs of them; workbench ablate brings it up to date")
    elif open_:
        _open_page(next(iter(pages.values())), server)
    else:
        note(f"workbench ui serves these addresses at {server}")


def _open_page(address: str, server: str) -> None:
    """Open a page in the browser, if its server answers.

    Raises:
        WorkbenchError: If it does not answer, or there is no browser.
    """
    import webbrowser

    from workbench.experiments.mlflow_server import answers

    if not answers(server):
        raise WorkbenchError(f"no MLflow server answers at {server}; start it with workbench ui")
    if not webbrowser.open(address):
        raise WorkbenchError(f"there is no browser to open {address}")
