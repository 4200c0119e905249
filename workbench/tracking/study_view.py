"""What MLflow's page of a study opens with: its note, the columns and charts. No mlflow.

MLflow reads the state of a page from a tag of the experiment that the address names, as its own
"Share" button writes it.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.tracking.metric_names import (
    DELTA,
    OVER_TRAINING,
    SEED_TAG,
    VALIDATION,
    VARIANT_TAG,
    VERDICT,
    at_step,
    on_dataset,
)

VIEW_KEY = "workbench"
"""Names the state in addresses."""
VIEW_TAG = f"mlflow.sharedViewState.{VIEW_KEY}"
NOTE_TAG = "mlflow.note.content"
EXPERIMENT_TAG_LIMIT = 5_000
"""Characters that MLflow accepts in a tag of an experiment."""

_CURVES = (f"{VALIDATION}/psnr", f"{VALIDATION}/ssim", "train/loss")


@dataclass(frozen=True)
class StudyView:
    """How a study or search is presented."""

    study: str
    note: str
    """Markdown: its question, what it compares, and the command."""
    datasets: tuple[str, ...]
    """On which its trials are scored."""
    rungs: tuple[int, ...] = ()
    """Steps at which a search compares its trials."""
    judged: bool = True
    """Whether there are differences with verdicts."""


def view_state(view: StudyView) -> str:
    """Return the state of MLflow's page of runs, as its tag holds it."""
    columns = _columns(view)
    state: dict[str, Any] = {
        "orderByKey": f"tags.`{VARIANT_TAG}`",
        "orderByAsc": True,
        "selectedColumns": list(columns),
        "columnOrder": list(columns),
        "columnWidths": columns | {"attributes.`Run Name`": 160, "attributes.`Created`": 130},
        "runsHiddenMode": "FIRST_20_RUNS",
        "hideEmptyCharts": True,
        "globalLineChartConfig": {
            "xAxisKey": "step",
            "lineSmoothness": 0,
            "selectedXAxisMetricKey": "",
        },
        **_charts(view),
    }
    text = json.dumps(state, separators=(",", ":"))
    if len(text) <= EXPERIMENT_TAG_LIMIT:
        return text
    return f"deflate;{base64.b64encode(zlib.compress(text.encode())).decode()}"


def _columns(view: StudyView) -> dict[str, int]:
    """Return the columns in their order, with their widths in px."""
    columns = {f"tags.`{VARIANT_TAG}`": 110, f"tags.`{SEED_TAG}`": 85}
    for dataset in view.datasets:
        columns[_metric(on_dataset("psnr", dataset))] = 115
        if view.judged:
            columns[_metric(on_dataset(DELTA, dataset))] = 115
            columns[f"tags.`{on_dataset(VERDICT, dataset)}`"] = 130
    columns |= {_metric(at_step(step)): 180 for step in view.rungs}
    columns |= {_metric("parameters"): 110, _metric("multiply_adds"): 130}
    return columns | {"attributes.`Duration`": 90}


def _metric(name: str) -> str:
    return f"metrics.`{name}`"


def _charts(view: StudyView) -> dict[str, Any]:
    """Return the charts: learning curves, then bars. MLflow adds those of all other metrics."""
    bars = [on_dataset("psnr", dataset) for dataset in view.datasets]
    if view.judged:
        bars += [on_dataset(DELTA, dataset) for dataset in view.datasets]
    bars += [at_step(step) for step in view.rungs]
    curves = [*_CURVES, OVER_TRAINING] if view.judged else _CURVES
    cards = [*_cards("curves", "LINE", curves), *_cards("scores", "BAR", bars)]
    sections = (
        *(("curves", "Learning curves", True), ("scores", "Scores", True)),
        *((name, name, False) for name in ("resources", "system", "train", VALIDATION)),
        *(("model", "Model metrics", False), ("system metrics", "System metrics", False)),
    )
    return {
        "compareRunCharts": cards,
        "compareRunSections": [
            {"uuid": uuid, "name": name, "display": display, "isReordered": False}
            for uuid, name, display in sections
        ],
        "isAccordionReordered": True,
    }


def _cards(section: str, kind: str, metrics: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "type": kind,
            "uuid": f"workbench-{metric}",
            "metricSectionId": section,
            "metricKey": metric,
            "displayName": metric,
            "deleted": False,
            "isGenerated": True,
            "lineSmoothness": 0,
            "useGlobalXaxisKey": True,
            "useGlobalLineSmoothing": True,
        }
        for metric in metrics
    ]
