"""Builders of tests: trials that start from trained weights."""

from pathlib import Path

from torch import Tensor

from workbench.config.evidence import Pretrained
from workbench.config.model import ModelConfig
from workbench.config.trial import TrialConfig
from workbench.models.checkpoints import Weights, weights_hash
from workbench.models.factory import build_model
from workbench.trial.pretrained import keep_pretrained


def trained(config: ModelConfig) -> dict[str, Tensor]:
    """Return weights that no seed of the tests draws."""
    return build_model(config, seed=77).state_dict()


def started(
    trial: TrialConfig, store: Path, *, heal: bool, weights: dict[str, Tensor] | None = None
) -> TrialConfig:
    """Return a trial that starts from weights of its network, which the store has."""
    state = trained(trial.mdrn) if weights is None else weights
    keep_pretrained(Weights(trial.mdrn, state, "workbench"), store)
    start = Pretrained(hash=weights_hash(state), heal=heal)
    return trial.model_copy(update={"pretrained": start})
