"""The trials of a study as tables of pandas."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.analysis.comparison import Comparison
from workbench.analysis.training_differences import training_differences
from workbench.reporting.training_differences import ROW_COLUMNS, to_rows
from workbench.results import SCORE_NAMES, TrialResult

if TYPE_CHECKING:
    import pandas as pd

Results = Mapping[str, Sequence[TrialResult]]
"""By variant, a trial for each seed."""


def scores(results: Results) -> "pd.DataFrame":
    """Return a row an image of each trial, see `StudyResults.scores`."""
    import pandas as pd

    rows = [
        {"variant": variant, "seed": trial.config.seed, "dataset": one.dataset}
        | {"image": image.name}
        | {name: getattr(image, name) for name in SCORE_NAMES}
        for variant, trials in results.items()
        for trial in trials
        for one in trial.scores
        for image in one.images
    ]
    return pd.DataFrame(rows, columns=["variant", "seed", "dataset", "image", *SCORE_NAMES])


def curves(results: Results) -> "pd.DataFrame":
    """Return a row a point of each learning curve, see `StudyResults.curves`."""
    import pandas as pd

    rows = [
        {"variant": variant, "seed": trial.config.seed, "step": point.step}
        | {"loss": point.loss, "learning_rate": point.learning_rate}
        | point.score.plain()
        for variant, trials in results.items()
        for trial in trials
        for point in trial.curve
    ]
    columns = ["variant", "seed", "step", "loss", "learning_rate", *SCORE_NAMES]
    return pd.DataFrame(rows, columns=columns)


def validation_scores(results: Results) -> "pd.DataFrame":
    """Return a row a validation image of each point, see `StudyResults.validation_scores`."""
    import pandas as pd

    rows = [
        {"variant": variant, "seed": trial.config.seed, "step": point.step, "image": image}
        | {name: getattr(point.per_image, name)[place] for name in SCORE_NAMES}
        for variant, trials in results.items()
        for trial in trials
        for point in trial.curve
        if point.per_image is not None
        for place, image in enumerate(trial.validation_images)
    ]
    return pd.DataFrame(rows, columns=["variant", "seed", "step", "image", *SCORE_NAMES])


def over_training(comparison: Comparison, results: Results) -> "pd.DataFrame":
    """Return a row for each comparison and step, see `StudyResults.over_training`."""
    import pandas as pd

    found = training_differences(comparison, results)
    trends = {one.name: one.trend for one in found}
    rows = [row | {"trend": trends[row["variant"]]} for row in to_rows(found)]
    return pd.DataFrame(rows, columns=[*ROW_COLUMNS, "trend"])
