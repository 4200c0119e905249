"""`Store` owns every path below a store, and no other package builds one."""

import ast
from pathlib import Path

import pytest

from workbench.store.store import ExportedFile, Store, exported_file
from workbench.system.locks import LockHeldError

PACKAGE = Path(__file__).parents[2] / "workbench"
NAMES = (
    "trials",
    "trainings",
    "courses",
    "images",
    "studies",
    "searches",
    "given",
    "crops",
    "mlflow.db",
    "mlflow_artifacts",
    "checkpoint.pt",
    "weights.safetensors",
    "results-version.json",
)
"""Names of files and folders of a store."""
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE / "store")


def first_text(node: ast.expr) -> str:
    """Return the text that a literal, or an f-string, begins with."""
    if isinstance(node, ast.JoinedStr) and node.values:
        return first_text(node.values[0])
    return str(node.value) if isinstance(node, ast.Constant) else ""


def spelled_paths(code: str) -> list[str]:
    """Return the expressions in code that build a path below a store."""
    found = []
    for node in ast.walk(ast.parse(code)):
        parts: list[ast.expr] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            named = first_text(node.right).split("/")[0] in NAMES
            below = getattr(node.left, "id", "") == "store" or (
                isinstance(node.left, ast.Attribute) and node.left.attr in ("store", "images")
            )
            parts = [node] if named or below else []
        elif isinstance(node, ast.Call):
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            caller = getattr(node.func, "id", method)
            if caller in ("glob", "rglob", "joinpath", "Path"):
                named = any(first_text(part).split("/")[0] in NAMES for part in node.args)
                parts = [node] if named else []
        found += [ast.unparse(part) for part in parts]
    return found


def test_no_other_package_builds_a_path_below_a_store() -> None:
    assert len(FILES) > 100
    for path in FILES:
        assert spelled_paths(path.read_text()) == [], path


@pytest.mark.parametrize(
    "code",
    [
        "store / name",
        "ledger.store / 'x'",
        "ledger.images / fingerprint",
        "folder / 'trials' / key",
        "folder / f'trainings/{key}'",
        "folder.glob('trials/*/result.json')",
        "Path(folder, 'mlflow.db')",
    ],
)
def test_a_path_below_a_store_is_noticed(code: str) -> None:
    assert len(spelled_paths(code)) == 1


def test_a_store_has_the_layout_that_is_documented() -> None:
    store = Store(Path("runs"))
    assert store.trial_result("k") == Path("runs/trials/k/result.json")
    assert store.stopped_trial("k") == Path("runs/trials/k/stopped.json")
    assert store.checkpoint("k") == Path("runs/trainings/k/checkpoint.pt")
    assert store.weights("k") == Path("runs/trainings/k/weights.safetensors")
    assert store.prefix("h", "k") == Path("runs/courses/h/k.json")
    assert store.packed("f") == Path("runs/images/f")
    assert store.study("s") == Path("runs/studies/s.json")
    assert store.search("s") == Path("runs/searches/s.jsonl")
    assert store.external_scores("s", "k") == Path("runs/given/s.k.json")
    crop = store.crop("a" * 32, "b" * 32, "Set5", "baby.png")
    assert crop.parent == Path(f"runs/crops/{'a' * 16}-{'b' * 16}")
    assert crop.name.startswith("set5-baby-png-")
    assert store.mlflow_database == Path.cwd() / "runs/mlflow.db"
    assert store.mlflow_artifacts == Path.cwd() / "runs/mlflow_artifacts"


def test_a_store_lists_what_it_holds(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert (store.finished_keys(), store.study_names(), store.search_names()) == ([], [], [])
    files = [store.trial_result("b"), store.trial_result("a"), store.stopped_trial("c")]
    files += [store.study("one"), store.search("two"), store.external_scores("three", "k")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert store.finished_keys() == ["a", "b"]
    assert store.stopped_keys() == ["c"]
    assert store.trial_keys("b") == ["b"]
    assert store.study_names() == ["one"]
    assert store.search_names() == ["two"]
    assert store.all_external_scores() == [store.external_scores("three", "k")]


@pytest.mark.parametrize(
    ("relative", "file"),
    [
        ("trials/ab12/result.json", ExportedFile("trial", "ab12")),
        ("trainings/ab12/weights.safetensors", ExportedFile("weights", "ab12")),
        (f"sources/{'0a' * 16}/my_nets.py", ExportedFile("source", "0a" * 16)),
        (f"sources/{'0a' * 16}/nets/parts/__init__.py", ExportedFile("source", "0a" * 16)),
        (f"sources/{'0a' * 16}/../nets.py", None),
        (f"sources/{'0a' * 16}/nets.pth", None),
        ("sources/0a/nets.py", None),
        ("trials/../result.json", None),
        ("trials/a/b/result.json", None),
        ("trials/ab12/stopped.json", None),
        ("studies/name.json", None),
        ("/trials/ab12/result.json", None),
    ],
)
def test_only_records_weights_and_code_are_files_of_an_export(
    relative: str, file: ExportedFile | None
) -> None:
    assert exported_file(relative) == file


def test_a_path_of_an_export_leads_back_to_the_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = store.weights("ab12")
    assert exported_file(store.relative(path)) == ExportedFile("weights", "ab12")
    assert store.at(store.relative(path)) == path


def test_a_search_has_one_driver(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with (
        store.search_lock("s"),
        pytest.raises(LockHeldError, match=r"searches/s\.lock"),
        store.search_lock("s"),
    ):
        pytest.fail("two drivers of one search")
