"""What a plain `pip install` brings along."""

import importlib.util
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from workbench import __version__
from workbench.config.shipped import data_files

ROOT = Path(__file__).parent.parent
FOLDERS = ["ablations", "search_spaces"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_wheel_is_told_to_hold_the_data_files(folder: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included[folder] == f"workbench/shipped/{folder}"
    assert folder in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert (ROOT / folder / "schema.json").is_file()


@pytest.mark.skipif(
    importlib.util.find_spec("hatchling") is None, reason="hatchling is not installed"
)
def test_a_wheel_holds_the_data_files_and_the_costs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*build, "--quiet", "--wheel-dir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("mdrn_workbench-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in FOLDERS:
        for stem in data_files(folder):
            assert f"workbench/shipped/{folder}/{stem}.yaml" in names
    assert "workbench/ablation/costs.json" in names
    assert "workbench/py.typed" in names
    assert not {name for name in names if name.startswith("tests/")}
    assert f"mdrn_workbench-{__version__}-py3-none-any.whl" == wheel.name
