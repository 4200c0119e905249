"""The scripts of docs/clusters.md, with real trainings and signals, and stand-ins for Slurm."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders.docs import ROOT

PLAN = """
question: Does a tiny network need L-var?
base: tiny
variants: [no-lvar]
seeds: 1
steps: 100
set:
  model.blocks: 1
  training.stages.0.hr_patch_px: 60
  training.checkpoint_every: 25
data: [Photos={photos}]
validation: Photos={photos}
benchmarks: [Photos={photos}]
study: study
"""
SCONTROL = 'echo "$@" >> scontrol.log'
WORKBENCH = f'exec {sys.executable} -m workbench "$@" --workers 1 --allow-overlap'
INLINE = f'exec {sys.executable} -m tests.builders.inline "$@" --allow-overlap'
"""Without worker processes, which the other script is tested with."""


def script(name: str) -> str:
    """Return the script of the document whose second line is its name."""
    text = (ROOT / "docs" / "clusters.md").read_text()
    found = re.findall(rf"```bash\n(#!/bin/bash\n# {re.escape(name)}\n.*?)```", text, re.DOTALL)
    assert len(found) == 1, name
    return str(found[0])


@dataclass(frozen=True)
class Job:
    """A folder with a script, a plan, and the commands that the script calls."""

    folder: Path
    script: Path

    def start(self) -> "subprocess.Popen[str]":
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        known = {"PATH": path, "SLURM_JOB_ID": "7", "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            ["bash", str(self.script)],
            cwd=self.folder,
            env=os.environ | known,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for_a_checkpoint(self, job: "subprocess.Popen[str]") -> None:
        end = time.monotonic() + 240
        while not list(self.folder.glob("mlflow_runs/trainings/*/checkpoint.pt")):
            assert job.poll() is None, job.communicate()
            assert time.monotonic() < end, "no trial has started"
            time.sleep(0.02)

    def sessions(self) -> list[int]:
        """Return in how many sessions each trial was trained."""
        results = self.folder.glob("mlflow_runs/trials/*/result.json")
        return sorted(json.loads(path.read_text())["sessions"] for path in results)


@pytest.fixture
def folder(tmp_path: Path, empty_store: Path) -> Path:
    """Return a folder with an empty store, whose database need not be made anew."""
    shutil.copytree(empty_store, tmp_path / "mlflow_runs")
    return tmp_path


def make_job(folder: Path, photos: Path, name: str, workbench: str = WORKBENCH) -> Job:
    (folder / "study.yaml").write_text(PLAN.format(photos=photos))
    (folder / "bin").mkdir()
    for command, line in {"workbench": workbench, "scontrol": SCONTROL}.items():
        file = folder / "bin" / command
        file.write_text(f"#!/bin/bash\n{line}\n")
        file.chmod(0o755)
    file = folder / name
    file.write_text(script(name))
    return Job(folder, file)


def test_a_slurm_job_stops_at_a_checkpoint_requeues_itself_and_resumes(
    folder: Path, photos: Path
) -> None:
    job = make_job(folder, photos, "study.sbatch")
    first = job.start()
    job.wait_for_a_checkpoint(first)
    # Harder than B:USR1: to every process of the job, beside what the script passes on.
    os.killpg(first.pid, signal.SIGUSR1)
    _, err = first.communicate(timeout=120)
    assert first.returncode == 0, err
    assert "stopped by SIGUSR1: 0 of 2 trials finished, 1 stopped at a checkpoint" in err
    assert "its worker died" not in err
    log = folder / "scontrol.log"
    assert log.read_text() == "requeue 7\n"
    assert job.sessions() == []
    second = job.start()
    out, err = second.communicate(timeout=240)
    assert second.returncode == 0, err
    assert "no-lvar" in out
    assert log.read_text() == "requeue 7\n", "a finished study is not requeued"
    assert job.sessions() == [1, 2]


def test_the_loop_resumes_until_the_study_has_finished(folder: Path, photos: Path) -> None:
    job = make_job(folder, photos, "study.sh", INLINE)
    (folder / "bin" / "sleep").symlink_to("/bin/true")
    loop = job.start()
    job.wait_for_a_checkpoint(loop)
    (driver,) = commands_of(loop.pid)
    os.kill(driver, signal.SIGTERM)
    _, err = loop.communicate(timeout=240)
    assert loop.returncode == 0, err
    assert "stopped by SIGTERM: 0 of 2 trials finished, 1 stopped at a checkpoint" in err
    found = json.loads((folder / "study.json").read_text())
    assert [arm["name"] for arm in found["arms"]] == ["tiny", "no-lvar"]
    assert job.sessions() == [1, 2]


def commands_of(shell: int) -> list[int]:
    """Return the processes that a shell waits for."""
    text = Path(f"/proc/{shell}/task/{shell}/children").read_text()
    return [int(pid) for pid in text.split()]


def test_an_error_that_has_to_be_fixed_ends_the_loop(tmp_path: Path, photos: Path) -> None:
    job = make_job(tmp_path, photos, "study.sh")
    (tmp_path / "study.yaml").write_text("question: Which?\nbase: tny\nvariants: [no-lvar]\n")
    loop = job.start()
    _, err = loop.communicate(timeout=120)
    assert loop.returncode == 2
    assert "unknown preset 'tny'; did you mean 'tiny'?" in err


@pytest.mark.parametrize("name", ["study.sbatch", "study.sh"])
def test_the_scripts_are_valid_bash(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(script(name))
    subprocess.run(["bash", "-n", name], cwd=tmp_path, check=True)
