"""Studies of a store, as tables and as pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.analysis.comparison import Comparison
from workbench.api import study_frames
from workbench.api.pages import inline, show_inline
from workbench.experiments.defaults import DEFAULT_STORE
from workbench.experiments.listing import list_store
from workbench.experiments.study import OpenedStudy, declared_text, html_page, open_study
from workbench.experiments.study_report import last_study
from workbench.reporting.json_data import comparison_to_dict
from workbench.results import SCORE_NAMES, TrialResult
from workbench.system.files import write_atomically

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.networks import Network
    from workbench.experiments.ablation import AblationOutcome

_STUDY_COLUMNS = [
    "name",
    "question",
    "baseline",
    "variants",
    "seeds",
    "trials",
    "finished",
    "verdicts",
    "declarations",
    "declared_s",
]
_TRIAL_COLUMNS = (
    "variant",
    "seed",
    "state",
    "parameters",
    "multiply_adds",
    "steps",
    "training_s",
    "key",
)


class StudyResults:
    """What a study found. In a notebook it shows its report."""

    def __init__(
        self, opened: OpenedStudy, store: Path, outcome: "AblationOutcome | None" = None
    ) -> None:
        self._opened, self._store = opened, store
        self.outcome = outcome
        """What the run has found besides, such as the attribution of `shapley`; None for a study
        that was read from its store."""

    def with_outcome(self, outcome: "AblationOutcome") -> "StudyResults":
        """Return the same study with what its run has found."""
        return StudyResults(self._opened, self._store, outcome)

    @property
    def name(self) -> str:
        """Of the study."""
        return self._opened.study.study

    @property
    def question(self) -> str:
        """What the study is to answer; empty if nothing was written down."""
        return self._opened.declared.question

    @property
    def comparison(self) -> Comparison:
        """Networks with their costs, scores, and differences with interval and verdict."""
        return self._opened.comparison

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know: variants that were added later, trials that are missing."""
        return self._opened.remarks

    def to_frame(self) -> "pd.DataFrame":
        """Return a row a trial.

        Columns: variant, seed, state, parameters, multiply_adds, steps, training_s (seconds), key,
        and for each data set the means over its images, such as `Set5/psnr_rgb_db`,
        `Set5/ssim_rgb`, `Set5/psnr_y_db` and `Set5/ssim_y`; a trial without scores has none there.
        """
        import pandas as pd

        means = [
            f"{dataset}/{score}" for dataset in self.comparison.protocols for score in SCORE_NAMES
        ]
        return pd.DataFrame(self._trial_rows(), columns=[*_TRIAL_COLUMNS, *means])

    def scores(self) -> "pd.DataFrame":
        """Return a row an image of each trial: variant, seed, dataset, image, and its scores."""
        return study_frames.scores(self._opened.results)

    def curves(self) -> "pd.DataFrame":
        """Return a row a point of each learning curve.

        Columns: variant, seed, step, loss, learning_rate, and the scores on the validation images.
        """
        return study_frames.curves(self._opened.results)

    def validation_scores(self) -> "pd.DataFrame":
        """Return a row a validation image of each point of each learning curve.

        Columns: variant, seed, step, image, and its scores. Trials of 0.4.0 and earlier versions
        have none.
        """
        return study_frames.validation_scores(self._opened.results)

    def over_training(self) -> "pd.DataFrame":
        """Return the differences on the validation images, a row for each comparison and step.

        Columns: variant, against, step, delta_psnr_rgb_db, low_db and high_db (its interval, not
        adjusted for the number of steps or comparisons), seed_sd_db, image_sd_db, seeds, images,
        and trend: `settled`, `still moving` or `not known` over the last third of training.

        Example:
            >>> wb.study("demo").over_training()["trend"].unique()
        """
        return study_frames.over_training(self.comparison, self._opened.results)

    def verdicts(self) -> "pd.DataFrame":
        """Return a row a comparison and data set.

        Columns: variant, against, dataset, delta_psnr_rgb_db, low, high (its interval, dB),
        p (after Holm), verdict, seeds, images.
        """
        import pandas as pd

        rows = [
            {
                "variant": one.name,
                "against": one.against,
                "dataset": dataset,
                "delta_psnr_rgb_db": one.difference.decision.estimate.mean,
                "low": (one.difference.decision.interval or (None, None))[0],
                "high": (one.difference.decision.interval or (None, None))[1],
                "p": one.difference.decision.p_holm,
                "verdict": str(one.difference.decision.verdict),
                "seeds": len(one.difference.seeds),
                "images": len(one.difference.images),
            }
            for dataset in self.comparison.protocols
            for one in self.comparison.judged(dataset)
        ]
        columns = ["variant", "against", "dataset", "delta_psnr_rgb_db", "low", "high", "p"]
        return pd.DataFrame(rows, columns=[*columns, "verdict", "seeds", "images"])

    def network(self, variant: str | None = None, seed: int | None = None) -> "Network":
        """Return the trained network of a finished trial, in evaluation mode.

        Args:
            variant: Or the baseline's name; the baseline if None.
            seed: Of the trial; the first one that is finished if None.

        Raises:
            ConfigError: For an unknown variant or seed, with the nearest name.
            WorkbenchError: If no such trial is finished.
            CheckpointError: If its weights are gone or damaged.
        """
        from workbench.api.networks import load
        from workbench.experiments.weights import find_weights

        named = variant or self.comparison.rows[0].name
        return load(find_weights(self._store, self.name, named, seed)[0].path)

    def to_dict(self) -> dict[str, Any]:
        """Return what `workbench report --format json` prints, with units in the keys."""
        known = {"study": self.name, "declared": self._opened.declared.hash}
        return known | comparison_to_dict(self.comparison)

    def to_html(self) -> str:
        """Return the report as one HTML page that needs no other file."""
        return html_page(self._opened, self._store)

    def save(self, path: str | Path) -> Path:
        """Write the report as one HTML page.

        Returns:
            The file.

        Raises:
            StoreError: If it cannot be written.
        """
        file = Path(path)
        write_atomically(file, self.to_html().encode())
        return file

    def show(self, height_px: int = 700) -> None:
        """Show the report in the notebook.

        Args:
            height_px: Of the frame, in which the page scrolls.

        Raises:
            ConfigError: Outside of notebooks, where `save` writes the page.
        """
        show_inline(self.to_html(), height_px)

    def __repr__(self) -> str:
        variants = ", ".join(row.name for row in self.comparison.rows)
        return f"<study {self.name}: {variants}; declared {declared_text(self._opened.declared)}>"

    def _repr_html_(self) -> str:
        return inline(self.to_html())

    def _trials(self) -> Iterator[tuple[str, TrialResult]]:
        for variant, trials in self._opened.results.items():
            for trial in trials:
                yield variant, trial

    def _trial_rows(self) -> Iterator[dict[str, object]]:
        for variant, trial in self._trials():
            head = (
                variant,
                trial.config.seed,
                str(trial.state),
                trial.cost.parameters,
                trial.cost.multiply_adds,
                trial.steps,
                trial.training_s,
                trial.key,
            )
            row: dict[str, object] = dict(zip(_TRIAL_COLUMNS, head, strict=True))
            for one in trial.scores:
                means = one.mean().plain()
                row |= {f"{one.dataset}/{score}": value for score, value in means.items()}
            yield row


def study(
    name: str | None = None, store: str | Path = DEFAULT_STORE, declaration: int | None = None
) -> StudyResults:
    """Read a study from a store and compare its trials again; trains nothing.

    Args:
        name: Of the study; None is the one that was declared last.
        store: The folder of the store.
        declaration: Number of the plan among those that the study has declared, 1 for the first;
            None is the last.

    Raises:
        ConfigError: If there is no such study or declaration, with the nearest name.
        WorkbenchError: If none of its baseline's trials is finished, or a record cannot be read.

    Example:
        >>> wb.study("demo").verdicts()
    """
    folder = Path(store)
    opened = open_study(folder, name or last_study(folder), declaration)
    return StudyResults(opened, folder)


def studies(store: str | Path = DEFAULT_STORE) -> "pd.DataFrame":
    """Return what a store holds, a row a study, the one declared last first.

    Columns: name, question, baseline, variants, seeds, trials, finished, verdicts (by data set and
    variant), declarations, declared (UTC).

    Args:
        store: The folder of the store.

    Raises:
        ConfigError: If there is no such folder.

    Example:
        >>> wb.studies()["name"].tolist()
        ['demo']
    """
    import pandas as pd

    rows = [one.to_dict() for one in list_store(Path(store)).studies]
    frame = pd.DataFrame(rows, columns=_STUDY_COLUMNS)
    frame["declared"] = pd.to_datetime(frame.pop("declared_s").astype(float), unit="s", utc=True)
    return frame
