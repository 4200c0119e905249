"""The trained weights that a trial starts from: kept in the store, found by their hash."""

from pathlib import Path

from torch import Tensor

from workbench.config.trial import TrialConfig
from workbench.errors import CheckpointError
from workbench.models.checkpoints import Weights, read_weights, save_weights, weights_hash
from workbench.store.ledger import Ledger
from workbench.store.store import Store


def pretrained_state(config: TrialConfig, ledger: Ledger) -> dict[str, Tensor] | None:
    """Return the weights that a trial starts from, on the CPU; None for initial ones.

    Raises:
        CheckpointError: If the store does not have them, or has others under their name.
    """
    if config.pretrained is None:
        return None
    path = ledger.paths.pretrained(config.pretrained.hash)
    if not path.is_file():
        raise missing(config.pretrained.hash, ledger.store)
    weights = read_weights(path)
    if weights_hash(weights.state) != config.pretrained.hash:
        raise CheckpointError(
            f"{path}: not the weights of this hash; move it away and rerun the command that had "
            "--from with their file"
        )
    return weights.state


def missing(weights_hash: str, store: Path) -> CheckpointError:
    """Return the error for weights that a store does not have."""
    return CheckpointError(
        f"the weights {weights_hash[:12]} that these trials start from are not in {store}; "
        "rerun the command that had --from with their file, or import the study from the store "
        "that has them"
    )


def keep_pretrained(weights: Weights, store: Path) -> None:
    """Write weights to a store, from where every worker reads them; what is whole is kept.

    Raises:
        StoreError: If the store cannot be written.
    """
    digest = weights_hash(weights.state)
    path = Store(store).pretrained(digest)
    if not (path.is_file() and _is_whole(path, digest)):
        save_weights(path, weights.config, weights.state, store=store)


def _is_whole(path: Path, digest: str) -> bool:
    try:
        return weights_hash(read_weights(path).state) == digest
    except CheckpointError:
        return False
