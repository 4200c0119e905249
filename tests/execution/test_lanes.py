"""The executor of lanes: the contract of all executors, and what only it promises."""

from pathlib import Path

from tests.execution.conformance import Conformance, RunConformance, StopConformance
from workbench.execution.lane_count import LaneCount
from workbench.execution.lanes import LanesExecutor

WORKER = "spawn_main"


class Lanes(Conformance):
    worker_names = (WORKER,)

    @staticmethod
    def open_executor(store: Path, workers: int) -> LanesExecutor:
        return LanesExecutor(store, [LaneCount(workers)])


class TestTrials(Lanes, RunConformance):
    pass


class TestStops(Lanes, StopConformance):
    pass
