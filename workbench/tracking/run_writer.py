"""Writes values and files of MLflow runs. Gets mlflow from outside and imports nothing of it."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from workbench.tracking.points import Point
from workbench.tracking.run_record import FILES_TAG, Run

_METRICS_A_CALL = 1_000  # MLflow's own limits, the second one for params too
_TAGS_A_CALL = 100


class RunWriter:
    """Writes what runs show.

    Args:
        entities: The module `mlflow.entities`.
        client: MLflow's client.
    """

    def __init__(self, entities: Any, client: Any) -> None:
        self._entities = entities
        self._client = client

    def write(
        self,
        run: Run,
        points: Sequence[Point] = (),
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Write metrics, the params that the run does not have yet, and tags."""
        kinds = self._entities
        metrics = [kinds.Metric(p.name, p.value, p.time_ms, p.step) for p in points]
        missing = [kinds.Param(k, v) for k, v in (params or {}).items() if k not in run.params]
        words = [kinds.RunTag(name, value) for name, value in (tags or {}).items()]
        for start in range(0, len(metrics), _METRICS_A_CALL):
            self._client.log_batch(run.run_id, metrics=metrics[start : start + _METRICS_A_CALL])
        for start in range(0, max(len(missing), len(words)), _TAGS_A_CALL):
            part = slice(start, start + _TAGS_A_CALL)
            self._client.log_batch(run.run_id, params=missing[part], tags=words[part])
        run.params.update(param.key for param in missing)

    def write_files(self, run: Run, files: Mapping[str, bytes]) -> dict[str, str]:
        """Write artifacts.

        Returns:
            The tag that says which files a complete run has; it is written after them.
        """
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                Path(folder, name).write_bytes(content)
            self._client.log_artifacts(run.run_id, folder)
        run.files = {name: len(content) for name, content in files.items()}
        return {FILES_TAG: json.dumps(run.files)}


def has_files(run: Run) -> bool:
    """Return whether the artifacts of a complete run are all there, by name and size.

    Those of a server are taken for granted: each run would need a request of its own.
    """
    if run.files is None:  # written before the tag existed
        return False
    folder = _folder_of(run.artifacts)
    return folder is None or all(_size(folder / name) == size for name, size in run.files.items())


def _folder_of(address: str) -> Path | None:
    """Return the folder behind the address of artifacts, None if it is elsewhere."""
    parts = urlsplit(address)
    if parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
        return None
    return Path(url2pathname(parts.path) if parts.scheme else address)


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
