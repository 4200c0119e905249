"""A candidate that goes on from another one begins before that one moves on."""

from pathlib import Path

from workbench.config.trial import TrialConfig
from workbench.execution.plan import Arm
from workbench.store.keys import trial_key
from workbench.store.ledger import Ledger
from workbench.trial.images import known_hashes
from workbench.trial.resume import fork_checkpoint


def fork_checkpoints(config: TrialConfig, *, seeds: tuple[int, ...], store: Path) -> None:
    """Give a training that has not begun the steps that others have, for each seed.

    A training does so by itself when it is run; by then the one that it goes on from may have gone
    further, and its checkpoint with it.

    Args:
        config: The training.
        seeds: Of it.
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
            with ledger.training_lock(key):
                fork_checkpoint(key, ledger)
