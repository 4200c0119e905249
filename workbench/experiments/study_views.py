"""What is made of a finished study besides its table: crops, and MLflow's runs of all seeds."""

from workbench.analysis.comparison import Comparison
from workbench.analysis.extreme_images import extreme_images
from workbench.experiments.crops import Rendered, render_crops
from workbench.experiments.run_context import RunContext
from workbench.experiments.study import OpenedStudy, open_study
from workbench.experiments.summaries import digest_of, summaries
from workbench.experiments.views import optional, tracking
from workbench.system.events import Emit, Note, counting, ignore


def show_study(
    name: str, context: RunContext, emit: Emit = ignore, comparison: Comparison | None = None
) -> None:
    """Draw the crops that its report shows, and bring MLflow's runs of all seeds up to date.

    Only what is missing is done. These are views: what fails is a caution.

    Args:
        name: Of the study.
        context: Whose store has it.
        emit: Gets progress, notes and cautions.
        comparison: Of the study as it is declared, if it was made already; None to compare.
    """
    with optional("pictures and MLflow's runs of all seeds", emit):
        opened = open_study(context.store, name, None, comparison)
        drawn = Rendered(0, ())
        with optional("drawing crops", emit), counting(emit, "drawing crops") as advance:
            pictures = extreme_images(opened.comparison)
            drawn = render_crops(pictures, opened.results, context.store, advance)
        with optional("MLflow's runs of all seeds", emit):
            _show_in_mlflow(opened, drawn, context, emit)


def _show_in_mlflow(opened: OpenedStudy, drawn: Rendered, context: RunContext, emit: Emit) -> None:
    variants = [row.name for row in opened.comparison.rows]
    with tracking(context.store, context.tracking_uri, emit) as tracker:
        known = tracker.queries.has_summary(opened.study.study, variants, digest_of(opened))
        if known and not drawn.drawn:
            return
        for reason in drawn.skipped:
            emit(Note(f"no crops of {reason}"))
        for summary in summaries(opened, context.store):
            tracker.show(summary)
