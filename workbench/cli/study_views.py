"""What is made of a finished study besides its table, shown in the terminal."""

from workbench.cli.terminal import emit
from workbench.experiments import study_views
from workbench.experiments.run_context import RunContext


def show_study(name: str, context: RunContext) -> None:
    """See `experiments.study_views.show_study`."""
    study_views.show_study(name, context, emit)
