"""A damaged file is named once and treated as absent; the result is that of undamaged files."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.damage import change_digit, flip
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.data.image_store import ImageStore
from workbench.errors import CheckpointError, DataError
from workbench.models.checkpoints import load_model, weights_hash
from workbench.results import TrialResult
from workbench.store.keys import trial_key
from workbench.store.ledger import Ledger
from workbench.store.store import CHECKPOINT, WEIGHTS
from workbench.trial.images import open_images
from workbench.trial.run import run_trial

pytestmark = pytest.mark.xdist_group("damaged-files")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "workbench" in record.name]


def same(one: TrialResult, other: TrialResult) -> bool:
    """Tell whether two results differ in nothing but when and where they came about."""
    curves = [[(p.step, p.loss, p.score) for p in found.curve] for found in (one, other)]
    return curves[0] == curves[1] and (one.key, one.scores, one.weights_hash) == (
        *(other.key, other.scores, other.weights_hash),
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the place of a store with one finished trial; made by `store`."""
    place: Path = tmp_path_factory.mktemp("finished") / "store"
    return place


@pytest.fixture
def store(finished: Path, tiny_trial: TrialConfig, tmp_path: Path) -> Path:
    """Return a copy of a store with one finished trial."""
    if not finished.exists():
        run_trial(tiny_trial, store=finished)
    return Path(shutil.copytree(finished, tmp_path / "store"))


def only(store: Path, pattern: str) -> Path:
    (path,) = store.glob(pattern)
    return path


def forget(store: Path, *patterns: str) -> None:
    for pattern in patterns:
        only(store, pattern).unlink()


RESULT = "trials/*/result.json"
HITS: dict[str, Callable[[Path], None]] = {
    "a byte": flip,
    "the digest": lambda path: flip(path, 20 / path.stat().st_size),
    "a digit of a score": lambda path: change_digit(path, '"psnr_rgb_db": '),
    "half is lost": lambda path: os.truncate(path, path.stat().st_size // 2),
    "all is lost": lambda path: os.truncate(path, 0),
}


@pytest.mark.parametrize("hit", HITS)
def test_a_damaged_result_is_evaluated_again(
    store: Path, tiny_trial: TrialConfig, caplog: pytest.LogCaptureFixture, hit: str
) -> None:
    path = only(store, RESULT)
    (undamaged,) = Ledger(store).results()
    HITS[hit](path)
    assert list(Ledger(store).results()) == []
    steps: list[str] = []
    again = run_trial(tiny_trial, store=store, progress=lambda _d, _t, what: steps.append(what))
    assert steps == ["scoring photos"]  # nothing is trained
    assert same(again, undamaged)
    assert list(Ledger(store).results()) == [again]
    (line,) = told(caplog)
    assert line.startswith(f"{path}: damaged (")
    assert line.endswith("treated as if it were absent")


def test_a_damaged_checkpoint_is_not_trained_from(
    store: Path, tiny_trial: TrialConfig, caplog: pytest.LogCaptureFixture
) -> None:
    (undamaged,) = Ledger(store).results()
    forget(store, RESULT, f"trainings/*/{WEIGHTS}")
    path = only(store, f"trainings/*/{CHECKPOINT}")
    flip(path)
    again = run_trial(tiny_trial, store=store)
    assert same(again, undamaged)
    assert again.sessions == 1  # from the first step
    (line,) = told(caplog)
    assert line.startswith(f"{path}: damaged (its SHA-256 must be ")


def test_another_training_does_not_begin_with_a_damaged_checkpoint(
    store: Path, tiny_trial: TrialConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    longer = apply_overrides(tiny_trial, {"training.stages.0.steps": 18})
    alone = run_trial(longer, store=tmp_path / "alone")
    path = only(store, f"trainings/*/{CHECKPOINT}")
    flip(path)
    assert same(run_trial(longer, store=store), alone)
    (line,) = told(caplog)
    assert line.startswith(f"{path}: damaged (its SHA-256 must be ")


def test_a_damaged_list_of_stages_lets_nobody_begin_there(
    store: Path, tiny_trial: TrialConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # As if the other training had had another rate until its end.
    other = apply_overrides(
        tiny_trial, {"training.stages.0.steps": 18, "training.stages.0.learning_rate": 9e-3}
    )
    alone = run_trial(other, store=tmp_path / "alone")
    path = only(store, "courses/*/*.json")
    path.write_text(path.read_text().replace("0.001", "0.009"))
    assert same(run_trial(other, store=store), alone)
    (line,) = told(caplog)
    assert line.startswith(f"{path}: damaged (its SHA-256 must be ")
    shutil.rmtree(store / "trials")
    run_trial(tiny_trial, store=store)  # writes the list again
    assert "0.001" in path.read_text()


def test_damaged_weights_are_refused_and_made_again_with_the_trial(
    store: Path, tiny_trial: TrialConfig
) -> None:
    (undamaged,) = Ledger(store).results()
    path = only(store, f"trainings/*/{WEIGHTS}")
    flip(path, 0.9)
    with pytest.raises(CheckpointError, match=r"weights\.safetensors: damaged \(its SHA-256 must"):
        load_model(path)
    forget(store, RESULT)
    assert same(run_trial(tiny_trial, store=store), undamaged)
    assert weights_hash(load_model(path).state_dict()) == undamaged.weights_hash


@pytest.mark.parametrize("file", ["hr.u8", "lr.u8", "manifest.json"])
def test_damaged_images_are_packed_again(
    store: Path, tiny_trial: TrialConfig, caplog: pytest.LogCaptureFixture, file: str
) -> None:
    (undamaged,) = Ledger(store).results()
    shutil.rmtree(store / "trials")
    shutil.rmtree(store / "trainings")
    path = only(store, f"images/*/{file}")
    before = path.read_bytes()
    flip(path)
    assert same(run_trial(tiny_trial, store=store), undamaged)
    assert path.read_bytes() == before
    (line,) = told(caplog)
    assert line.startswith(f"{path}: damaged (")


def test_damaged_images_whose_files_are_gone_are_refused(
    store: Path, tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_trial.data.validation.folder, tmp_path / "photos")
    source = {"name": "photos", "folder": str(folder)}
    moved = apply_overrides(
        tiny_trial, {"data": {"training": [source], "validation": source, "degradation": "bicubic"}}
    )
    open_images(moved, Ledger(store))
    for path in store.glob("images/*/lr.u8"):
        flip(path)
    shutil.rmtree(folder)
    with pytest.raises(DataError, match="photos"):
        run_trial(moved, store=store)


def test_images_are_read_whole_once_in_a_process(
    store: Path, tiny_trial: TrialConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[ImageStore] = []
    looked = ImageStore._damaged_image

    def look(images: ImageStore) -> str | None:
        calls.append(images)
        return looked(images)

    monkeypatch.setattr(ImageStore, "_damaged_image", look)
    open_images(tiny_trial, Ledger(store), check=False)
    assert calls == []
    open_images(tiny_trial, Ledger(store))
    open_images(tiny_trial, Ledger(store))
    assert len(calls) == 1
    os.utime(only(store, "images/*/lr.u8"), ns=(1, 1))
    open_images(tiny_trial, Ledger(store))
    assert len(calls) == 2


def test_files_of_an_older_workbench_have_no_digest_and_are_read(
    store: Path, tiny_trial: TrialConfig, caplog: pytest.LogCaptureFixture
) -> None:
    (undamaged,) = Ledger(store).results()
    for pattern in (RESULT, "images/*/manifest.json", "courses/*/*.json"):
        path = only(store, pattern)
        content = json.loads(path.read_text())
        assert content.pop("sha256")
        path.write_text(json.dumps(content.get("stages", content)))
    checkpoint = only(store, f"trainings/*/{CHECKPOINT}")
    checkpoint.write_bytes(checkpoint.read_bytes()[:-86])
    assert list(Ledger(store).results()) == [undamaged]
    forget(store, RESULT)
    steps: list[str] = []
    run_trial(tiny_trial, store=store, progress=lambda _d, _t, what: steps.append(what))
    assert steps == ["scoring photos"]
    key = trial_key(tiny_trial, open_images(tiny_trial, Ledger(store)).hashes())
    longer = apply_overrides(tiny_trial, {"training.stages.0.steps": 18})
    other = trial_key(longer, open_images(tiny_trial, Ledger(store)).hashes())
    assert [shared for *_, shared in Ledger(store).compatible_runs(other)] == [12]
    assert key.prefix.hash == other.prefix.hash
    assert told(caplog) == []
