"""`workbench compare`: studies or single trials side by side, here and in MLflow."""

from typing import Annotated

import typer

from workbench.cli.options import DEFAULT_STORE, JsonOption, StoreOption, TrackingOption


def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="STUDY|TRIAL...",
            help="Studies; or trials, by first letters of their keys or by MLflow's ids.",
        ),
    ],
    store: StoreOption = DEFAULT_STORE,
    tracking_uri: TrackingOption = None,
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Port of `workbench ui` on 127.0.0.1.")
    ] = 5000,
    open_: Annotated[
        bool, typer.Option("--open", help="Open MLflow's comparison in the browser.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compare studies or trials, and give the address of MLflow's comparison of exactly these runs.

    A study is compared by the rules that it declared. Trials that differ in the seed alone are one
    network; the first network named is what the others are compared with.
    """
    from workbench.cli.compare_steps import View, show

    show(names, store, View(tracking_uri, port, opened=open_), as_json=as_json)
