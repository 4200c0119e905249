"""What is known of MLflow's runs, from what its client returns. Imports nothing of mlflow."""

import json
from dataclasses import dataclass, field
from typing import Any

from workbench.tracking.known_runs import KnownRun
from workbench.tracking.superseded import TAG

FILES_TAG = "workbench.system.files"
"""Names and sizes of a complete run's artifacts, so that lost ones are noticed."""


@dataclass
class Run:
    """What is known of a run without another request."""

    run_id: str
    status: str
    state: str
    started_ms: int
    ended_ms: int | None
    params: set[str] = field(default_factory=set)
    """Names of the params it has, which can never be changed."""
    digest: str = ""
    """Of what a run of all seeds shows."""
    artifacts: str = ""
    """Address of its artifacts."""
    files: dict[str, int] | None = None
    """Sizes in bytes of the artifacts that it has when it is complete, by name; None if unknown."""
    superseded: bool = False
    """Whether a trial of the same variant and seed has replaced it."""


def run_of(found: Any) -> Run:
    """Return a run of MLflow as its writer needs it."""
    info, tags = found.info, found.data.tags
    return Run(
        run_id=info.run_id,
        status=info.status,
        state=tags.get("workbench.state", ""),
        started_ms=info.start_time,
        ended_ms=info.end_time,
        params=set(found.data.params),
        digest=tags.get("workbench.digest", ""),
        artifacts=info.artifact_uri or "",
        files=_files(tags.get(FILES_TAG, "")),
        superseded=bool(tags.get(TAG)),
    )


def _files(text: str) -> dict[str, int] | None:
    try:
        found: dict[str, int] = json.loads(text)
    except ValueError:
        return None
    return found


def known_run(found: Any) -> KnownRun:
    """Return a run of MLflow that the workbench has written."""
    tags, info = found.data.tags, found.info
    return KnownRun(
        run_id=info.run_id,
        experiment_id=info.experiment_id,
        study=tags["workbench.study"],
        variant=tags["workbench.variant"],
        seed=tags["workbench.seed"],
        key=tags["workbench.key"],
        started_ms=info.start_time,
        state=tags.get("workbench.state", ""),
    )
