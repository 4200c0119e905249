"""What the library does leaves the global state of its caller's process as it was."""

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from tests.builders.state import global_state
from tests.foreign_networks import Plain
from workbench.config.data import ImageSource
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.config.trial import TrialConfig
from workbench.data.pairs import FolderPairs
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.latency import measure
from workbench.evaluation.upscale import plan_files, upscale_files
from workbench.execution.speed import _measured
from workbench.models.checkpoints import export_published, save_weights, weights_hash
from workbench.models.complexity import count, count_network
from workbench.models.factory import build_model
from workbench.models.foreign import Foreign
from workbench.models.opening import open_foreign, open_network
from workbench.results import CurvePoint
from workbench.search.objectives import parse_objectives
from workbench.search.samplers.optuna_sampler import OptunaSampler
from workbench.spaces.space import SpaceFile
from workbench.store.ledger import Ledger
from workbench.system.global_state import (
    environment_set,
    import_effects_undone,
    seed_torch,
    torch_settings_kept,
)
from workbench.training.device import float32_precision
from workbench.trial.run import TrialStopped, run_trial

PLAIN = Plain()
TINY = apply_overrides(PRESETS["tiny"], {"blocks": 1})


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """The caller has another number of threads than a trial."""
    with torch_settings_kept():
        torch.set_num_threads(2)
        yield


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Return a folder with weights of every kind."""
    model = build_model(TINY, seed=1)
    save_weights(tmp_path / "ours.safetensors", TINY, model.state_dict())
    export_published(tmp_path / "theirs.pth", TINY, model.state_dict())
    torch.save(Plain().state_dict(), tmp_path / "plain.pth")
    return tmp_path


def a_trial(trial: TrialConfig, store: Path) -> None:
    """Stop a trial, and go on with it from its checkpoint."""

    def stop(_: CurvePoint) -> None:
        raise TrialStopped("enough")

    run_trial(trial, store=store, on_validation=stop)
    run_trial(trial, store=store)


def an_evaluation(photos: Path) -> None:
    pairs = FolderPairs(ImageSource(name="photos", folder=str(photos)), 4, "bicubic")
    evaluate(build_model(TINY, seed=1), pairs, smallest_lr_px=TINY.smallest_lr_px())


def an_enlargement(photos: Path, target: Path) -> None:
    smallest = TINY.smallest_lr_px()
    model = build_model(TINY, seed=1)
    files = plan_files(photos / "photo0.png", target / "x.png")
    upscale_files(model, files, scale=4, smallest_lr_px=smallest)


def a_search() -> None:
    dimensions = {"model.channels": {"kind": "integers", "low": 8, "high": 16}}
    space = SpaceFile.parse({"question": "?", "base": "tiny", "dimensions": dimensions})
    sampler = OptunaSampler("tpe", 0, space, parse_objectives(["parameters"], ["photos"]))
    proposal = sampler.propose(0, 0)
    assert proposal is not None
    sampler.add_observation(proposal, [1.0])


ENTRIES: dict[str, Callable[[TrialConfig, Path, Path], object]] = {
    "build_model with a seed": lambda *_: build_model(TINY, seed=5),
    "build_model without a seed": lambda *_: build_model(TINY),
    "open_network, ours": lambda _, __, tmp: open_network(tmp / "ours.safetensors"),
    "open_network, published": lambda _, __, tmp: open_network(tmp / "theirs.pth"),
    "open_foreign": lambda _, __, tmp: open_foreign(
        Foreign("tests.foreign_networks:Plain", {}, 1), tmp / "plain.pth"
    ),
    "count": lambda *_: count(TINY, 24, 24),
    "count_network": lambda *_: count_network(PLAIN, 24, 24),
    "measure": lambda *_: measure(
        {"tiny": build_model(TINY, seed=1)}, 24, 24, rounds=1, device=torch.device("cpu")
    ),
    "evaluate": lambda _, photos, __: an_evaluation(photos),
    "upscale_files": lambda _, photos, tmp: an_enlargement(photos, tmp),
    "run_trial": lambda trial, _, tmp: a_trial(trial, tmp),
    "the time of a trial": lambda trial, _, tmp: _measured(trial, Ledger(tmp)),
    "a search's sampler": lambda *_: a_search(),
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_of_the_library_changes_no_global_state(
    entry: str, tiny_trial: TrialConfig, photos: Path, weights: Path
) -> None:
    before = global_state()
    ENTRIES[entry](tiny_trial, photos, weights)
    after = global_state()
    assert [name for name in before if before[name] != after[name]] == []


def test_the_initial_weights_are_those_of_the_published_rule() -> None:
    """Seed and path alone; pinned, so that no guard around the streams changes them."""
    found = {name: weights_hash(build_model(PRESETS[name], seed=3).state_dict()) for name in PINNED}
    assert {name: digest[:16] for name, digest in found.items()} == PINNED


PINNED = {"mdrn-s": "c6f764c22e1d6fed", "bsrn": "cb91c1865f372125", "tiny": "afc8a2801aaf133e"}


def test_the_callers_stream_does_not_reach_the_weights() -> None:
    found = []
    for seed in (1, 2):
        seed_torch(seed)
        found.append(weights_hash(build_model(TINY, seed=3).state_dict()))
    assert found[0] == found[1]


def test_threads_that_build_networks_side_by_side_do_not_share_a_stream() -> None:
    seeds = range(8)
    expected = [weights_hash(build_model(TINY, seed=seed).state_dict()) for seed in seeds]
    before = global_state()
    with ThreadPoolExecutor(4) as threads:
        built = list(threads.map(lambda seed: build_model(TINY, seed=seed), seeds))
    assert [weights_hash(model.state_dict()) for model in built] == expected
    assert global_state() == before


def test_what_imports_do_to_environment_and_warnings_is_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKBENCH_A", "mine")
    before = global_state()
    with import_effects_undone():
        os.environ["WORKBENCH_A"] = "theirs"
        os.environ["WORKBENCH_B"] = "theirs"
        warnings.simplefilter("once")
    assert global_state() == before


def test_variables_are_set_for_a_while_and_the_users_own_win(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKBENCH_A", "mine")
    monkeypatch.delenv("WORKBENCH_B", raising=False)
    names = ("WORKBENCH_A", "WORKBENCH_B")
    with environment_set(dict.fromkeys(names, "set")):
        assert [os.environ[name] for name in names] == ["mine", "set"]
    with environment_set(dict.fromkeys(names, "set"), replace=True):
        assert [os.environ[name] for name in names] == ["set", "set"]
    assert [os.environ.get(name) for name in names] == ["mine", None]


def test_determinism_and_tf32_of_cuda_are_put_back() -> None:
    def settings() -> tuple[object, ...]:
        cudnn, products = torch.backends.cudnn, torch.backends.cuda.matmul
        convolutions = cudnn.conv  # type: ignore[attr-defined]
        precisions = products.fp32_precision, convolutions.fp32_precision
        return cudnn.benchmark, cudnn.deterministic, *precisions

    before = settings()
    with torch_settings_kept():
        torch.backends.cudnn.benchmark = not before[0]
        torch.backends.cudnn.deterministic = not before[1]
        with float32_precision("tf32"):
            assert settings()[2:] == ("tf32", "tf32")
        assert settings()[2:] == ("ieee", "ieee")
    assert settings() == before
