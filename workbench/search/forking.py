"""Fork the checkpoint of a parent while the parent waits at a rung."""

from pathlib import Path

from workbench.config.trial import TrialConfig
from workbench.execution.plan import Arm
from workbench.store.keys import trial_key
from workbench.store.ledger import Ledger
from workbench.trial.images import known_hashes
from workbench.trial.resume import fork_checkpoint


def fork_checkpoints(config: TrialConfig, *, seeds: tuple[int, ...], store: Path) -> None:
    """Copy the checkpoint of a compatible run into a training that has not started.

    `run_trial` looks for such a checkpoint, too; by then the parent may have trained further, and
    its checkpoint may be past the step at which the two trainings part.

    Args:
        config: The training.
        seeds: Seeds under which it will be run.
        store: The store; its images are packed.

    Raises:
        StoreError: If the store cannot be written.
    """
    ledger = Ledger(store)
    hashes = known_hashes(config, ledger)
    assert hashes is not None, "images are packed before a search runs"
    for seed in seeds:
        key = trial_key(Arm("", "", config).with_seed(seed), hashes)
        if ledger.result(key.trial) is None:
            with ledger.paths.training_lock(key.training):
                fork_checkpoint(key, ledger)
