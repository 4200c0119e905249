"""What the MLflow run of all seeds of a variant shows, as plain values. No mlflow."""

from workbench.results import TrialState
from workbench.tracking.metric_names import VERDICT, on_dataset
from workbench.tracking.points import Point, point
from workbench.tracking.run_content import TAG_LIMIT, cut
from workbench.tracking.run_points import cost_points
from workbench.tracking.summary import VariantSummary


def summary_points(summary: VariantSummary) -> list[Point]:
    """Return what a variant's seeds give together, its curves and its cost, as metrics."""
    points = [point(n, v, summary.moment_s, 0) for n, v in summary.figures.items()]
    points += [
        point(name, value, summary.moment_s, step)
        for name, curve in summary.curves.items()
        for step, value in curve.items()
    ]
    return points + cost_points(summary.cost)


def summary_tags(summary: VariantSummary) -> dict[str, str]:
    """Return the verdicts and what they rest on."""
    tags = {on_dataset(VERDICT, name): text for name, text in summary.verdicts.items()}
    tags |= summary.evidence
    tags |= {
        "workbench.digest": summary.digest,
        "workbench.seeds": str(summary.seeds),
        "workbench.state": TrialState.COMPLETE.value,
        "mlflow.note.content": summary.note,
    }
    return {name: cut(value, TAG_LIMIT) for name, value in tags.items()}
