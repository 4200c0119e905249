"""Reports of a ledger of 10,000 trials: wall time and memory of the commands as users type them.

`python tests/benchmarks/large_ledger.py [--trials N] [--store FOLDER]` makes a synthetic store,
which --store keeps, with a study that holds all trials but 42 and one that holds these, and a row
in MLflow's database for each trial; then it runs each command and prints seconds and peak memory.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
from workbench.experiments.declaration import Declaration, DeclaredArm, Study
from workbench.provenance import Environment
from workbench.results import (
    Cost,
    CurvePoint,
    DatasetScores,
    ImageScore,
    MeanScore,
    Protocol,
    TrialResult,
    TrialState,
)
from workbench.tracking.database import database_path
from workbench.tracking.mlflow_tracker import MlflowTracker

IMAGES, SEEDS, SMALL_ARMS, SMALL_SEEDS = 100, 10, 7, 6
BASE = TrialConfig(model=PRESETS["mdrn-s"], training=RECIPES["short"])
COST = Cost(
    lr_height_px=256,
    lr_width_px=256,
    parameters=95_396,
    multiply_adds=5_580_720_320,
    challenge_flops=5_580_720_320,
    activations=220_881_352,
    convolutions=317,
)
ENVIRONMENT = Environment(
    python="3.11",
    packages={"torch": "2"},
    git_commit=None,
    git_dirty_diff=None,
    hardware="none: synthetic",
    device="cpu",
    threads=1,
    results_version=1,
    code_hash="0",
)
PROTOCOL = Protocol(scale=4, crop_px=4, lr_origin="bicubic", data_hash="0")


def result(key: str, seed: int, psnr_db: np.ndarray) -> TrialResult:
    """Return a finished trial with these scores."""
    images = tuple(
        ImageScore(
            name=f"{n:04}", psnr_rgb_db=float(p), ssim_rgb=0.7, psnr_y_db=float(p), ssim_y=0.7
        )
        for n, p in enumerate(psnr_db)
    )
    mean = MeanScore(psnr_rgb_db=27.0, ssim_rgb=0.7, psnr_y_db=27.0, ssim_y=0.7)
    curve = tuple(
        CurvePoint(step=200 * n, time_s=0.0, loss=0.03, learning_rate=2e-3, score=mean)
        for n in range(1, 7)
    )
    return TrialResult(
        key=key,
        training_key=key,
        config=BASE.model_copy(update={"seed": seed}),
        state=TrialState.COMPLETE,
        steps=1_200,
        cost=COST,
        scores=(DatasetScores(dataset="synthetic", protocol=PROTOCOL, images=images),),
        curve=curve,
        training_s=100.0,
        sessions=1,
        started_s=1.0,
        finished_s=2.0,
        environment=ENVIRONMENT,
    )


def fill(store: Path, trials: int) -> None:
    """Make the store."""
    columns = "run_uuid, name, source_type, status, start_time, lifecycle_stage, experiment_id"
    runs = []
    small = SMALL_ARMS * SMALL_SEEDS
    for study, arms, seeds in (
        ("large", (trials - small) // SEEDS, SEEDS),
        ("small", SMALL_ARMS, SMALL_SEEDS),
    ):
        keys = dict(make_study(store, study, arms, seeds))
        runs += [(study, arm, s, key) for arm, ks in keys.items() for s, key in enumerate(ks, 1)]
    MlflowTracker(store).close()  # makes the tables
    with closing(sqlite3.connect(database_path(store))) as database:
        for study, arm, seed, key in runs:
            run = uuid.uuid4().hex
            columns = (
                "run_uuid, name, source_type, status, start_time, lifecycle_stage, experiment_id"
            )
            database.execute(
                f"INSERT INTO runs ({columns}) VALUES (?, ?, 'LOCAL', 'FINISHED', 1, 'active', 0)",
                [run, f"{arm} · seed {seed}"],
            )
            tags = {"study": study, "variant": arm, "seed": str(seed), "key": key, "kind": "trial"}
            rows = [(f"workbench.{name}", value, run) for name, value in tags.items()]
            database.executemany("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", rows)
        database.commit()


def make_study(store: Path, name: str, arms: int, seeds: int) -> Iterator[tuple[str, list[str]]]:
    """Write trials and declaration of a study; yields each arm and its keys."""
    draw = np.random.default_rng(len(name))
    images = draw.normal(27, 4, IMAGES)
    keys: dict[str, tuple[str, ...]] = {}
    for arm in ["base", *(f"variant-{n}" for n in range(1, arms))]:
        effect = 0.0 if arm == "base" else draw.normal(0, 0.02)
        found = [uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {arm} {s}").hex for s in range(seeds)]
        for seed, key in enumerate(found, 1):
            scores = images + effect + draw.normal(0, 0.01) + draw.normal(0, 0.03, IMAGES)
            folder = store / "trials" / key
            folder.mkdir(parents=True)
            (folder / "result.json").write_text(
                json.dumps(result(key, seed, scores).plain(), indent=1)
            )
        keys[arm] = tuple(found)
        yield arm, found
    declared = Declaration(
        hash=name,
        declared_s=1.0,
        arms=tuple(
            DeclaredArm(name=a, question="", against="" if a == "base" else "base", config=BASE)
            for a in keys
        ),
        seeds=tuple(range(1, seeds + 1)),
        alpha=0.05,
        margin_db=0.02,
        keys=keys,
    )
    study = Study(study=name, declarations=(declared,))
    (store / "studies").mkdir(exist_ok=True)
    (store / "studies" / f"{name}.json").write_text(json.dumps(study.plain()))


def measure(store: Path, *argv: str) -> tuple[float, float]:
    """Run a command; return its seconds and its peak memory in GB."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "workbench", *argv, "--store", str(store)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as run:
        assert run.stderr is not None
        error = run.stderr.read()
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    assert run.returncode == 0, error
    return time.perf_counter() - started, usage.ru_maxrss / 1e6


def main() -> None:
    """Make the store if need be, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--store", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = given.store or Path(folder) / "store"
        if not (store / "studies").exists():
            fill(store, given.trials)
        trials = len(list((store / "trials").iterdir()))
        sys.stdout.write(f"{trials:,} trials, {IMAGES} images each\n")
        page = ("--format", "html", "--out", f"{folder}/page.html")
        for argv in (
            ("report", "large"),
            ("report", "large", *page),
            ("report", "small", *page),
            ("compare", "small"),
        ):
            seconds, memory = measure(store, *argv)
            shown = " ".join(argv[:4])
            sys.stdout.write(f"workbench {shown:30} {seconds:6.2f} s {memory:6.2f} GB\n")


if __name__ == "__main__":
    main()
