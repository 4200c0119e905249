import os
import subprocess
from pathlib import Path

import pytest

import workbench
from workbench.trial import environment


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package in a checkout with one commit."""
    folder = tmp_path / "checkout" / "package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("VALUE = 1\n")
    git(folder.parent, "init", "--quiet")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "--quiet", "-m", "first")
    return folder


def test_a_clean_checkout_has_a_commit_and_no_changes(package: Path) -> None:
    commit = environment.git_commit(package)
    assert commit is not None
    assert len(commit) == 40
    assert environment.git_changes(package) is None


def test_changes_and_new_files_are_recorded(package: Path) -> None:
    (package / "__init__.py").write_text("VALUE = 2\n")
    (package / "new.py").write_text("")
    changes = environment.git_changes(package)
    assert changes is not None
    assert "-VALUE = 1\n+VALUE = 2\n" in changes
    assert changes.endswith("# new file, not in git: new.py\n")


def test_a_long_diff_is_cut_and_says_so(package: Path) -> None:
    (package / "__init__.py").write_text("V = 1\n" * 50_000)
    changes = environment.git_changes(package)
    assert changes is not None
    assert len(changes) < environment.DIFF_LIMIT + 100
    assert "\n# cut here: 100000 of " in changes


def test_an_installed_package_inside_a_checkout_is_not_that_checkout(package: Path) -> None:
    installed = package.parent / "venv" / "workbench"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert environment.git_commit(installed) is None


def test_without_git_there_is_no_commit(
    package: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.git_commit(package) is None


def test_the_users_own_checkout_does_not_matter(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = environment.git_commit(Path(workbench.__file__).parent)
    monkeypatch.chdir(package)
    assert environment.record_environment("cpu", 1).git_commit == here


def test_a_record_names_versions_hardware_and_threads() -> None:
    record = environment.record_environment("cpu", 3)
    assert record.python.startswith("3.")
    assert {"torch", "numpy", "mlflow", "pydantic"} <= set(record.packages)
    assert record.packages["mdrn-workbench"] == workbench.__version__
    assert f", {os.cpu_count()} cores, " in record.hardware
    assert record.hardware.endswith("GiB RAM")
    assert (record.device, record.threads, record.results_version) == ("cpu", 3, 1)


def test_packages_that_are_not_installed_are_left_out() -> None:
    assert list(environment.package_versions(["numpy", "no-such-package"])) == ["numpy"]


def test_the_gpu_is_named_after_the_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\necho "NVIDIA $1, 81559 MiB, 570.1"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,3")
    hardware = environment.describe_hardware("cuda")
    assert hardware.endswith("RAM, NVIDIA --id=2 (81559 MiB, driver 570.1)")
    program.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.describe_hardware("cuda").endswith(", GPU of unknown kind")
