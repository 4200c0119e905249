"""What the ledger has of the trials of a plan. Decodes no image, loads no torch."""

from collections.abc import Iterable
from pathlib import Path

from workbench.config.trial import TrialConfig
from workbench.execution.executor import Task
from workbench.execution.plan import Arm, Plan
from workbench.store.keys import DataHashes, trial_key
from workbench.store.ledger import Ledger
from workbench.trial.images import known_hashes


def look_up(plan: Plan, store: Path) -> list[Task]:
    """Return the plan's trials with the results that exist, in the plan's order.

    Raises:
        DataError: If a folder of images cannot be used.
        StoreError: If a record of the ledger cannot be read.
    """
    return LedgerLookup(store).tasks(plan.trials())


class LedgerLookup:
    """Looks trials up; the image folders are listed once for all trials that share them.

    Args:
        store: The store that holds the ledger.
    """

    def __init__(self, store: Path) -> None:
        self._ledger = Ledger(store)
        self._hashes: dict[object, DataHashes | None] = {}

    def tasks(self, trials: Iterable[tuple[Arm, int]]) -> list[Task]:
        """Return the trials of (arm, seed) as tasks.

        Raises:
            DataError: If a folder of images cannot be used.
            StoreError: If a record of the ledger cannot be read.
        """
        return [self._task(arm, seed) for arm, seed in trials]

    def _task(self, arm: Arm, seed: int) -> Task:
        config, hashes = arm.with_seed(seed), self._known_hashes(arm.config)
        key = None if hashes is None else trial_key(config, hashes).trial
        result = self._ledger.result(key) if key else None
        return Task(arm.name, config, key, arm.until, result)

    def _known_hashes(self, config: TrialConfig) -> DataHashes | None:
        images = (config.data, config.evaluation, config.model.scale)
        if images not in self._hashes:
            self._hashes[images] = known_hashes(config, self._ledger)
        return self._hashes[images]
