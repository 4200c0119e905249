"""Every path and lock of a store. Nothing outside `workbench.store` builds a path below it.

Below a store:

    trials/<key>/result.json            a finished trial (one atomic write makes it finished)
    trials/<key>/stopped.json           a trial that was stopped early; only MLflow shows it
    trainings/<key>/checkpoint.pt       while training; `lock` beside it
    trainings/<key>/weights.safetensors
    courses/<hash>/<key>.json           stages of the trainings that differ in nothing else
    images/<fingerprint>/               packed images, `<fingerprint>.lock` beside them
    pretrained/<hash>.safetensors       weights that trials of `ablate --from` start from
    studies/<name>.json                 declarations of a study, with the keys of its trials
    searches/<name>.jsonl               what a search has proposed and decided; `<name>.lock`
    given/<study>.<key>.json            scores of external checkpoints
    crops/<key>-<key>/<image>/          image crops that reports show
    sources/<digest>/                   Python files of modules of the user's own
    mlflow.db, mlflow_artifacts/        MLflow's view
    results-version.json                results version of the last notice about older trials

An exported study is a folder of the same layout, with `export.json`.
"""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.system.digests import sha256
from workbench.system.locks import locked
from workbench.system.progress import Waiting, no_waiting

WEIGHTS = "weights.safetensors"
CHECKPOINT = "checkpoint.pt"

_RESULT = "result.json"
_STOPPED = "stopped.json"
_DATABASE = "mlflow.db"
_ARTIFACTS = "mlflow_artifacts"
_KEY = r"(?!\.+/)[\w .-]+"  # one part of a path, and neither . nor ..
_OF_KEY = re.compile(
    rf"(?P<kind>trials)/(?P<trial>{_KEY})/{re.escape(_RESULT)}"
    rf"|(?P<weights>trainings)/(?P<training>{_KEY})/{re.escape(WEIGHTS)}"
    r"|(?P<pretrained>pretrained)/(?P<hash>[0-9a-f]{64})\.safetensors"
    r"|(?P<source>sources)/(?P<digest>[0-9a-f]{32})/(?:[^\W\d]\w*/)*[^\W\d]\w*\.py"
)


@dataclass(frozen=True)
class ExportedFile:
    """A file in an export: a trial's record or weights, those that it started from, or code."""

    kind: Literal["trial", "weights", "pretrained", "source"]
    key: str
    """Of the trial, or of its training; the hash of the weights that it started from; or the digest
    of the source that the file is part of."""


class Store:
    """A store on disk; creating this object touches no file.

    Args:
        folder: Folder of the store.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # Trials

    def trial_result(self, key: str) -> Path:
        """Return the record of a finished trial."""
        return self.folder / "trials" / key / _RESULT

    def stopped_trial(self, key: str) -> Path:
        """Return the record of a trial that was stopped early."""
        return self.folder / "trials" / key / _STOPPED

    def finished_keys(self) -> list[str]:
        """Return the keys of all trials that have a record, sorted."""
        return sorted(path.parent.name for path in self.folder.glob(f"trials/*/{_RESULT}"))

    def stopped_keys(self) -> list[str]:
        """Return the keys of all trials that were stopped early once, sorted."""
        return sorted(path.parent.name for path in self.folder.glob(f"trials/*/{_STOPPED}"))

    def trial_keys(self, start: str) -> list[str]:
        """Return the keys of trials, finished or not, that begin with `start` (letters, digits)."""
        return sorted(path.name for path in (self.folder / "trials").glob(f"{start}*"))

    # Trainings

    def training(self, key: str) -> Path:
        """Return the folder of a training's checkpoint and weights."""
        return self.folder / "trainings" / key

    def checkpoint(self, key: str) -> Path:
        """Return the checkpoint of a training."""
        return self.training(key) / CHECKPOINT

    def weights(self, key: str) -> Path:
        """Return the weights that a training ended with."""
        return self.training(key) / WEIGHTS

    def pretrained(self, weights_hash: str) -> Path:
        """Return the weights that trials start from, by the hash of their names and values."""
        return self.folder / "pretrained" / f"{weights_hash}.safetensors"

    def training_lock(
        self, key: str, waiting: Waiting = no_waiting
    ) -> AbstractContextManager[None]:
        """Hold a training for this process; another process waits until it is released.

        Args:
            key: Of the training.
            waiting: Called about once a second while another process holds the lock; it may
                raise to give up.

        Raises:
            StoreError: If the store cannot be written.
        """
        return locked(self.training(key) / "lock", store=self.folder, waiting=waiting)

    def prefixes(self, prefix_hash: str) -> Path:
        """Return the folder that lists trainings that differ in their stages only."""
        return self.folder / "courses" / prefix_hash  # the name of 0.1.0

    def prefix(self, prefix_hash: str, key: str) -> Path:
        """Return the file with the stages of a training."""
        return self.prefixes(prefix_hash) / f"{key}.json"

    # Images

    @property
    def images(self) -> Path:
        """Folder of the packed images."""
        return self.folder / "images"

    def packed(self, fingerprint: str) -> Path:
        """Return the folder of a packed set of images."""
        return self.images / fingerprint

    def crop(self, base_key: str, variant_key: str, dataset: str, image: str) -> Path:
        """Return the folder of the crop of an image.

        Args:
            base_key: The key of the trial that is compared with.
            variant_key: The key of the variant's trial.
            dataset: Name of the data set; any text.
            image: Name of the image; any text.
        """
        # The words are for readers; the hash differs where names give the same words.
        words = re.sub(r"[^a-z0-9]+", "-", f"{dataset}-{image}".lower()).strip("-")[:40]
        digest = sha256(f"{dataset}\0{image}")[:12]
        pair = f"{base_key[:16]}-{variant_key[:16]}"
        return self.folder / "crops" / pair / f"{words}-{digest}"

    def source(self, digest: str) -> Path:
        """Return the folder of the Python files of a module of the user's own."""
        return self.folder / "sources" / digest

    # Studies and searches

    def study(self, name: str) -> Path:
        """Return the file of a study's declarations."""
        return self.folder / "studies" / f"{name}.json"

    def study_names(self) -> list[str]:
        """Return the names of all studies, the one declared last first."""
        files = (self.folder / "studies").glob("*.json")
        newest_first = sorted(files, key=lambda file: -file.stat().st_mtime)
        return [file.stem for file in newest_first]

    def search(self, name: str) -> Path:
        """Return the record of a search."""
        return self.folder / "searches" / f"{name}.jsonl"

    def search_names(self) -> list[str]:
        """Return the names of all searches, sorted."""
        return sorted(path.stem for path in (self.folder / "searches").glob("*.jsonl"))

    def search_lock(self, name: str) -> AbstractContextManager[None]:
        """Hold a search for this process.

        Raises:
            LockHeldError: If another process runs this search.
            StoreError: If the store cannot be written.
        """
        return locked(self.folder / "searches" / f"{name}.lock", store=self.folder, timeout_s=0)

    def external_scores(self, study: str, key: str) -> Path:
        """Return the file of the scores of an external checkpoint."""
        return self.folder / "given" / f"{study}.{key}.json"

    def all_external_scores(self) -> list[Path]:
        """Return the files of all scores of external checkpoints, sorted."""
        return sorted((self.folder / "given").glob("*.json"))

    # MLflow

    @property
    def mlflow_database(self) -> Path:
        """File of MLflow's view. Without symbolic links, as MLflow keeps absolute addresses."""
        return self.folder.resolve() / _DATABASE

    @property
    def mlflow_artifacts(self) -> Path:
        """Folder of the files that MLflow's runs show."""
        return self.folder.resolve() / _ARTIFACTS

    # The store as a whole

    @property
    def version_notice(self) -> Path:
        """File with the results version of the last notice about trials of other versions."""
        return self.folder / "results-version.json"

    def relative(self, path: Path) -> str:
        """Return a path of this store as an export names it, with `/`."""
        return path.relative_to(self.folder).as_posix()

    def at(self, relative: str) -> Path:
        """Return the path that `relative` names; the caller has checked that it lies below."""
        return self.folder / relative


def exported_file(relative: str) -> ExportedFile | None:
    """Return what a path in an export is, None if no file of a trial has such a path.

    Args:
        relative: The path, with `/`.
    """
    found = _OF_KEY.fullmatch(relative)
    if found is None:
        return None
    if found["kind"]:
        return ExportedFile("trial", found["trial"])
    if found["pretrained"]:
        return ExportedFile("pretrained", found["hash"])
    if found["source"]:
        return ExportedFile("source", found["digest"])
    return ExportedFile("weights", found["training"])
