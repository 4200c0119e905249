"""Trials from trained weights: lesions train nothing, healed ones train on from there."""

from pathlib import Path

import pytest
import torch

from tests.builders.pretrained import started, trained
from workbench.ablation.variant import find_variants
from workbench.config.data import ImageSource
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.config.trial import TrialConfig
from workbench.data.pairs import FolderPairs
from workbench.errors import CheckpointError
from workbench.evaluation.evaluate import evaluate
from workbench.experiments.scored_weights import scored_network
from workbench.models.checkpoints import load_model, read_weights
from workbench.models.factory import build_model
from workbench.models.taking import take_weights
from workbench.results import TrialState
from workbench.store.ledger import Ledger
from workbench.trial.run import run_trial


def test_a_lesion_is_scored_as_it_is(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    config = started(tiny_trial, tmp_path, heal=False)
    assert config.pretrained is not None
    result = run_trial(config, store=tmp_path)
    assert (result.state, result.steps, result.curve) == (TrialState.COMPLETE, 0, ())
    assert result.weights_hash == config.pretrained.hash
    assert result.scores[0].protocol.evidence_text == f"lesion of weights {result.weights_hash[:8]}"
    assert not list(tmp_path.glob("trainings/*/checkpoint.pt"))


def test_a_lesion_scores_what_was_removed_from_the_weights(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    (variant,) = find_variants(["no-ecca"])
    config = variant.apply(started(tiny_trial, tmp_path, heal=False))
    network = build_model(config.model, seed=1)
    take_weights(network, trained(tiny_trial.mdrn))
    source = config.evaluation.benchmarks[0]
    pairs = FolderPairs(source, 4, "bicubic")
    wanted = evaluate(network.eval(), pairs, smallest_lr_px=config.model.smallest_lr_px())
    found = run_trial(config, store=tmp_path)
    assert found.scores[0].images == wanted.images
    weights = Ledger(tmp_path).paths.weights(found.training_key)
    weights.unlink()  # made again from those that it started from
    assert scored_network(found, Ledger(tmp_path)).config == config.model


def test_a_healed_trial_starts_from_the_weights_and_trains_on(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    slow = apply_overrides(tiny_trial, {"training.stages.0.learning_rate": 1e-12})
    config = started(slow, tmp_path, heal=True)
    result = run_trial(config, store=tmp_path)
    assert (result.steps, len(result.curve)) == (12, 2)
    assert result.scores[0].protocol.evidence == "healed"
    state = load_model(Ledger(tmp_path).paths.weights(result.training_key)).state_dict()
    for name, value in trained(tiny_trial.mdrn).items():
        torch.testing.assert_close(state[name], value, atol=1e-6, rtol=0)


def test_a_healed_trial_that_stops_ends_like_an_undisturbed_one(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    config = started(tiny_trial, whole, heal=True)
    started(tiny_trial, parts, heal=True)
    expected = run_trial(config, store=whole)
    assert run_trial(config, store=parts, until=6).state is TrialState.PRUNED
    resumed = run_trial(config, store=parts)
    assert (resumed.weights_hash, resumed.scores) == (expected.weights_hash, expected.scores)
    assert resumed.sessions == 2
    assert expected.weights_hash != run_trial(tiny_trial, store=whole).weights_hash


def test_weights_that_the_store_lacks_or_that_are_others_are_refused(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    config = started(tiny_trial, tmp_path / "one", heal=False)
    with pytest.raises(CheckpointError, match=r"trials start from are not in .*two; rerun"):
        run_trial(config, store=tmp_path / "two")
    assert config.pretrained is not None
    path = Ledger(tmp_path / "one").paths.pretrained(config.pretrained.hash)
    other = started(tiny_trial, tmp_path / "one", heal=False, weights=build_state(tiny_trial))
    assert other.pretrained is not None
    path.write_bytes(Ledger(tmp_path / "one").paths.pretrained(other.pretrained.hash).read_bytes())
    with pytest.raises(CheckpointError, match="not the weights of this hash; move it away"):
        run_trial(config, store=tmp_path / "one")
    started(tiny_trial, tmp_path / "one", heal=False)  # which writes them again
    assert run_trial(config, store=tmp_path / "one").state is TrialState.COMPLETE


def build_state(trial: TrialConfig) -> dict[str, torch.Tensor]:
    return build_model(trial.model, seed=78).state_dict()


def test_lesions_of_the_published_weights_lose_what_was_measured_before(
    tiny_trial: TrialConfig, reference: Path, tmp_path: Path
) -> None:
    weights = read_weights(reference / "weights" / "mdrn-s.pth")
    assert weights.config == PRESETS["mdrn-s"]
    set5 = ImageSource(name="Set5", folder=str(reference / "benchmarks" / "Set5"))
    evaluation = tiny_trial.evaluation.model_copy(update={"benchmarks": (set5,)})
    intact = tiny_trial.model_copy(update={"model": weights.config, "evaluation": evaluation})
    intact = started(intact, tmp_path, heal=False, weights=weights.state)
    arms = {"": intact} | {v.name: v.apply(intact) for v in find_variants([*LOSSES_DB])}
    psnr = {
        name: run_trial(config, store=tmp_path).scores[0].mean().psnr_rgb_db
        for name, config in arms.items()
    }
    for name, (loss_db, rounding_db) in LOSSES_DB.items():
        assert psnr[name] - psnr[""] == pytest.approx(loss_db, abs=0.05 + rounding_db), name


LOSSES_DB = {"no-mdsa": (-2.30, 0.005), "no-ecca": (-23.7, 0.05), "no-lvar": (-0.43, 0.005)}
"""PSNR in RGB on Set5, measured on a GPU, and half of the last digit."""
