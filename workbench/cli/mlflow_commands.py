"""`workbench mlflow`: maintain MLflow's view of a store."""

import typer

from workbench.cli.help import PanelCommand
from workbench.cli.options import StoreOption
from workbench.experiments.defaults import DEFAULT_STORE

mlflow = typer.Typer(name="mlflow", rich_markup_mode=None, pretty_exceptions_enable=False)


@mlflow.callback()
def _group() -> None:
    """Maintain MLflow's view of a store."""


@mlflow.command(cls=PanelCommand)
def rebuild(store: StoreOption = DEFAULT_STORE) -> None:
    """Build MLflow's database and artifacts anew from the store; nothing is trained.

    The new view takes the place of the old one when it is complete. No study, search or server may
    use the store meanwhile. The ids of the runs change, and with them the addresses of comparisons.

    Example:
        workbench mlflow rebuild --store mlflow_runs
    """
    # numpy, which --help does not need
    from workbench.cli.console import OUT
    from workbench.cli.terminal import emit
    from workbench.experiments.mlflow_view import rebuild_view
    from workbench.system.text import counted
    from workbench.tracking.database import database_path

    shown = rebuild_view(store, emit)
    OUT.print(
        f"{database_path(store)}: rebuilt from {counted(shown.studies, 'study', 'studies')}, "
        f"{counted(shown.searches, 'search', 'searches')} "
        f"and {counted(shown.external, 'external checkpoint')}",
        soft_wrap=True,
    )
