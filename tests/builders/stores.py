"""Builders of tests: stores."""

import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors.numpy import save

from tests.tracking.conftest import make_config, make_label, make_result
from workbench.experiments.declaration import Declaration, DeclaredArm, Study
from workbench.experiments.declaring import merge
from workbench.experiments.exported import MANIFEST
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.store.store import CHECKPOINT, WEIGHTS
from workbench.system.digests import seal_safetensors, unseal_json

STUDY = "lvar study"


ARMS = ("tiny", "no-lvar")


def declaration(mark: str, declared_s: float, seeds: tuple[int, ...] = (1, 2)) -> Declaration:
    return Declaration(
        hash=mark,
        declared_s=declared_s,
        arms=tuple(
            DeclaredArm(
                name=name,
                question="",
                against="" if name == "tiny" else "tiny",
                config=make_config(),
            )
            for name in ARMS
        ),
        seeds=seeds,
        alpha=0.05,
        margin_db=0.02,
        keys={name: tuple(make_label(name, seed).key for seed in seeds) for name in ARMS},
    )


def finish(store: Path, name: str, seed: int, psnr_db: float = 30.0) -> TrialResult:
    """Record a trial with weights, and the checkpoint and lock that training leaves behind."""
    result = make_result(make_label(name, seed), psnr_db=psnr_db)
    Ledger(store).record(result)
    folder = store / "trainings" / result.training_key
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(weights_of(name, seed, psnr_db))
    for file in (CHECKPOINT, "lock"):
        (folder / file).write_text(f"{file} of {name} {seed} at {psnr_db}")
    return result


def weights_of(name: str, seed: int, psnr_db: float) -> bytes:
    return seal_safetensors(save({}, {"is": f"{name} {seed} at {psnr_db}"}))


def json_of(path: Path) -> Any:
    return json.loads(unseal_json(path.read_bytes()))


def make_store(store: Path) -> Path:
    """Return a store with a study of four trials, of which three are finished."""
    merge(store, Study(study=STUDY, declarations=(declaration("first", 100.0),)))
    for name, seed in (("tiny", 1), ("tiny", 2), ("no-lvar", 1)):
        finish(store, name, seed)
    finish(store, "of another study", 1)
    return store


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".lock"
    }


def rewrite(exported: Path, path: str, content: bytes) -> None:
    """Put a file into an export and update its hash in the list."""
    (exported / path).parent.mkdir(parents=True, exist_ok=True)
    (exported / path).write_bytes(content)
    name_file(exported, path, hashlib.sha256(content).hexdigest())


def name_file(exported: Path, path: str, sha256: str) -> None:
    manifest = json_of(exported / MANIFEST)
    manifest["files"][path] = sha256
    (exported / MANIFEST).write_text(json.dumps(manifest))
