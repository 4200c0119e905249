"""Rules that the tests themselves keep."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(TESTS.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(TESTS).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_module_of_tests_is_imported_by_another_one(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        shared = [name for name in names if name.startswith("tests.") and ".test_" in name]
        own = "tests." + name_of(path).removesuffix(".py").replace("/", ".")
        assert not [name for name in shared if name != own], "move it to tests/builders"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_expected_error_names_its_message(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.raises":
            assert any(keyword.arg == "match" for keyword in node.keywords), f"line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_modules_that_share_a_fixture_run_in_one_worker(path: Path) -> None:
    text = path.read_text()
    shares = any(
        isinstance(node, ast.Call)
        and ast.unparse(node.func) == "pytest.fixture"
        and any(ast.unparse(k.value) in ("'module'", "'class'") for k in node.keywords)
        for node in ast.walk(ast.parse(text))
    )
    if shares and path.name.startswith("test_"):
        assert "pytest.mark.xdist_group(" in text, "else each worker makes the fixture again"


def test_the_rules_find_what_they_look_for() -> None:
    assert len(FILES) > 100
    assert any("pytest.raises" in path.read_text() for path in FILES)
