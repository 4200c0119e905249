"""A study's folder on its way between stores: what is in it, and the check of all of it.

    export.json                                format, name of the study, SHA-256 of every file
    studies/<name>.json                        its declarations
    trials/<key>/result.json                   every finished trial that they name
    trainings/<key>/weights.safetensors        the weights of those trials
    pretrained/<hash>.safetensors              the weights that they start from, if any
    sources/<digest>/                          Python files of networks of one's own, if any

A folder may come from an untrusted source: all of it is checked before anything is written. Code in
it is not run by an import, but it is as soon as one of its networks is built.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.config.base import Frozen
from workbench.config.module import SourceMark
from workbench.errors import ConfigError, StoreError
from workbench.experiments.declaration import Study
from workbench.experiments.exported_sources import CodeCheck, marks_of
from workbench.results import TrialResult
from workbench.store.store import WEIGHTS, ExportedFile, Store, exported_file
from workbench.system.digests import DamagedError, unseal_json
from workbench.system.progress import Progress, silent
from workbench.system.text import check_file_name

MANIFEST = "export.json"


class Manifest(Frozen):
    """What `export.json` holds."""

    format: Literal[1, 2, 3]
    """Raised when an older workbench could not read it; since 2, JSON carries its own digest, and
    3 is an export with code."""
    study: str
    files: dict[str, str]
    """SHA-256 of each file but this one, by its path in the folder, with `/`."""


@dataclass(frozen=True)
class Export:
    """A folder that was found to be whole."""

    folder: Path
    files: dict[str, str]
    """As in `Manifest`."""
    study: Study
    marks: Mapping[str, SourceMark]
    """The sources of its networks, by digest; not all need be in it."""


def open_export(folder: Path, progress: Progress = silent) -> Export:
    """Check every file of an export. Writes nothing.

    Args:
        folder: What `export_study` has written, somewhere.
        progress: Called for each file.

    Raises:
        ConfigError: If it is no export, or a file of it does not belong there.
        StoreError: If a file is missing or damaged.
    """
    manifest = _manifest(folder)
    study = _study(folder, manifest)
    declared, trainings = set(declared_keys(study)), set[str]()
    results, code = list[TrialResult](), CodeCheck(folder)
    starts = pretrained_hashes(study)
    # Backwards, so that trials come before trainings: they say which trainings belong here.
    for done, path in enumerate(sorted(manifest.files, reverse=True), 1):
        found = content(folder, path, manifest.files[path])
        match exported_file(path):
            case ExportedFile("trial", key):
                if key not in declared:
                    raise ConfigError(f"{folder / path}: no trial that the study declares")
                results.append(_result(folder / path, key, found))
                trainings.add(results[-1].training_key)
            case ExportedFile("weights", key) if key not in trainings:
                raise ConfigError(f"{folder / path}: no weights of a trial in this folder")
            case ExportedFile("pretrained", digest) if digest not in starts:
                raise ConfigError(f"{folder / path}: no weights that the study's trials start from")
            case ExportedFile("source", digest):
                code.add(digest, path, found)
        progress(done, len(manifest.files), path)
    marks = marks_of(study, results)
    code.check(marks)
    return Export(folder, manifest.files, study, marks)


def declared_keys(study: Study) -> list[str]:
    """Return the keys of all trials that a study names, each once."""
    named = (keys for declared in study.declarations for keys in declared.keys.values())
    return list(dict.fromkeys(key for keys in named for key in keys))


def pretrained_hashes(study: Study) -> list[str]:
    """Return the hashes of all weights that trials of a study start from, each once."""
    arms = (arm for declared in study.declarations for arm in declared.arms)
    starts = (arm.config.pretrained for arm in arms)
    return list(dict.fromkeys(start.hash for start in starts if start is not None))


def study_path(name: str) -> str:
    """Return where an export holds its declarations."""
    export = Store(Path())
    return export.relative(export.study(name))


def _manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    if not path.is_file():
        raise ConfigError(f"{folder}: not an exported study: it has no {MANIFEST}")
    manifest = Manifest.parse(_json(path, read(path)), where=str(path))
    name = manifest.study
    check_file_name(name, f"{path}: study")
    for file in manifest.files:
        _check_path(file, manifest, path)
    if study_path(name) not in manifest.files:
        raise ConfigError(f"{path}: files: must name {study_path(name)}")
    return manifest


def _check_path(file: str, manifest: Manifest, where: Path) -> None:
    """Refuse whatever is not a file of an export, first of all what lies outside the folder."""
    if file.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", file):
        raise ConfigError(f"{where}: files: a path must stay inside the folder, got {file!r}")
    if file != study_path(manifest.study) and exported_file(file) is None:
        raise ConfigError(
            f"{where}: files: a path must be {study_path(manifest.study)}, "
            f"trials/KEY/result.json, trainings/KEY/{WEIGHTS}, pretrained/HASH.safetensors or "
            f"sources/DIGEST/MODULE.py, got {file!r}"
        )


def _study(folder: Path, manifest: Manifest) -> Study:
    name = study_path(manifest.study)
    path = folder / name
    study = Study.parse(_json(path, content(folder, name, manifest.files[name])), where=str(path))
    if study.study != manifest.study:
        raise ConfigError(f"{path}: study: must be {manifest.study!r}, got {study.study!r}")
    for declared in study.declarations:
        arms = {arm.name for arm in declared.arms}
        seeds = len(declared.seeds)
        if set(declared.keys) != arms or any(len(k) != seeds for k in declared.keys.values()):
            raise ConfigError(f"{path}: keys: must be one for each arm and seed")
    export = Store(folder)
    for key in declared_keys(study):
        if exported_file(export.relative(export.trial_result(key))) is None:
            raise ConfigError(f"{path}: keys: must be names without slashes, got {key!r}")
    return study


def _result(path: Path, key: str, content: bytes) -> TrialResult:
    result = TrialResult.parse(_json(path, content), where=str(path))
    if result.key != key:
        raise ConfigError(f"{path}: key: must be that of its folder, got {result.key!r}")
    return result


def _json(path: Path, content: bytes) -> object:
    try:
        # Numbers that are not finite are left to the check of the record, which names their field.
        return json.loads(unseal_json(content))
    except DamagedError as damage:
        raise StoreError(f"{path}: is damaged ({damage}); copy the export again") from None
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, or nested without end
        reason = " ".join(str(error).split())
        raise ConfigError(f"{path}: no JSON ({reason})") from None


def content(folder: Path, name: str, sha256: str) -> bytes:
    """Read a file of an export that must have this hash.

    Raises:
        ConfigError: If it is a link to somewhere else.
        StoreError: If it is missing or damaged.
    """
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(f"{path}: must be a file of this folder, and is a link out of it")
    if not path.is_file():
        raise StoreError(f"{path}: is missing; copy the export again")
    whole = read(path)
    found = hashlib.sha256(whole).hexdigest()
    if found != sha256:
        raise StoreError(
            f"{path}: is damaged, its SHA-256 must be {sha256[:12]}..., got {found[:12]}...; "
            "copy the export again"
        )
    return whole


def read(path: Path) -> bytes:
    """Read a file.

    Raises:
        StoreError: If it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path}: cannot be read: {error.strerror or error}") from None
