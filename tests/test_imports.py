"""Imports go one way, and light commands stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli.command_table import COMMANDS
from workbench.cli.search import SUBCOMMANDS as SEARCH
from workbench.cli.spaces import SUBCOMMANDS as SPACES

PACKAGE = Path(__file__).parent.parent / "workbench"

LAYERS = [
    {"errors"},
    {"system"},
    {"config"},
    {"provenance"},
    {"results"},
    {"store", "spaces", "statistics"},
    {"tracking", "kernels"},
    {"data", "models"},
    {"training", "evaluation"},
    {"trial"},
    {"execution", "proxies"},
    {"analysis", "tables"},
    {"ablation", "search"},
    {"reporting"},
    {"experiments"},
    {"api", "cli"},
    {"__init__", "__main__"},
]
LEVEL = {unit: level for level, units in enumerate(LAYERS) for unit in units}
HEAVY = ("torch", "timm", "ray", "mlflow", "optuna", "pandas", "matplotlib", "skimage", "piq")


def unit_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_units(path: Path) -> set[str]:
    """Return the units that a file imports anywhere, also inside functions."""
    units = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        units |= {name.split(".")[1] for name in names if name.startswith("workbench.")}
    return units - {"__version__"}


FILES = sorted(PACKAGE.rglob("*.py"))


def test_every_file_imports_from_lower_layers_only() -> None:
    for path in FILES:
        unit = unit_of(path)
        assert unit in LEVEL, f"give {unit} a place in LAYERS"
        for other in imported_units(path) - {unit}:
            assert LEVEL[other] < LEVEL[unit], f"{path}: {unit} must not import {other}"


# Where a library may be imported: beyond its doors, a change of it would have to be followed in
# many places. Folders end with a slash.
DOORS = {
    "mlflow": {"tracking/mlflow_connection.py"},
    "sqlalchemy": {"tracking/mlflow_connection.py"},
    "ray": {"execution/ray/"},
    "psutil": {"execution/ray/reaper.py", "trial/usage.py"},
    "optuna": {"search/", "reporting/search_study.py"},
    "plotly": {"reporting/page_figures.py"},
    "matplotlib": {"reporting/prints.py"},
    "pyarrow": {"tables/parquet.py"},
    "pandas": {"reporting/exports.py", "api/"},
    "triton": {"kernels/"},
    "fvcore": {"models/fvcore_counter.py"},
    "onnxruntime": {"models/exports/"},
    "scipy": {"statistics/", "evaluation/upscale.py"},
}


def importers(library: str) -> list[str]:
    """Return the files that import a library, also inside functions."""
    found = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == library for name in names):
                found.append(path.relative_to(PACKAGE).as_posix())
    return sorted(set(found))


@pytest.mark.parametrize("library", DOORS)
def test_a_library_is_imported_at_its_doors_only(library: str) -> None:
    used = {
        next((door for door in DOORS[library] if path.startswith(door)), path)
        for path in importers(library)
    }
    assert used == DOORS[library]


def modules_after(code: str, folder: Path) -> set[str]:
    """Run code in a fresh interpreter and return the modules that it loaded."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules), file=sys.stderr)"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=folder, check=True
    )
    return set(run.stderr.split())


SLOW = {"numpy", "scipy", "PIL", "plotly", "pydantic", "ruamel.yaml", "safetensors", *HEAVY}
"""Packages that take longer to import than the list of commands takes to print."""


def test_the_program_starts_without_slow_packages(tmp_path: Path) -> None:
    loaded = modules_after("import workbench.cli.main", tmp_path)
    assert not SLOW & loaded


RUN = """
from workbench.cli.main import main

def run(*argv):
    sys.argv = ["workbench", *argv]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (argv, end.code)

"""


def loaded_by(commands: list[list[str]], folder: Path) -> set[str]:
    """Run commands in one fresh interpreter and return the packages that they loaded."""
    calls = "\n".join(f"run(*{argv!r})" for argv in commands)
    return {name.split(".")[0] for name in modules_after(RUN + calls, folder)}


def test_help_loads_no_package_for_numbers_or_images(tmp_path: Path) -> None:
    groups = {"search": SEARCH, "spaces": SPACES}
    commands = [[name, "--help"] for name in COMMANDS]
    commands += [[group, name, "--help"] for group in groups for name in groups[group]]
    assert not {"numpy", "scipy", "PIL", "plotly", *HEAVY} & loaded_by(commands, tmp_path)


def test_listings_load_no_package_for_numbers_or_images(tmp_path: Path) -> None:
    commands = [["variants"], ["spaces"], ["schema", "variant"], ["schema", "space"]]
    assert not {"numpy", "scipy", "PIL", "plotly", *HEAVY} & loaded_by(commands, tmp_path)


def test_a_dry_run_loads_no_package_for_training_or_statistics(tmp_path: Path) -> None:
    argv = ["ablate", "--variant", "no-lvar", "--dry-run"]
    assert not {"scipy", "plotly", "safetensors", *HEAVY} & loaded_by([argv], tmp_path)


@pytest.mark.parametrize(
    "unit", ["config", "results", "store", "statistics", "analysis", "reporting"]
)
def test_records_and_statistics_load_without_torch(unit: str, tmp_path: Path) -> None:
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in FILES
        if unit_of(path) == unit
    ]
    loaded = modules_after("\n".join(f"import {name}" for name in names), tmp_path)
    assert "torch" not in loaded
