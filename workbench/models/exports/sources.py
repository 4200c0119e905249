"""Source of functions and classes as syntax trees, and the names in it."""

import ast
import inspect
import sys
import textwrap
from typing import Any

from workbench.errors import ExportError
from workbench.models.exports.folding import Folding

OWN = ("workbench.", "timm.")
"""Packages whose source is written out."""
_ERRORS = {"InputSizeError": "ValueError"}


def methods_of(kind: type, folding: Folding) -> list[ast.FunctionDef]:
    """Return `forward` and the methods that it calls, folded."""
    found: dict[str, ast.FunctionDef] = {}
    waiting = ["forward"]
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found[name] = method_of(kind, name, folding)
        waiting += [one for one in attributes_of_self(found[name]) if is_own_method(kind, one)]
    return list(found.values())


def method_of(kind: type, name: str, folding: Folding) -> ast.FunctionDef:
    """Return one method, folded."""
    (found,) = parsed(getattr(kind, name)).body
    assert isinstance(found, ast.FunctionDef)
    return folding.function(found)


def is_own_method(kind: type, name: str) -> bool:
    """Tell whether a class has a method whose source is written out."""
    method = getattr(kind, name, None)
    return inspect.isfunction(method) and method.__module__.startswith(OWN)


def attributes_of_self(node: ast.AST) -> list[str]:
    """Return the attributes of `self` that a node reads, in order."""
    found = [
        one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute)
        and isinstance(one.value, ast.Name)
        and one.value.id == "self"
    ]
    return list(dict.fromkeys(found))


def rename_errors(nodes: list[ast.FunctionDef]) -> None:
    """Put errors of Python in place of ours."""
    for ours, theirs in _ERRORS.items():
        for one in named(nodes, ours):
            one.id = theirs


def named(nodes: list[Any], name: str) -> list[ast.Name]:
    """Return the places where nodes have a name."""
    names = (one for node in nodes for one in ast.walk(node))
    return [one for one in names if isinstance(one, ast.Name) and one.id == name]


def names_of_module(nodes: list[Any]) -> list[str]:
    """Return the names that nodes take from their module, in order."""
    found = []
    for node in nodes:
        parts = [*node.bases, *node.body] if isinstance(node, ast.ClassDef) else [node]
        for part in parts:
            inside = list(ast.walk(part))
            own = {one.arg for one in inside if isinstance(one, ast.arg)}
            uses = [one for one in inside if isinstance(one, ast.Name)]
            own |= {one.id for one in uses if isinstance(one.ctx, ast.Store)}
            found += [one.id for one in uses if one.id not in own]
    return found


def parsed(value: Any) -> ast.Module:
    """Return the source of a function, a class or a module."""
    return ast.parse(textwrap.dedent(inspect.getsource(value)))


def assigned(name: str, module: str) -> ast.expr:
    """Return what a module assigns to a name."""
    for statement in parsed(sys.modules[module]).body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        target = statement.target if isinstance(statement, ast.AnnAssign) else target
        if isinstance(target, ast.Name) and target.id == name:
            assert isinstance(statement, ast.Assign | ast.AnnAssign)
            assert statement.value is not None
            return statement.value
    raise ExportError(f"{name} cannot be written: {module} does not assign it")


def import_line(name: str, home: str) -> str:
    """Return the import of a module under a name."""
    if name == home:
        return f"import {home}"
    parent, _, last = home.rpartition(".")
    return f"from {parent} import {last}" if last == name else f"import {home} as {name}"
