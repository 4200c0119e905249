"""The network of a finished trial, as it was scored. Imports torch."""

import torch

from workbench.errors import CheckpointError
from workbench.models import checkpoints
from workbench.models.network import MDRN
from workbench.models.own_module import OwnNetwork
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.store.sources import load_sources
from workbench.store.store import Store
from workbench.system.digests import DamagedError, check_safetensors, say_damaged
from workbench.training.state import load_checkpoint, new_state
from workbench.trial.pretrained import pretrained_state


def scored_network(trial: TrialResult, ledger: Ledger) -> MDRN | OwnNetwork:
    """Return the network of a trial; damaged or missing weights are made from its checkpoint.

    Raises:
        CheckpointError: If its weights are gone, or are not those that were scored.
        StoreError: If the store cannot be written.
    """
    path = Store(ledger.store).weights(trial.training_key)
    load_sources(trial.config.model, ledger.store)
    try:
        check_safetensors(path.read_bytes())
    except DamagedError as damage:
        say_damaged(path, damage)
        _make_again(trial, ledger)
    except FileNotFoundError:
        _make_again(trial, ledger)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror})") from None
    model = checkpoints.load_network(path)
    if checkpoints.weights_hash(model.state_dict()) != trial.weights_hash:
        raise CheckpointError(f"{path}: not the weights that were scored")
    return model


def _make_again(trial: TrialResult, ledger: Ledger) -> None:
    """Write the weights of a training from its last checkpoint, if that is of the last step.

    A lesion is made again from the weights that it starts from.
    """
    store, device = Store(ledger.store), torch.device("cpu")
    with torch.random.fork_rng(devices=[]):  # a checkpoint brings the state of its random stream
        state = new_state(trial.config, device, pretrained_state(trial.config, ledger))
        checkpoint = store.checkpoint(trial.training_key)
        if not (trial.config.is_lesion or load_checkpoint(state, checkpoint, device)):
            return
    averaged = state.average.module.state_dict()
    if checkpoints.weights_hash(averaged) == trial.weights_hash:
        path = store.weights(trial.training_key)
        checkpoints.save_weights(path, trial.config.model, averaged, store=ledger.store)
