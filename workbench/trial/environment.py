"""Where a trial ran: versions, commit, hardware. No torch, no mlflow."""

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import workbench
from workbench.provenance import Environment
from workbench.store.versions import RESULTS_VERSION

OURS = "mdrn-workbench"
PACKAGES = (
    "mlflow",
    "numpy",
    "optuna",
    "pillow",
    "piq",
    "pydantic",
    "ray",
    "scikit-image",
    "timm",
    "torch",
)
"""Distributions whose versions can change a result or how it is shown."""

DIFF_LIMIT = 100_000
"""Characters of uncommitted changes that are kept."""


def record_environment(device: str, threads: int) -> Environment:
    """Describe this process's machine and code.

    Args:
        device: `cpu`, `cuda` or `cuda:N`, on which networks are trained or run.
        threads: CPU threads of the trial.
    """
    package = Path(workbench.__file__).resolve().parent
    commit = git_commit(package)
    return Environment(
        python=platform.python_version(),
        # Of the code that runs: an editable installation keeps the number that it was made with.
        packages={OURS: workbench.__version__, **package_versions(PACKAGES)},
        git_commit=commit,
        git_dirty_diff=git_changes(package) if commit else None,
        hardware=describe_hardware(device),
        device=device,
        threads=threads,
        results_version=RESULTS_VERSION,
    )


def package_versions(names: Sequence[str]) -> dict[str, str]:
    """Return the versions of those distributions that are installed."""
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def git_commit(package: Path) -> str | None:
    """Return the commit of the checkout that tracks `package`.

    None where there is no git, or where the package only lies inside the checkout of another
    project, as the site-packages of a virtual environment do.
    """
    if _git(package, "ls-files", "--error-unmatch", "--", "__init__.py") is None:
        return None
    commit = _git(package, "rev-parse", "HEAD")
    return commit.strip() if commit else None


def git_changes(package: Path) -> str | None:
    """Return what differs from the commit in the whole checkout, None if nothing does.

    New files of the package, which a diff leaves out, are named after it.
    """
    diff = _git(package, "diff", "--no-color", "--no-ext-diff", "HEAD") or ""
    new = _git(package, "ls-files", "--others", "--exclude-standard", "--", ".") or ""
    text = diff + "".join(f"# new file, not in git: {name}\n" for name in new.splitlines())
    if len(text) > DIFF_LIMIT:
        return f"{text[:DIFF_LIMIT]}\n# cut here: {DIFF_LIMIT} of {len(text)} characters\n"
    return text or None


def describe_hardware(device: str) -> str:
    """Return one line: CPU, cores, memory, and the GPU if the trial uses it."""
    parts = [_cpu_model(), f"{os.cpu_count()} cores"]
    if "SC_PHYS_PAGES" in os.sysconf_names:
        memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        parts.append(f"{memory_bytes / 2**30:.0f} GiB RAM")
    kind, _, number = device.partition(":")
    if kind == "cuda":
        parts.append(_gpu_model(int(number or 0)))
    return ", ".join(parts)


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _gpu_model(number: int) -> str:
    """Name a GPU by its number among the visible ones.

    It asks the driver rather than torch, which takes seconds to load.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    name = visible[number].strip() if number < len(visible) else ""
    command = ["nvidia-smi", f"--id={name or number}", "--format=csv,noheader"]
    answer = _output([*command, "--query-gpu=name,memory.total,driver_version"])
    if not answer or not answer.strip():
        return "GPU of unknown kind"
    name, memory, driver = (part.strip() for part in answer.splitlines()[0].split(","))
    return f"{name} ({memory}, driver {driver})"


def _git(folder: Path, *arguments: str) -> str | None:
    return _output(["git", "-C", str(folder), *arguments])


def _output(command: Sequence[str]) -> str | None:
    """Return what a program prints, None if it is missing, fails or hangs."""
    # Trials run side by side, and git status and diff would lock the index to refresh it.
    variables = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, capture_output=True, timeout=20, env=variables, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", errors="replace")
