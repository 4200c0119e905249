"""Trials on nodes with and without the driver's store; the driver's node is served directly."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.own_modules import NET, write_modules
from tests.builders.pretrained import started
from tests.damage import flip
from workbench.ablation.variant import find_variants
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import CheckpointError, ConfigError, DataError, StoppedByUserError
from workbench.execution.events import Notice, TrialProgressed, TrialValidated
from workbench.execution.executor import Task
from workbench.execution.ray.home import Bug, Failure, Outcome, Stopped, StoreServer
from workbench.execution.ray.node import Shipped, outcome_of, run_shipped
from workbench.results import TrialResult, TrialState
from workbench.store.keys import trial_key
from workbench.store.ledger import Ledger
from workbench.store.sources import sources_of
from workbench.store.store import CHECKPOINT, WEIGHTS
from workbench.system.digests import seal
from workbench.trial.images import open_images, packed_images
from workbench.trial.run import run_trial


def shipped(config: TrialConfig, store: Path, until: int | None = None, ticket: int = 1) -> Shipped:
    return Shipped(ticket, Task("a", config, until=until), packed_images(config), store)


@pytest.fixture
def store(tiny_trial: TrialConfig, tmp_path: Path) -> Path:
    """Return a store whose images are packed."""
    open_images(tiny_trial, Ledger(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def expected(tiny_trial: TrialConfig, tmp_path: Path) -> TrialResult:
    return run_trial(tiny_trial, store=tmp_path / "undisturbed")


def same(one: TrialResult, other: TrialResult) -> bool:
    """Tell whether two results differ in nothing but when and where they came about."""
    return (one.key, one.scores, one.weights_hash) == (other.key, other.scores, other.weights_hash)


def new_node(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process stand on a node that has nothing yet."""
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


def test_a_node_without_the_store_fetches_what_it_needs_and_brings_the_result_home(
    tiny_trial: TrialConfig,
    store: Path,
    expected: TrialResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new_node(tmp_path / "node", monkeypatch)
    server = StoreServer(store)
    result = run_shipped(shipped(tiny_trial, store), server, at_home=False)
    assert same(result, expected)
    assert Ledger(store).result(result.key) == result
    assert len(list(store.glob(f"trainings/*/{WEIGHTS}"))) == 1
    reports = [report for _, report in server.take_events()]
    assert tuple(r.point for r in reports if isinstance(r, TrialValidated)) == result.curve
    assert any(isinstance(report, TrialProgressed) for report in reports)
    assert len(list((tmp_path / "node").glob("workbench-*/images/*/manifest.json"))) > 0

    new_node(tmp_path / "other", monkeypatch)  # requested again on any node: nothing is trained
    assert run_shipped(shipped(tiny_trial, store), server, at_home=False) == result
    assert not list((tmp_path / "other").glob("workbench-*/trials/*"))


def test_a_node_fetches_the_weights_that_a_trial_starts_from(
    tiny_trial: TrialConfig, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesion = started(tiny_trial, store, heal=False)
    new_node(tmp_path / "node", monkeypatch)
    result = run_shipped(shipped(lesion, store), StoreServer(store), at_home=False)
    assert lesion.pretrained is not None
    assert (result.steps, result.weights_hash) == (0, lesion.pretrained.hash)
    assert Ledger(store).result(result.key) == result
    Ledger(store).paths.pretrained(lesion.pretrained.hash).unlink()
    new_node(tmp_path / "other", monkeypatch)
    (variant,) = find_variants(["no-ecca"])
    with pytest.raises(CheckpointError, match="these trials start from are not in"):
        run_shipped(shipped(variant.apply(lesion), store), StoreServer(store), at_home=False)


def test_code_of_the_users_own_comes_with_the_trial(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_modules(tmp_path))
    config = apply_overrides(tiny_trial, {"model": NET})
    store = tmp_path / "store"
    open_images(config, Ledger(store))
    expected = run_trial(config, store=tmp_path / "undisturbed")
    sent = replace(shipped(config, store), sources=sources_of(config.model))

    monkeypatch.chdir("/")  # a process of another node, which has never seen the code
    monkeypatch.setattr("workbench.config.sources._KNOWN", {})
    monkeypatch.setattr("workbench.models.source_import._CLASSES", {})
    new_node(tmp_path / "node", monkeypatch)
    with pytest.raises(ConfigError, match="my_nets:Net: there is no module 'my_nets'"):
        run_shipped(replace(sent, sources=()), StoreServer(store), at_home=False)
    assert same(run_shipped(sent, StoreServer(store), at_home=False), expected)


def test_a_longer_budget_resumes_on_a_node_that_has_not_seen_the_shorter_one(
    tiny_trial: TrialConfig,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_trial(tiny_trial, store=store)
    longer = apply_overrides(tiny_trial, {"training.stages.0.steps": 18})
    server = StoreServer(store)
    new_node(tmp_path / "node", monkeypatch)
    result = run_shipped(shipped(longer, store), server, at_home=False)
    assert same(result, run_trial(longer, store=tmp_path / "alone"))
    done = [
        report.done for _, report in server.take_events() if isinstance(report, TrialProgressed)
    ]
    assert min(done) == 13


def test_a_trial_resumes_on_another_node_where_the_first_stopped(
    tiny_trial: TrialConfig,
    store: Path,
    expected: TrialResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = tiny_trial.training.validate_every
    server = StoreServer(store)
    new_node(tmp_path / "one", monkeypatch)
    stopped = run_shipped(shipped(tiny_trial, store, until=first), server, at_home=False)
    assert (stopped.state, stopped.steps) == (TrialState.PRUNED, first)
    assert not list(Ledger(store).results())
    new_node(tmp_path / "two", monkeypatch)
    result = run_shipped(shipped(tiny_trial, store), server, at_home=False)
    assert result.sessions == 2
    assert same(result, expected)


@pytest.mark.parametrize("at_home", [True, False])
def test_a_stop_leaves_a_checkpoint_at_home(
    tiny_trial: TrialConfig,
    store: Path,
    expected: TrialResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at_home: bool,
) -> None:
    new_node(tmp_path / "node", monkeypatch)
    server = StoreServer(store)
    server.stop()
    with pytest.raises(StoppedByUserError, match="stopped"):
        run_shipped(shipped(tiny_trial, store), server, at_home=at_home)
    assert len(list(store.glob(f"trainings/*/{CHECKPOINT}"))) == 1
    assert not server.may_start()
    server.stopping = False
    result = run_shipped(shipped(tiny_trial, store), server, at_home=at_home)
    assert result.sessions == 2
    assert same(result, expected)


def notices(server: StoreServer) -> list[str]:
    return [report.text for _, report in server.take_events() if isinstance(report, Notice)]


def test_a_node_fetches_damaged_images_again_and_says_so(
    tiny_trial: TrialConfig,
    store: Path,
    expected: TrialResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new_node(tmp_path / "node", monkeypatch)
    server, first = StoreServer(store), tiny_trial.training.validate_every
    run_shipped(shipped(tiny_trial, store, until=first), server, at_home=False)
    assert notices(server) == []
    (images,) = (tmp_path / "node").glob("workbench-*/images/*/lr.u8")
    flip(images)
    assert same(run_shipped(shipped(tiny_trial, store), server, at_home=False), expected)
    (line,) = notices(server)
    assert line.startswith(f"{images}: damaged (image 'photo")


def test_a_damaged_checkpoint_at_home_is_named_and_not_sent(
    tiny_trial: TrialConfig,
    store: Path,
    expected: TrialResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new_node(tmp_path / "node", monkeypatch)
    server, first = StoreServer(store), tiny_trial.training.validate_every
    run_shipped(shipped(tiny_trial, store, until=first), server, at_home=False)
    (checkpoint,) = store.glob(f"trainings/*/{CHECKPOINT}")
    flip(checkpoint)
    result = run_shipped(shipped(tiny_trial, store), server, at_home=False)
    assert (same(result, expected), result.sessions) == (True, 1)
    # Server and node are one process here, and both hear it; the driver says it once.
    (line,) = set(notices(server))
    assert line.startswith(f"{checkpoint}: damaged (its SHA-256 must be ")


def test_a_checkpoint_that_is_damaged_on_its_way_home_is_not_kept(
    tiny_trial: TrialConfig, store: Path
) -> None:
    server, ledger = StoreServer(store), Ledger(store)
    key = trial_key(tiny_trial, open_images(tiny_trial, ledger).hashes())
    whole = seal(b"a state")
    server.keep_checkpoint(key, whole)
    server.keep_checkpoint(key, b"b" + whole[1:])
    assert ledger.paths.checkpoint(key.training).read_bytes() == whole
    (line,) = notices(server)
    assert "is damaged (its SHA-256 must be " in line


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (StoppedByUserError("stopped"), Stopped()),
        (DataError("no images"), Failure("no images")),
        (MemoryError("32 GB"), Failure("out of memory: 32 GB")),
        (OSError(28, "No space left on device"), Failure("[Errno 28] No space left on device")),
    ],
    ids=["stop", "error", "memory", "system"],
)
def test_what_a_trial_raises_is_how_it_ended(error: Exception, outcome: Outcome) -> None:
    def run() -> TrialResult:
        raise error

    assert outcome_of(run) == outcome


def test_an_exception_that_is_a_bug_keeps_its_traceback() -> None:
    def broken() -> TrialResult:
        raise ValueError("shapes differ")

    found = outcome_of(broken)
    assert isinstance(found, Bug)
    assert "in broken" in found.traceback
    assert "ValueError: shapes differ" in found.traceback
