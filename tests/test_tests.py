"""Rules that the tests themselves keep."""

import ast
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

from tests.scheduling import LONGEST_FIRST, GroupScheduling, group_of

TESTS = Path(__file__).parent
TREES = {
    path.relative_to(TESTS).as_posix(): ast.parse(path.read_text())
    for path in sorted(TESTS.rglob("*.py"))
}
"""By path below the folder of the tests."""


def imported(node: ast.AST) -> list[str]:
    """Return the names that a statement imports, whole."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def calls(tree: ast.Module, function: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function
    ]


def test_no_module_of_tests_is_imported_by_another_one() -> None:
    for path, tree in TREES.items():
        own = "tests." + path.removesuffix(".py").replace("/", ".")
        names = [name for node in ast.walk(tree) for name in imported(node)]
        shared = [name for name in names if name.startswith("tests.") and ".test_" in name]
        assert not [name for name in shared if name != own], f"{path}: move it to tests/builders"


def test_every_expected_error_names_its_message() -> None:
    found = 0
    for path, tree in TREES.items():
        for call in calls(tree, "pytest.raises"):
            found += 1
            named = any(keyword.arg == "match" for keyword in call.keywords)
            assert named, f"{path}:{call.lineno}"
    assert found > 100


def test_modules_that_share_a_fixture_run_in_one_process() -> None:
    found = 0
    for path, tree in TREES.items():
        scopes = [k.value for call in calls(tree, "pytest.fixture") for k in call.keywords]
        if {"'module'", "'class'"} & {ast.unparse(scope) for scope in scopes}:
            found += 1
            grouped = calls(tree, "pytest.mark.xdist_group")
            assert grouped or not Path(path).name.startswith("test_"), (
                f"{path}: else each process makes the fixture again"
            )
    assert found > 10


def test_the_longest_groups_start_first_then_other_groups_then_single_tests() -> None:
    started: list[int] = []
    option = SimpleNamespace(loadscopereorder=True)
    config = SimpleNamespace(getvalue=lambda _: ["popen"], option=option)
    node = Mock(send_runtest_some=started.extend, shutting_down=False)
    groups = {group_of(f"tests/{path}"): f"tests/{path}" for path in TREES}
    assert set(LONGEST_FIRST) <= groups.keys()
    tests = [f"{__file__}::single", *(f"{groups['crops']}::{name}" for name in "abcd")]
    tests += [f"{groups[group]}::{name}" for group in reversed(LONGEST_FIRST) for name in "abc"]
    scheduler = GroupScheduling(config, None)
    scheduler.add_node(node)
    scheduler.add_node_collection(node, tests)
    scheduler.schedule()
    for done in range(len(tests) - 2):
        scheduler.mark_test_complete(node, started[done])
    order = [group_of(tests[index].partition("::")[0]) for index in started]
    assert list(dict.fromkeys(order)) == [*LONGEST_FIRST, "crops", None]
