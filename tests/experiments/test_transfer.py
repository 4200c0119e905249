"""A study goes from one store to another whole, or not at all."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.builders.stores import (
    STUDY,
    declaration,
    files_of,
    finish,
    json_of,
    make_store,
    name_file,
    rewrite,
)
from tests.damage import change_digit, flip
from tests.tracking.conftest import make_label, make_result
from workbench.errors import ConfigError, StoreError, WorkbenchError
from workbench.experiments.declaration import Study, read_study
from workbench.experiments.declaring import merge
from workbench.experiments.exported import MANIFEST, open_export
from workbench.experiments.transfer import Count, export_study, import_export, show
from workbench.results import TrialResult
from workbench.store.ledger import Ledger
from workbench.store.store import CHECKPOINT, WEIGHTS
from workbench.system.digests import unseal_json
from workbench.tracking.tracker import NullTracker, TrialLabel

TRAINING = "trainings/training-tiny-2-0f3a"


class Viewer(NullTracker):
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: dict[TrialLabel, TrialResult] = {}

    def trial_ended(self, label: TrialLabel, result: TrialResult | None) -> None:
        assert result is not None
        assert label not in self.shown
        self.shown[label] = result


def state_of(store: Path) -> dict[str, tuple[bytes, int]]:
    return {
        name: (text, (store / name).stat().st_mtime_ns) for name, text in files_of(store).items()
    }


def test_an_export_holds_the_study_its_finished_trials_and_their_weights(tmp_path: Path) -> None:
    store = make_store(tmp_path / "store")
    (store / "trainings" / "training-tiny-2-0f3a" / WEIGHTS).unlink()
    told: list[tuple[int, int, str]] = []
    done = export_study(store, STUDY, tmp_path / "out", lambda *news: told.append(news))
    assert told == [
        *((1, 4, "tiny-1-0f3a"), (2, 4, "tiny-2-0f3a")),
        *((3, 4, "no-lvar-1-0f"), (4, 4, "no-lvar-2-0f")),
    ]
    assert (done.finished, done.unfinished, done.weights) == (3, 1, 2)
    files = files_of(tmp_path / "out")
    manifest = json.loads(unseal_json(files.pop(MANIFEST)))
    assert set(files) == {
        "studies/lvar study.json",
        *(f"trials/{key}-0f3a/result.json" for key in ("tiny-1", "tiny-2", "no-lvar-1")),
        *(f"trainings/training-{key}-0f3a/{WEIGHTS}" for key in ("tiny-1", "no-lvar-1")),
    }
    assert (manifest["format"], manifest["study"]) == (2, STUDY)
    assert manifest["files"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    assert done.size_bytes == sum(map(len, files.values()))
    assert all((store / name).read_bytes() == content for name, content in files.items())


def test_an_empty_store_gets_everything(exported: Path, tmp_path: Path) -> None:
    store, viewer = tmp_path / "ours", Viewer()
    done = import_export(open_export(exported), store)
    assert done.changed
    assert (done.declarations, done.trials, done.weights) == (Count(1, 0), Count(3, 0), Count(3, 0))
    files = files_of(exported)
    del files[MANIFEST]
    assert files_of(store) == files
    assert done.study == read_study(tmp_path / "theirs", STUDY)
    show((done.study,), store, viewer)
    assert viewer.shown == {
        make_label(name, seed): make_result(make_label(name, seed))
        for name, seed in (("tiny", 1), ("tiny", 2), ("no-lvar", 1))
    }


def test_a_second_import_changes_nothing(exported: Path, tmp_path: Path) -> None:
    store = tmp_path / "ours"
    import_export(open_export(exported), store)
    before = state_of(store)
    again = import_export(open_export(exported), store)
    assert not again.changed
    assert (again.declarations, again.trials, again.weights) == (
        *(Count(0, 1), Count(0, 3), Count(0, 3)),
    )
    assert state_of(store) == before


def test_what_the_store_has_is_kept_and_what_it_lacks_is_added(
    exported: Path, tmp_path: Path
) -> None:
    store, viewer = tmp_path / "ours", Viewer()
    own = (declaration("late", 150.0), declaration("early", 50.0, seeds=(1, 2, 3)))
    merge(store, Study(study=STUDY, declarations=own))
    kept = finish(store, "tiny", 1, psnr_db=31.0)
    finish(store, "no-lvar", 3)
    before = state_of(store)
    done = import_export(open_export(exported), store)
    assert (done.declarations, done.trials, done.weights) == (Count(1, 0), Count(2, 1), Count(2, 1))
    # As if it had been declared here at its time; the store's own keep their order.
    assert [one.hash for one in done.study.declarations] == ["first", "late", "early"]
    after = state_of(store)
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"studies/lvar study.json"}
    assert Ledger(store).result(kept.key) == kept

    show((done.study, read_study(tmp_path / "theirs", STUDY)), store, viewer)
    assert len(viewer.shown) == 4
    assert viewer.shown[make_label("tiny", 1)] == kept


def test_a_declaration_with_other_keys_is_kept_and_counted(exported: Path, tmp_path: Path) -> None:
    store = tmp_path / "ours"
    own = declaration("first", 200.0).model_copy(
        update={"keys": {"tiny": ("a", "b"), "no-lvar": ("c", "d")}}
    )
    merge(store, Study(study=STUDY, declarations=(own,)))
    done = import_export(open_export(exported), store)
    assert done.study.declarations == (own,)
    assert (done.declarations, done.other_keys) == (Count(0, 1), 1)
    assert done.trials == Count(3, 0)


def test_an_interrupted_import_goes_on(exported: Path, tmp_path: Path) -> None:
    store = tmp_path / "ours"

    def interrupt(done: int, total: int, what: str) -> None:
        if done == 4:
            raise KeyboardInterrupt("in the middle")

    with pytest.raises(KeyboardInterrupt, match="in the middle"):
        import_export(open_export(exported), store, interrupt)
    done = import_export(open_export(exported), store)
    assert (done.trials, done.weights) == (Count(2, 1), Count(0, 3))
    import_export(open_export(exported), tmp_path / "at once")
    assert files_of(store) == files_of(tmp_path / "at once")


def test_an_interrupted_export_leaves_nothing(tmp_path: Path) -> None:
    store, out = make_store(tmp_path / "store"), tmp_path / "out"
    out.mkdir()

    def interrupt(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt("in the middle")

    with pytest.raises(KeyboardInterrupt, match="in the middle"):
        export_study(store, STUDY, out, interrupt)
    assert sorted(tmp_path.iterdir()) == [out, store]
    assert not list(out.iterdir())
    export_study(store, STUDY, out)
    assert open_export(out).study == read_study(store, STUDY)


def test_a_folder_that_is_in_use_is_not_written_to(tmp_path: Path) -> None:
    store = make_store(tmp_path / "store")
    used = tmp_path / "used"
    used.mkdir()
    (used / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"--out must be a folder, absent or empty, and .*used"):
        export_study(store, STUDY, used)
    with pytest.raises(ConfigError, match=r"absent or empty, got the file .*notes\.txt"):
        export_study(store, STUDY, used / "notes.txt")
    assert files_of(used) == {"notes.txt": b"mine"}
    with pytest.raises(StoreError, match=r"^cannot write .*a file stands where a folder is needed"):
        export_study(store, STUDY, used / "notes.txt" / "out")


def test_an_unknown_study_is_named_and_nothing_written(tmp_path: Path) -> None:
    store = make_store(tmp_path / "store")
    with pytest.raises(
        ConfigError, match=r"unknown study 'lvar studdy' .*did you mean 'lvar study'"
    ):
        export_study(store, "lvar studdy", tmp_path / "out")
    assert list(tmp_path.iterdir()) == [store]


@pytest.mark.parametrize(
    "file",
    [
        "studies/lvar study.json",
        "trials/tiny-2-0f3a/result.json",
        f"trainings/training-tiny-2-0f3a/{WEIGHTS}",
    ],
)
def test_a_damaged_or_missing_file_is_named(exported: Path, file: str) -> None:
    path = exported / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(StoreError, match=f"{file}: is damaged, its SHA-256 must be"):
        open_export(exported)
    path.unlink()
    with pytest.raises(StoreError, match=f"{file}: is missing; copy the export again"):
        open_export(exported)


def test_an_export_that_changes_after_the_check_is_not_taken(
    exported: Path, tmp_path: Path
) -> None:
    export = open_export(exported)
    (exported / f"trainings/training-tiny-2-0f3a/{WEIGHTS}").write_text("other weights")
    with pytest.raises(StoreError, match="is damaged"):
        import_export(export, tmp_path / "ours")
    assert not list((tmp_path / "ours").glob("trainings/training-tiny-2*/*"))


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("../escaped.json", "must stay inside the folder, got '../escaped.json'"),
        ("trials/../../result.json", "must stay inside the folder"),
        ("trials/../result.json", "must stay inside the folder"),
        ("trials\\..\\..\\x", "must stay inside the folder"),
        ("/etc/escaped", "must stay inside the folder, got '/etc/escaped'"),
        ("\\\\server\\escaped", "must stay inside the folder"),
        ("mlflow.db", "a path must be studies/lvar study.json, trials/KEY/result.json, trainings"),
        ("studies/other.json", "a path must be studies/lvar study.json"),
        ("trials/tiny-2-0f3a/./result.json", "a path must be"),
        ("trials/./result.json", "a path must be"),
        ("trials/a/b/result.json", "a path must be"),
        ("trials/C:x/result.json", "a path must be"),
        ("trials/x\n/result.json", "a path must be"),
        (f"trainings/training-tiny-1-0f3a/{CHECKPOINT}", "a path must be"),
    ],
)
def test_a_path_that_does_not_belong_there_is_refused(exported: Path, file: str, rule: str) -> None:
    name_file(exported, file, hashlib.sha256(b"").hexdigest())
    with pytest.raises(ConfigError, match=re.escape(rule)) as error:
        open_export(exported)
    assert MANIFEST in str(error.value)


@pytest.mark.parametrize("name", ["", "..", "../x", "/x", "a/b", "a\0b"])
def test_a_name_that_leads_out_of_the_store_is_refused(exported: Path, name: str) -> None:
    manifest = json_of(exported / MANIFEST)
    manifest["study"] = name
    (exported / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ConfigError, match=MANIFEST):
        open_export(exported)


def test_a_link_out_of_the_folder_is_refused(exported: Path, tmp_path: Path) -> None:
    folder = exported / "trials" / "tiny-2-0f3a"
    shutil.move(folder, tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match=r"tiny-2-0f3a/result\.json: .* is a link out of it"):
        open_export(exported)


def test_files_with_right_hashes_and_wrong_content_are_refused(exported: Path) -> None:
    def refused(path: str, content: bytes, rule: str) -> None:
        before = files_of(exported)
        rewrite(exported, path, content)
        with pytest.raises(WorkbenchError, match=re.escape(rule)) as error:
            open_export(exported)
        assert path in str(error.value)
        for name in files_of(exported).keys() - before.keys():
            (exported / name).unlink()
        for name, kept in before.items():
            (exported / name).write_bytes(kept)

    result = (exported / "trials/tiny-1-0f3a/result.json").read_bytes()
    study = json_of(exported / "studies/lvar study.json")
    (first,) = study["declarations"]
    fewer = first | {"keys": {"tiny": ["x"], "no-lvar": ["y", "z"]}}
    outside = first | {"keys": {"tiny": ["../x", "x"], "no-lvar": ["y", "z"]}}
    path = "studies/lvar study.json"
    refused(path, b"[", "no JSON")
    refused(path, b"[" * 100_000, "no JSON")
    refused(path, json.dumps(study | {"study": "x"}).encode(), "must be 'lvar study', got 'x'")
    refused(path, json.dumps(study | {"declarations": [fewer]}).encode(), "for each arm and seed")
    refused(path, json.dumps(study | {"declarations": [outside]}).encode(), "got '../x'")
    refused("trials/tiny-1-0f3a/result.json", b"{}", "is missing")
    refused("trials/tiny-1-0f3a/result.json", b"\xff", "no JSON")
    refused("trials/tiny-2-0f3a/result.json", result, "key: must be that of its folder")
    refused("trials/unasked/result.json", result, "no trial that the study declares")
    refused(f"trainings/unasked/{WEIGHTS}", b"x", "no weights of a trial in this folder")
    assert open_export(exported)


def test_what_is_no_export_is_refused(exported: Path, tmp_path: Path) -> None:
    for folder in (tmp_path / "absent", tmp_path / "theirs", exported / MANIFEST):
        with pytest.raises(ConfigError, match=r"not an exported study: it has no export\.json"):
            open_export(folder)
    manifest = json_of(exported / MANIFEST)
    for wrong, rule in (
        (manifest | {"format": 4}, r"export\.json: format: should be 1, 2 or 3, got 4"),
        ({"format": 1, "study": STUDY}, r"export\.json: files: is missing"),
        (manifest | {"files": {}}, r"export\.json: files: must name studies/lvar study\.json"),
        ([], r"export\.json: "),
    ):
        (exported / MANIFEST).write_text(json.dumps(wrong))
        with pytest.raises(ConfigError, match=rule):
            open_export(exported)


def test_a_damaged_study_in_the_store_is_left_alone(exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "ours" / "studies" / f"{STUDY}.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(ConfigError, match="not a study file of this version"):
        import_export(open_export(exported), tmp_path / "ours")
    assert files_of(tmp_path / "ours") == {f"studies/{STUDY}.json": b"{"}


@pytest.mark.parametrize("path", ["trials/tiny-2-0f3a/result.json", f"{TRAINING}/{WEIGHTS}"])
def test_an_import_replaces_what_is_damaged_in_the_store(
    exported: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    store = make_store(tmp_path / "ours")
    whole = (store / path).read_bytes()
    flip(store / path, 0.4)
    done = import_export(open_export(exported), store)
    assert (done.trials.came, done.weights.came) == ((1, 0) if "trials" in path else (0, 1))
    assert (store / path).read_bytes() == whole
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{store / path}: damaged (")


def test_damaged_weights_are_not_exported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = make_store(tmp_path / "store")
    flip(store / TRAINING / WEIGHTS, 0.4)
    assert export_study(store, STUDY, tmp_path / "out").weights == 2
    assert not (tmp_path / "out" / TRAINING).exists()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{store / TRAINING / WEIGHTS}: damaged (")


def test_a_damaged_list_of_files_is_refused(exported: Path) -> None:
    change_digit(exported / MANIFEST, '"format": ')
    with pytest.raises(StoreError, match=r"export\.json: is damaged \(its SHA-256 must"):
        open_export(exported)
