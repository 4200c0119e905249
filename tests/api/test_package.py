"""What `import workbench` gives, before and after anything of it is used."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import workbench as wb

ROOT = Path(__file__).parent.parent.parent

SCRIPT = """
import numpy as np
from PIL import Image

import workbench as wb

network = wb.build(wb.variant("no-lvar"), seed=1)
scale: int = network.scale
large: np.ndarray = wb.upscale(network, np.zeros((32, 32, 3), np.uint8))
picture: Image.Image = wb.upscale(wb.load("mdrn-s.pth"), Image.new("RGB", (32, 32)))
parameters: int = wb.count("mdrn-s").parameters
best: float = wb.evaluate(network, {"Set5": "Set5"}).to_frame()["psnr_rgb_db"].max()
name: str = wb.study("demo").name
delta: float = wb.ablate(["no-lvar"], seeds=3).verdicts()["delta_psnr_rgb_db"].max()
front: int = len(wb.search("mdrn-size", trials=24, limits={"parameters": 60_000}).front())
try:
    wb.studies("store")
except wb.WorkbenchError as error:
    text: str = str(error)
"""


def test_importing_the_package_loads_nothing_else(tmp_path: Path) -> None:
    code = "import sys; old = set(sys.modules); import workbench; print(*set(sys.modules) - old)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert loaded <= {"workbench", "importlib", "typing", *sys.stdlib_module_names}
    assert "workbench" in loaded


@pytest.mark.parametrize("name", wb.__all__)
def test_every_public_name_can_be_used(name: str) -> None:
    value = getattr(wb, name)
    assert name in dir(wb)
    if name != "__version__":
        assert inspect.getdoc(value)


@pytest.mark.parametrize("name", [name for name in wb.__all__ if name[0].islower()])
def test_every_function_documents_what_it_raises_and_an_example(name: str) -> None:
    function = inspect.unwrap(getattr(wb, name))
    text = inspect.getdoc(function) or ""
    parameters = inspect.signature(function).parameters
    for parameter in parameters:
        assert f"{parameter}:" in text, f"{name}: {parameter} is not explained"
    if parameters:
        assert "Args:" in text
        assert "Raises:" in text
        assert "Example:" in text


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'workbench' has no attribute 'train_all'"):
        wb.train_all  # noqa: B018


def test_a_script_of_a_user_passes_mypy_strict(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
