"""Which MLflow run shows which trial. Gets MLflow's client from outside and imports nothing of it.

Runs are found by their tags, so that nothing but MLflow has to remember their ids.
"""

from collections.abc import Iterator
from typing import Any

from workbench.tracking.addresses import runs_page
from workbench.tracking.known_runs import KnownRun
from workbench.tracking.run_content import LAYOUT, LAYOUT_TAG, label_tags, run_name
from workbench.tracking.run_record import Run, known_run, run_of
from workbench.tracking.study_view import (
    EXPERIMENT_TAG_LIMIT,
    NOTE_TAG,
    VIEW_TAG,
    StudyView,
    view_state,
)
from workbench.tracking.superseded import set_superseded, variant_of
from workbench.tracking.tracker import TrialLabel

_PAGE = 1_000
_OUR_NOTE_TAG = "workbench.note"
"""The note as it was written here; a note that differs from it was edited."""
# Without it the UI shows its pages for language models.
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}

_Identity = tuple[str, str, str]


class RunIndex:
    """Finds, creates and lists the runs of studies. One search for each study, then a table."""

    def __init__(self, client: Any, artifacts: str | None, refused: type[Exception]) -> None:
        self._client = client
        self._artifacts = artifacts
        self._refused = refused
        self._experiments: dict[str, str] = {}
        self._studies: dict[str, dict[_Identity, Run]] = {}
        self._outdated: dict[_Identity, list[str]] = {}
        """Ids of runs of another layout, which the run of this one replaces."""

    def find(self, label: TrialLabel) -> Run | None:
        """Return a trial's run, None if there was none when the study was loaded."""
        if label.study not in self._studies:
            experiment = self._experiment(label.study)
            self._studies[label.study] = self._load(experiment)
        return self._studies[label.study].get(_identity(label))

    def find_or_create(self, label: TrialLabel, started_ms: int) -> Run:
        """Return a trial's run, made now if there is none.

        Another driver may do the same at this moment. A driver that sees two runs keeps the older
        one, so that both end up with the same.
        """
        run = self.find(label) or self._load_one(label)
        if run is None:
            experiment = self._experiment(label.study)
            created = self._client.create_run(
                experiment, started_ms, tags=label_tags(label), run_name=run_name(label)
            )
            run = self._load_one(label) or run_of(created)
            for outdated in self._outdated.pop(_identity(label), ()):
                self._client.delete_run(outdated)
        self._studies[label.study][_identity(label)] = run
        if label.seed is not None:  # scores of external checkpoints do not replace each other
            self._supersede(label, run)
        return run

    def _supersede(self, label: TrialLabel, current: Run) -> None:
        """Mark the runs of the same variant and seed under other keys as superseded.

        Those that a killed driver left running end, since they are never resumed.
        """
        if current.superseded:
            set_superseded(self._client, current.run_id, label, superseded=False)
            current.superseded = False
        for (variant, seed, key), run in self._studies[label.study].items():
            if (variant, seed) != (label.variant, label.seed_text) or key == label.key:
                continue
            if run.status == "RUNNING":
                self._client.set_terminated(run.run_id, "KILLED")
                run.status = "KILLED"
            if not run.superseded:
                set_superseded(self._client, run.run_id, label, superseded=True)
                run.superseded = True

    def describe(self, view: StudyView) -> None:
        """Write the note of an experiment and the state of its page, where they have changed.

        A note that the user has edited since is kept.
        """
        number = self._experiment(view.study)
        tags = self._client.get_experiment(number).tags
        note = view.note[:EXPERIMENT_TAG_LIMIT]
        new = {VIEW_TAG: view_state(view)}
        if tags.get(NOTE_TAG) in (None, "", tags.get(_OUR_NOTE_TAG)):
            new |= {NOTE_TAG: note, _OUR_NOTE_TAG: note}
        for name, value in new.items():
            if tags.get(name) != value:
                self._client.set_experiment_tag(number, name, value)

    def pages(self) -> dict[str, str]:
        """Return path and query of the page of each study's runs, the newest study first."""
        found = self._client.search_experiments(order_by=["last_update_time DESC"])
        return {
            one.name: runs_page(one.experiment_id, viewed=VIEW_TAG in one.tags)
            for one in found
            if one.name != "Default"
        }

    def forget(self, study: str) -> None:
        """Load the study again the next time."""
        self._studies.pop(study, None)
        self._experiments.pop(study, None)

    def runs(self, study: str) -> list[KnownRun]:
        """Return the runs of a study, the oldest first."""
        experiment = self._client.get_experiment_by_name(study)
        if experiment is None:
            return []
        ours = "tags.`workbench.key` LIKE '%'"
        found = [known_run(run) for run in self._search(experiment.experiment_id, ours)]
        return sorted(found, key=lambda run: (run.started_ms, run.run_id))

    def runs_of(self, key: str) -> list[KnownRun]:
        """Return the runs of a trial in all studies, the oldest first."""
        experiments = [found.experiment_id for found in self._client.search_experiments()]
        search = f"tags.`workbench.key` = '{key}'"
        found = self._client.search_runs(experiments, search, order_by=["attributes.start_time"])
        return [known_run(run) for run in found]

    def run(self, run_id: str) -> KnownRun | None:
        """Return a run by its id, None if it is none of ours."""
        try:
            found = self._client.get_run(run_id)
        except self._refused:
            return None
        return known_run(found) if "workbench.key" in found.data.tags else None

    def last_study(self) -> str | None:
        """Return the study whose run was started or ended last."""
        experiments = [found.experiment_id for found in self._client.search_experiments()]
        last: tuple[int, str] | None = None
        for moment in ("start_time", "end_time"):
            for run in self._client.search_runs(
                experiments,
                "tags.`workbench.study` LIKE '%'",
                order_by=[f"attributes.{moment} DESC"],
                max_results=1,
            ):
                newest = (getattr(run.info, moment) or 0, run.data.tags["workbench.study"])
                last = max(last, newest) if last else newest
        return last[1] if last else None

    def _experiment(self, study: str) -> str:
        if study not in self._experiments:
            self._experiments[study] = self._find_or_create_experiment(study)
        return self._experiments[study]

    def _find_or_create_experiment(self, study: str) -> str:
        found = self._client.get_experiment_by_name(study)
        if found is None:
            try:
                return str(
                    self._client.create_experiment(study, self._artifacts, tags=_EXPERIMENT_TAGS)
                )
            except self._refused:
                found = self._client.get_experiment_by_name(study)
                if found is None:  # so it was not another driver that was quicker
                    raise
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _load_one(self, label: TrialLabel) -> Run | None:
        runs = self._load(self._experiment(label.study), f"tags.`workbench.key` = '{label.key}'")
        return runs.get(_identity(label))

    def _load(self, experiment: str, search: str = "") -> dict[_Identity, Run]:
        """Return the runs of an experiment, and delete the younger of two for one trial."""
        runs: dict[_Identity, Run] = {}
        for found in sorted(self._search(experiment, search), key=_age):
            tags = found.data.tags
            if "workbench.key" not in tags:
                continue  # a run of the user's own
            identity = variant_of(tags), tags["workbench.seed"], tags["workbench.key"]
            if tags.get(LAYOUT_TAG) != LAYOUT:
                self._outdated.setdefault(identity, []).append(found.info.run_id)
            elif identity in runs:
                self._client.set_terminated(found.info.run_id, "KILLED")
                self._client.delete_run(found.info.run_id)
            else:
                runs[identity] = run_of(found)
        return runs

    def _search(self, experiment: str, search: str) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_runs(
                [experiment], search, max_results=_PAGE, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return


def _identity(label: TrialLabel) -> _Identity:
    return label.variant, label.seed_text, label.key


def _age(found: Any) -> tuple[int, str]:
    return found.info.start_time, found.info.run_id
