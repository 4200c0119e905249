"""`--from WEIGHTS`: trained weights that all networks of a study start from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.config.evidence import Pretrained
from workbench.config.presets import PRESETS
from workbench.config.published import weights_hint
from workbench.config.training import TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.errors import CheckpointError, ConfigError, WorkbenchError
from workbench.execution.plan import Plan
from workbench.store.keys import model_hash
from workbench.store.ledger import Ledger
from workbench.system.events import Emit, Note
from workbench.system.text import as_file_name

if TYPE_CHECKING:
    from workbench.models.checkpoints import Weights

KEY_LETTERS = 6
"""Fewest letters of a key that name a trial."""


@dataclass(frozen=True)
class SourceWeights:
    """Trained weights, opened."""

    name: str
    """What the user called them: the name of the file, or `trial` and its key."""
    hash: str
    weights: Weights

    @property
    def network(self) -> str:
        """What tables call their network: its preset, or the name of the weights."""
        same = (name for name, model in PRESETS.items() if model == self.weights.config)
        return next(same, as_file_name(Path(self.name).stem))


def open_source(text: str, store: Path) -> SourceWeights:
    """Open a weights file, or the weights of a finished trial. Imports torch.

    Args:
        text: The file; or six or more letters of the key of a trial.
        store: The store of the trial; it may be absent.

    Raises:
        ConfigError: If there is neither such a file nor such a trial.
        CheckpointError: If the weights cannot be used, or are of a network that is not ours.
        WorkbenchError: If the trial is not finished.
    """
    from workbench.models.checkpoints import read_weights, weights_hash

    path, name = Path(text), Path(text).name
    if not path.is_file():
        key = _trial(text, store)
        path, name = _weights_of(key, store), f"trial {key[:12]}"
    weights = read_weights(path)
    return SourceWeights(name, weights_hash(weights.state), weights)


def start_from(base: TrialConfig, source: SourceWeights, *, heal: bool) -> TrialConfig:
    """Return the trial of the intact network: from these weights, healed or not trained at all.

    Raises:
        ConfigError: If the network is not that of the weights.
    """
    if model_hash(base.model) != model_hash(source.weights.config):
        raise ConfigError(
            f"--from {source.name} holds weights of a network other than the base, which is "
            f"always the intact one; leave out --base and --set model... (the weights are of "
            f"{source.network} at x{source.weights.config.scale})"
        )
    training = base.training if heal else _untrained(base.training)
    pretrained = Pretrained(hash=source.hash, heal=heal)
    return base.model_copy(update={"training": training, "pretrained": pretrained})


def with_taken(plan: Plan, source: SourceWeights, emit: Emit) -> Plan:
    """Note what each network takes from the weights, and keep it with its arm.

    Raises:
        ConfigError: If a variant is another network, of which the weights have too little.
    """
    from workbench.models.taking import is_another_network, taken_weights

    arms = []
    for arm in plan.arms:
        taken = taken_weights(arm.config.model, source.weights.state)
        if is_another_network(taken):
            raise ConfigError(
                f"{arm.name}: only {taken.taken:,} of its {taken.taken + taken.new:,} parameters "
                f"are in {source.name}, less than half, so it is another network and not a part "
                "of this one; leave it out, or compare without --from"
            )
        arms.append(replace(arm, taken=taken))
    for arm in arms:
        if arm.taken and (arm.taken.new or arm.taken.left_out):
            untrained = (
                "; what starts anew is untrained, so a lesion does not judge it"
                if arm.taken.new and arm.config.is_lesion
                else ""
            )
            emit(Note(f"{arm.name}: {arm.taken.describe()}{untrained}"))
    return replace(plan, arms=tuple(arms), weights_name=source.name)


def check_pretrained(plan: Plan, store: Path) -> None:
    """Refuse to begin trials whose weights to start from the store does not have.

    Raises:
        CheckpointError: Naming the hash of the first of them.
    """
    paths = Ledger(store).paths
    for arm in plan.arms:
        pretrained = arm.config.pretrained
        if pretrained is not None and not paths.pretrained(pretrained.hash).is_file():
            from workbench.trial.pretrained import missing  # torch

            raise missing(pretrained.hash, store)


def _untrained(training: TrainingConfig) -> TrainingConfig:
    """Return the recipe of one step that stands in the config of a lesion and is not run."""
    stage = training.stages[0].model_copy(update={"steps": 1, "milestones": ()})
    return training.model_copy(
        update={"stages": (stage,), "validate_every": 1, "checkpoint_every": 1}
    )


def _trial(text: str, store: Path) -> str:
    """Return the key of the trial that is meant."""
    keys = Ledger(store).paths.trial_keys(text) if _may_be_key(text) else []
    if len(keys) > 1:
        raise ConfigError(f"--from {text} is the start of {len(keys)} trial keys; give more of it")
    if not keys:
        hint = weights_hint(Path(text))
        raise ConfigError(
            f"--from {text}: no such weights file, and no trial in {store} has a key that starts so"
            f"{hint}"
        )
    return keys[0]


def _may_be_key(text: str) -> bool:
    return len(text) >= KEY_LETTERS and text.isalnum()


def _weights_of(key: str, store: Path) -> Path:
    """Return the weights of a finished trial, after checking that they are those that were scored.

    Raises:
        WorkbenchError: If it is not finished, or has ended without weights.
        CheckpointError: If its weights are gone.
    """
    from workbench.experiments.scored_weights import scored_network

    ledger = Ledger(store)
    result = ledger.result(key)
    if result is None:
        raise WorkbenchError(f"--from {key}: this trial is not finished, so it has no weights")
    if not result.weights_hash or not result.scores:
        raise CheckpointError(f"--from {key}: this trial has no weights ({result.state})")
    scored_network(result, ledger)
    return ledger.paths.weights(result.training_key)
