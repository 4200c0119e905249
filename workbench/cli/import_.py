"""`workbench import`: merge a study that `workbench export` wrote into the store."""

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import DEFAULT_STORE, StoreOption, TrackingOption


def import_(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="What `workbench export` has written.")
    ],
    store: StoreOption = DEFAULT_STORE,
    tracking_uri: TrackingOption = None,
) -> None:
    """Merge an exported study into the store, and show its trials in MLflow.

    Every file is checked first. What the store has already is kept as it is.
    """
    from workbench.cli.transfer_steps import bring_in

    bring_in(folder, store, tracking_uri)
