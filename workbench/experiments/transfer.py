"""Studies on their way from one store to another: a folder with everything that is finished.

Keys say what a trial is, so that stores are merged by key.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.experiments.declaration import Study, read_study
from workbench.experiments.declaring import merge
from workbench.experiments.describing import study_view
from workbench.experiments.exported import (
    MANIFEST,
    Export,
    Manifest,
    content,
    declared_keys,
    pretrained_hashes,
    read,
    study_path,
)
from workbench.experiments.exported_sources import stored_code
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.store.store import WEIGHTS, Store, exported_file
from workbench.system.digests import (
    DamagedError,
    check_safetensors,
    say_damaged,
    seal_json,
    sha256,
    unseal_json,
)
from workbench.system.files import new_folder, write_atomically
from workbench.system.progress import Progress, silent
from workbench.tracking.tracker import Tracker, TrialLabel


@dataclass(frozen=True)
class Exported:
    """What an export holds."""

    finished: int
    """Trials."""
    unfinished: int
    """Trials that are declared, and not in it."""
    weights: int
    """Trainings whose weights are in it."""
    size_bytes: int
    """Of all files but `export.json`."""
    without_code: tuple[str, ...] = ()
    """Classes of one's own, `package.module:Class`, whose code the store does not have."""


@dataclass(frozen=True)
class Count:
    """How many came, and how many were there already."""

    came: int
    there: int


@dataclass(frozen=True)
class Imported:
    """What an import has done."""

    study: Study
    """As it is in the store now."""
    declarations: Count
    trials: Count
    weights: Count
    other_keys: int
    """Declarations that the store has with keys of its own, which are kept."""
    code: tuple[str, ...] = ()
    """Classes of one's own, `package.module:Class`, whose code came."""

    @property
    def changed(self) -> bool:
        """Whether anything came."""
        counts = (self.declarations, self.trials, self.weights)
        return bool(self.code) or any(count.came for count in counts)


def export_study(store: Path, name: str, out: Path, progress: Progress = silent) -> Exported:
    """Write what is finished of a study to a folder that another store can import.

    Args:
        store: The store.
        name: Of the study.
        out: The folder: absent or empty. It is whole as soon as it is there.
        progress: Called for each trial.

    Raises:
        ConfigError: If there is no such study, or `out` cannot be used.
        StoreError: If a record cannot be read, or `out` cannot be written.
    """
    study, ledger, own = read_study(store, name), Ledger(store), Store(store)
    keys = declared_keys(study)
    files: dict[str, str] = {}
    results: list[TrialResult] = []
    size_bytes = 0
    with new_folder(out) as folder:

        def add(path: str, whole: bytes) -> None:
            nonlocal size_bytes
            target = Store(folder).at(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Not forced to disk file by file: an import checks every hash anyway.
            target.write_bytes(whole)
            files[path] = sha256(whole)
            size_bytes += len(whole)

        add(study_path(study.study), seal_json(study.plain()))
        for digest in pretrained_hashes(study):
            path = own.pretrained(digest)
            whole = _whole(path)
            if whole is not None:
                add(own.relative(path), whole)
        others = len(files)
        for done, key in enumerate(keys, 1):
            result = ledger.result(key)
            if result is not None:
                results.append(result)
                add(own.relative(own.trial_result(key)), seal_json(result.plain()))
                path = own.weights(result.training_key)
                weights = own.relative(path)
                whole = None if weights in files else _whole(path)
                if whole is not None:
                    add(weights, whole)
            progress(done, len(keys), key[:12])
        weights_count = len(files) - others - len(results)
        code, without = stored_code(study, results, store)
        for name, text in code.items():
            add(name, text.encode())
        manifest = Manifest(format=3 if code else 2, study=study.study, files=files)
        write_atomically(folder / MANIFEST, seal_json(manifest.plain()))
    return Exported(len(results), len(keys) - len(results), weights_count, size_bytes, without)


def import_export(export: Export, store: Path, progress: Progress = silent) -> Imported:
    """Merge an export into a store. What the store has already is kept, unless it is damaged.

    Running an import that was interrupted again completes it.

    Args:
        export: From `open_export`.
        store: The store; created if it is not there.
        progress: Called for each file.

    Raises:
        ConfigError: If the store's file of the study is damaged.
        StoreError: If the store cannot be written, or the export has changed meanwhile.
    """
    new = merge(store, export.study)
    came, there, code = Counter[str](), Counter[str](), set[str]()
    # In this order weights come before their trials, so that a trial that is there has its weights.
    paths = sorted(path for path in export.files if exported_file(path))
    for done, path in enumerate(paths, 1):
        file, target = exported_file(path), Store(store).at(path)
        assert file is not None  # of `paths`
        if _is_there(target, export.files[path]):
            there[file.kind] += 1
        else:
            whole = content(export.folder, path, export.files[path])
            write_atomically(target, whole, store=store)
            came[file.kind] += 1
            code |= {file.key} if file.kind == "source" else set()
        progress(done, len(paths), path)
    merged = read_study(store, export.study.study)
    keys = {one.hash: one.keys for one in merged.declarations}
    return Imported(
        study=merged,
        declarations=Count(new, len(export.study.declarations) - new),
        trials=Count(came["trial"], there["trial"]),
        weights=Count(came["weights"], there["weights"]),
        other_keys=sum(keys[one.hash] != one.keys for one in export.study.declarations),
        code=tuple(sorted({export.marks[digest].path for digest in code})),
    )


def show(
    studies: tuple[Study, ...], store: Path, tracker: Tracker, progress: Progress = silent
) -> None:
    """Show every finished trial that the studies declare, each once.

    Args:
        studies: Whose declarations count; several of one name add up, and the first is described.
        store: The store.
        tracker: What shows them.
        progress: Called for each declared trial.

    Raises:
        StoreError: If a record cannot be read.
    """
    tracker.show(study_view(studies[0]))
    ledger = Ledger(store)
    # In the order of their last declarations: what a tracker gets last of a variant and seed
    # is what counts.
    labels = list(dict.fromkeys(reversed([*_labels(studies)])))[::-1]
    for done, label in enumerate(labels, 1):
        result = ledger.result(label.key)
        if result is not None:
            tracker.trial_ended(label, result)
        progress(done, len(labels), f"{label.variant} seed {label.seed}")


def _labels(studies: tuple[Study, ...]) -> Iterator[TrialLabel]:
    for study in studies:
        for declared in study.declarations:
            for arm, keys in declared.keys.items():
                for seed, key in zip(declared.seeds, keys, strict=False):
                    yield TrialLabel(study.study, arm, seed, key)


def _is_there(path: Path, digest: str) -> bool:
    """Return whether a store has a file, whatever trained it; of code, the same text.

    Args:
        path: Of the file.
        digest: SHA-256 of the file in the export.
    """
    if path.suffix == ".py":
        return path.exists() and sha256(read(path)) == digest
    return _whole(path) is not None


def _whole(path: Path) -> bytes | None:
    """Return a file of a store; None if it is not there or damaged, which is said.

    Raises:
        StoreError: If it cannot be read.
    """
    if not path.exists():
        return None
    found = read(path)
    try:
        if path.suffix == Path(WEIGHTS).suffix:
            check_safetensors(found)
        else:
            json.loads(unseal_json(found))
    except (DamagedError, ValueError) as damage:
        say_damaged(path, damage if isinstance(damage, DamagedError) else "no JSON")
        return None
    return found
