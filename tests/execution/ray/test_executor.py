"""The executor of Ray on this machine: the contract of all executors, in one start of Ray."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.execution.conformance import ExecutorConformance
from tests.processes import RAY_WORKERS
from workbench.execution.ray import executor as ray_executor
from workbench.execution.ray.executor import RayExecutor
from workbench.execution.ray.tuning import Resources

pytestmark = [
    pytest.mark.xdist_group("ray"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="workers are found by their titles"),
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module", autouse=True)
def _fewer_losses() -> Iterator[None]:
    """Let a trial fail after two losses in place of four, each of which costs a new process."""
    before, ray_executor.MAX_LOSSES = ray_executor.MAX_LOSSES, 1
    yield
    ray_executor.MAX_LOSSES = before


class TestRayExecutor(ExecutorConformance):
    worker_names = RAY_WORKERS

    @staticmethod
    def open_executor(store: Path, workers: int) -> RayExecutor:
        return RayExecutor(store, workers, None, Resources())
