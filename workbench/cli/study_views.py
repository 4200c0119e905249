"""What is made of a finished study besides its table: crops, and MLflow's runs of all seeds."""

from workbench.cli.ablate_steps import Place
from workbench.cli.console import note
from workbench.cli.display import bar
from workbench.reporting.crops import wanted
from workbench.studies.crops import render_crops
from workbench.studies.study import open_study
from workbench.studies.summaries import digest_of, summaries
from workbench.tracking.mlflow_tracker import MlflowTracker


def show_study(name: str, place: Place) -> None:
    """Draw the crops that its report shows, and bring MLflow's runs of all seeds up to date.

    Only what is missing is done.

    Raises:
        WorkbenchError: If the study cannot be read, or the store cannot be written.
    """
    opened = open_study(place.store, name)
    variants = [row.name for row in opened.comparison.rows]
    tracker = MlflowTracker(
        place.store, place.tracking_uri, on_warning=lambda text: note(f"warning: {text}")
    )
    try:
        with bar("drawing crops") as progress:
            drawn = render_crops(wanted(opened.comparison), opened.results, place.store, progress)
        if not drawn.drawn and tracker.knows_summary(name, variants, digest_of(opened)):
            return
        for reason in drawn.skipped:
            note(f"no crops of {reason}")
        for summary in summaries(opened, place.store):
            tracker.variant_judged(summary)
    finally:
        tracker.close()
