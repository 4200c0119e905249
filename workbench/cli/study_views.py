"""What is made of a finished study besides its table: crops, and MLflow's runs of all seeds."""

from workbench.cli.ablate_steps import Place
from workbench.cli.console import note
from workbench.cli.display import bar
from workbench.cli.optional import optional, tracking
from workbench.experiments.crops import Rendered, render_crops
from workbench.experiments.study import OpenedStudy, open_study
from workbench.experiments.summaries import digest_of, summaries
from workbench.reporting.crops import wanted


def show_study(name: str, place: Place) -> None:
    """Draw the crops that its report shows, and bring MLflow's runs of all seeds up to date.

    Only what is missing is done. These are views: what fails is a warning.
    """
    with optional("pictures and MLflow's runs of all seeds"):
        opened = open_study(place.store, name)
        drawn = Rendered(0, ())
        with optional("drawing crops"), bar("drawing crops") as progress:
            drawn = render_crops(wanted(opened.comparison), opened.results, place.store, progress)
        with optional("MLflow's runs of all seeds"):
            _show_in_mlflow(opened, drawn, place)


def _show_in_mlflow(opened: OpenedStudy, drawn: Rendered, place: Place) -> None:
    variants = [row.name for row in opened.comparison.rows]
    with tracking(place.store, place.tracking_uri) as tracker:
        known = tracker.knows_summary(opened.study.study, variants, digest_of(opened))
        if known and not drawn.drawn:
            return
        for reason in drawn.skipped:
            note(f"no crops of {reason}")
        for summary in summaries(opened, place.store):
            tracker.variant_judged(summary)
