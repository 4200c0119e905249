"""What all tests share."""

import gc
import importlib.resources
import importlib.util
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from workbench.config.data import DataConfig, ImageSource
from workbench.config.evaluation import EvaluationConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.config.training import StageConfig, TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.tracking import mlflow_connection
from workbench.tracking.database import artifacts_path, sqlite_address, sqlite_file
from workbench.tracking.mlflow_tracker import MlflowTracker

CreateTables = Callable[[str, str], None]

# Two threads on a busy machine are many times slower than one, and results depend on the number.
torch.set_num_threads(1)

if not torch.cuda.is_available() and importlib.util.find_spec("triton"):
    # Triton decides when it is imported whether kernels are interpreted, and modules of PyTorch
    # import it, so this comes first. The variable is not left to processes that tests start.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_INTERPRET", "1")
        importlib.import_module("triton.experimental.gluon")
        importlib.import_module("tests.builders.kernels").load()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without garbage collections: they take half of the time and find nothing."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()  # modules and tests stay to the end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of CUDA where there is none."""
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="PyTorch sees no CUDA device"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep tests that share a fixture in one process."""
    from tests.scheduling import GroupScheduling

    return GroupScheduling(config, log)


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of published weights, golden tensors and benchmark images."""
    place = os.environ.get("WORKBENCH_REFERENCE")
    if not place:
        pytest.skip("WORKBENCH_REFERENCE is not set: no published weights to compare with")
    folder = Path(place)
    assert folder.is_dir(), f"WORKBENCH_REFERENCE={place} is no folder"
    return folder


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of four real photographs of 64 x 64 px."""
    folder = tmp_path_factory.mktemp("photos")
    source = Path(str(importlib.resources.files("skimage"))) / "data" / "astronaut.png"
    with Image.open(source) as image:
        for number, (left, top) in enumerate([(180, 60), (20, 300), (300, 380), (400, 20)]):
            crop = image.convert("RGB").crop((left, top, left + 64, top + 64))
            crop.save(folder / f"photo{number}.png")
    return folder


@pytest.fixture
def tiny_trial(photos: Path) -> TrialConfig:
    """Return a trial of a second or two: a small network, 12 steps, small photographs."""
    source = ImageSource(name="photos", folder=str(photos))
    return TrialConfig(
        model=apply_overrides(PRESETS["tiny"], {"blocks": 1}),
        data=DataConfig(training=(source,), validation=source),
        training=TrainingConfig(
            stages=(
                StageConfig(
                    steps=12, hr_patch_px=60, batch_size=2, learning_rate=1e-3, milestones=(8,)
                ),
            ),
            validate_every=6,
            checkpoint_every=5,
        ),
        evaluation=EvaluationConfig(benchmarks=(source,)),
    )


@pytest.fixture(scope="session", autouse=True)
def create_tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CreateTables]:
    """Copy the tables of MLflow's databases: its migrations take 1.5 s of a core for each store.

    Yields the function that runs the migrations, for tests that need it.
    """
    template: Path = tmp_path_factory.mktemp("tables") / "mlflow.db"
    create = mlflow_connection.create_tables

    def copy(address: str, artifacts: str) -> None:
        file = sqlite_file(address)
        if file is None or Path(artifacts).name != artifacts_path(file.parent).name:
            create(address, artifacts)
            return
        if not template.exists():  # artifacts follow the store when the database is opened
            create(sqlite_address(template), artifacts_path(template.parent).as_uri())
        shutil.copyfile(template, file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mlflow_connection, "create_tables", copy)
        yield create


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with a database and no runs, for copies."""
    folder: Path = tmp_path_factory.mktemp("empty") / "store"
    MlflowTracker(folder).close()
    return folder
