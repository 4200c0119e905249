"""`workbench mlflow`: take care of MLflow's view of a store."""

import typer

from workbench.cli.options import DEFAULT_STORE, StoreOption

mlflow = typer.Typer(name="mlflow", add_completion=False)


@mlflow.callback()
def _group() -> None:
    """Take care of MLflow's view of a store."""


@mlflow.command()
def rebuild(store: StoreOption = DEFAULT_STORE) -> None:
    """Build MLflow's database and artifacts anew from the store; nothing is trained.

    The new view takes the place of the old one when it is complete. No study, search or server may
    use the store meanwhile. The ids of the runs change, and with them the addresses of comparisons.
    """
    from workbench.cli.mlflow_rebuild import rebuild_view

    rebuild_view(store)
