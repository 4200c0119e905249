"""Small values that look like the real ones, and one real MLflow server."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.config.presets import PRESETS, RECIPES
from workbench.config.trial import TrialConfig
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
    WeightsRecord,
)
from workbench.tracking.mlflow_tracker import MlflowTracker
from workbench.tracking.summary import VariantSummary
from workbench.tracking.tracker import TrialLabel

START_S = 1_795_000_000.25

SMALL_COST = Cost(
    lr_height_px=180,
    lr_width_px=320,
    parameters=4_321,
    multiply_adds=9_876_543_210,
    challenge_flops=9_900_000_000,
    activations=12_345_678,
    convolutions=42,
)


def make_label(variant: str = "no-lvar", seed: int = 2, study: str = "lvar study") -> TrialLabel:
    return TrialLabel(study=study, variant=variant, seed=seed, key=f"{variant}-{seed}-0f3a")


def make_config(seed: int = 2) -> TrialConfig:
    return TrialConfig(model=PRESETS["tiny"], training=RECIPES["smoke"], seed=seed)


def make_point(step: int, *, loss: float = 0.05, psnr_db: float = 30.0) -> CurvePoint:
    score = MeanScore(psnr_rgb_db=30, ssim_rgb=0.8, psnr_y_db=30, ssim_y=0.85).model_copy(
        update={"psnr_rgb_db": psnr_db + step / 100, "psnr_y_db": psnr_db + 1.5}
    )
    made = CurvePoint(
        step=step, time_s=START_S + step / 8, loss=0.05, learning_rate=2e-3, score=score
    )
    return made.model_copy(update={"loss": loss})  # also one that is not finite, unchecked


def make_scores(dataset: str, psnr_db: float = 30.0) -> DatasetScores:
    images = tuple(
        ImageScore(
            name=name,
            psnr_rgb_db=psnr_db + shift,
            ssim_rgb=0.81,
            psnr_y_db=psnr_db + 1.5,
            ssim_y=0.86,
        )
        for name, shift in (("baby", 1.0), ("bird", -0.5))
    )
    protocol = Protocol(scale=4, crop_px=4, lr_origin="bicubic", data_hash="beef")
    return DatasetScores(dataset=dataset, protocol=protocol, images=images)


def make_record() -> WeightsRecord:
    """Return the scores of an external checkpoint."""
    return WeightsRecord(
        name="mdrn-s.pth",
        file="weights/mdrn-s.pth",
        origin="MDRN family",
        weights_hash="feed",
        cost=SMALL_COST,
        scores=(make_scores("Set5"),),
        environment=make_result(make_label()).environment,
        finished_s=START_S,
    )


def make_result(
    label: TrialLabel,
    state: TrialState = TrialState.COMPLETE,
    *,
    reason: str = "",
    curve: tuple[CurvePoint, ...] = (make_point(40), make_point(80), make_point(120)),
    psnr_db: float = 30.0,
    diff: str | None = "diff --git a/x b/x\n",
) -> TrialResult:
    return TrialResult(
        key=label.key,
        training_key=f"training-{label.key}",
        config=make_config(label.seed or 0),
        state=state,
        reason=reason,
        steps=120,
        cost=SMALL_COST,
        scores=(make_scores("Set5", psnr_db), make_scores("Urban 100/x", psnr_db - 5)),
        curve=curve,
        training_s=12.5,
        evaluation_s=1.25,
        sessions=1,
        started_s=START_S,
        finished_s=START_S + 20,
        environment=Environment(
            python="3.11.7",
            packages={"torch": "2.14.1", "mlflow": "3.17.2"},
            git_commit="0123456789abcdef",
            git_dirty_diff=diff,
            hardware="Some CPU, 2 cores, 24 GiB RAM",
            device="cpu",
            threads=1,
            results_version=1,
            code_hash="c0de",
        ),
        weights_hash="feed",
    )


def make_summary() -> VariantSummary:
    """Return what the seeds of a variant say together."""
    return VariantSummary(
        study="lvar study",
        variant="no-lvar",
        digest="d1",
        moment_s=START_S,
        seeds=2,
        cost=SMALL_COST,
        figures={"seeds": 2.0},
        curves={"validation/delta": {40: -0.01, 80: -0.02}},
        params={},
        verdicts={"Set5": "worse"},
        note="",
        evidence={"workbench.evidence": "retrained"},
        files={"report.html": b"<html>"},
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(address: str, server: subprocess.Popen[bytes], timeout_s: float = 180) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended by itself"
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise AssertionError(f"{address} does not answer")


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a real server that the workbench knows only by its address."""
    folder: Path = tmp_path_factory.mktemp("server")
    port = free_port()
    settings = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/server.db"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    server = subprocess.Popen(
        command,
        env=os.environ | settings,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, 9)
        server.wait()


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Path:
    """Return a store of the test's own, whose database need not be made anew."""
    return Path(shutil.copytree(empty_store, tmp_path / "store"))


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def tracker(store: Path, warnings: list[str]) -> MlflowTracker:
    return MlflowTracker(store, on_warning=warnings.append)
