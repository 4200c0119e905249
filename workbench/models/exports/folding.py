"""Source of a network's methods with everything decided that its configuration decides.

`self.config.step_skip` becomes `True`, a branch that is never taken is dropped, a loop over two
attributes becomes its two rounds. What is left computes the same, and reads neither configs nor
anything else of the workbench.
"""

import ast
import copy
import operator
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from workbench.config.attention import pool_padding

OPERATIONS = "Operations"
"""Name of the class that holds the operations, as static methods."""

_PURE: dict[str, Callable[..., object]] = {"isinstance": isinstance, "pool_padding": pool_padding}
"""Functions that are called while folding, where their arguments are known."""
_NEVER = {"_rewrites", "_can_look_at"}
"""Choose rewrites for training, whose values are those of PyTorch's operations."""
_LITERALS = (type(None), bool, int, float, str)
_OPERATORS: dict[type, Callable[[Any, Any], object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Lt: operator.lt,
    ast.Gt: operator.gt,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: operator.pow,
}


class _UnknownError(Exception):
    """The value depends on the input."""


class Folding(ast.NodeTransformer):
    """Folds the source of functions.

    Args:
        names: What the module's names mean, where the source is from.
        instance: What `self` is; None folds no attribute of it.
    """

    def __init__(self, names: Mapping[str, object], instance: object = None) -> None:
        self._names = names
        self._instance = instance
        self._locals: set[str] = set()

    def function(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """Return a function folded, without annotations."""
        found = copy.deepcopy(node)
        self._locals = {one.arg for one in _arguments(found)} | {
            one.id
            for one in ast.walk(found)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        }
        for argument in _arguments(found):
            argument.annotation = None
        found.returns = None
        found.body = self._block(found.body)
        return found

    def value(self, node: ast.expr) -> ast.expr:
        """Return an expression outside of functions folded."""
        self._locals = set()
        folded: ast.expr = self.visit(copy.deepcopy(node))
        return folded

    def visit(self, node: ast.AST) -> Any:
        """Replace an expression whose value is known and can be written."""
        if isinstance(node, ast.expr) and not isinstance(node, ast.Constant | ast.JoinedStr):
            try:
                value = self._known(node)
            except _UnknownError:
                pass
            else:
                if _is_literal(value):
                    return ast.parse(repr(value), mode="eval").body
        return super().visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        """Put what is known into a formatted text."""
        for place, part in enumerate(node.values):
            if isinstance(part, ast.FormattedValue):
                part.value = self.visit(part.value)
                if isinstance(part.value, ast.Constant):
                    node.values[place] = ast.Constant(str(part.value.value))
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Take operations from the class that the file has of them."""
        if ast.unparse(node.value) == "self.operations":
            return ast.Attribute(ast.Name(OPERATIONS, ast.Load()), node.attr, node.ctx)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Leave what is called: a part that the network lacks is called where none comes."""
        called = node.func
        node.func = ast.Name("_", ast.Load())
        self.generic_visit(node)
        node.func = called if self._is_none(called) else self.visit(called)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        """Take the branch that is known to be taken."""
        truth = self._truth(node.test)
        if truth is not None:
            return self.visit(node.body if truth else node.orelse)
        self.generic_visit(node)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        """Drop operands that decide nothing."""
        decides = isinstance(node.op, ast.Or)
        left: list[ast.expr] = []
        for operand in node.values:
            truth = self._truth(operand)
            if truth is None:
                left.append(self.visit(operand))
            elif truth is decides:
                left.append(ast.Constant(decides))
                break
        if not left:
            return ast.Constant(not decides)
        return left[0] if len(left) == 1 else ast.BoolOp(node.op, left)

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Fold statements, and drop what comes after one that leaves the block."""
        done: list[ast.stmt] = []
        for statement in statements:
            for folded in self._statement(statement):
                done.append(folded)
                if isinstance(folded, ast.Return | ast.Raise | ast.Continue | ast.Break):
                    return done
        return done or [ast.Pass()]

    def _statement(self, statement: ast.stmt) -> list[ast.stmt]:
        match statement:
            case ast.If():
                truth = self._truth(statement.test)
                if truth is not None:
                    taken = statement.body if truth else statement.orelse
                    return self._block(taken) if taken else []
                statement.test = self.visit(statement.test)
                statement.body = self._block(statement.body)
                statement.orelse = self._block(statement.orelse) if statement.orelse else []
                return [statement]
            case ast.For(target=ast.Name(id=name), iter=ast.Tuple(elts=elements)):
                rounds = [self._round(statement.body, name, one) for one in elements]
                return [folded for one in rounds for folded in one]
            case ast.For() | ast.With():
                header = copy.copy(statement)
                header.body = []
                self.generic_visit(header)
                header.body = self._block(statement.body)
                return [header]
            case ast.AnnAssign(value=None):
                return []
            case ast.AnnAssign(value=ast.expr() as value):
                return self._statement(ast.Assign([statement.target], value, lineno=0))
            case _:
                folded = self.visit(statement)
                changes = not (
                    isinstance(folded, ast.Assign)
                    and ast.unparse(folded.targets[0]) == ast.unparse(folded.value)
                )
                return [folded] if changes else []

    def _round(self, body: list[ast.stmt], name: str, element: ast.expr) -> list[ast.stmt]:
        """Return the body of a loop for one of the elements that are written out."""
        put = _Put(name, element)
        folded = self._block([put.visit(copy.deepcopy(statement)) for statement in body])
        return [one for one in folded if not isinstance(one, ast.Continue | ast.Pass)]

    def _is_none(self, node: ast.expr) -> bool:
        try:
            return self._known(node) is None
        except _UnknownError:
            return False

    def _truth(self, node: ast.expr) -> bool | None:
        """Return whether a condition holds, None if that is not known."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            truth = self._truth(node.operand)
            return None if truth is None else not truth
        if isinstance(node, ast.BoolOp):
            truths = [self._truth(operand) for operand in node.values]
            decides = isinstance(node.op, ast.Or)
            if decides in truths:
                return decides
            return None if None in truths else not decides
        try:
            value = self._known(node)
        except _UnknownError:
            return None
        if isinstance(value, nn.ModuleList | nn.ModuleDict | nn.Sequential):
            return len(value) > 0
        return bool(value) if _is_literal(value) else None

    def _known(self, node: ast.expr) -> Any:
        """Return the value of an expression.

        Raises:
            _UnknownError: If it depends on the input.
        """
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self._named(name)
            case ast.Attribute(value=base, attr=attribute) if attribute != "training":
                return getattr(self._known(base), attribute)
            case ast.Tuple(elts=elements):
                return tuple(self._known(element) for element in elements)
            case ast.Compare(left=left, ops=[one], comparators=[right]):
                return self._computed(one, left, right)
            case ast.BinOp(left=left, op=one, right=right):
                return self._computed(one, left, right)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments):
                return self._called(name, arguments)
        raise _UnknownError

    def _named(self, name: str) -> Any:
        if name == "self" and self._instance is not None:
            return self._instance
        if name in self._names and name not in self._locals:
            return self._names[name]
        raise _UnknownError

    def _computed(self, one: ast.cmpop | ast.operator, left: ast.expr, right: ast.expr) -> Any:
        if type(one) not in _OPERATORS:
            raise _UnknownError
        return _OPERATORS[type(one)](self._known(left), self._known(right))

    def _called(self, name: str, arguments: list[ast.expr]) -> Any:
        if name in _NEVER:
            return False
        if name not in _PURE:
            raise _UnknownError
        return _PURE[name](*(self._known(argument) for argument in arguments))


class _Put(ast.NodeTransformer):
    """Puts an expression in place of a name."""

    def __init__(self, name: str, element: ast.expr) -> None:
        self._name, self._element = name, element

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace the name."""
        return copy.deepcopy(self._element) if node.id == self._name else node


def _is_literal(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_literal, value))
    return isinstance(value, _LITERALS)


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    given = function.args
    more = [one for one in (given.vararg, given.kwarg) if one is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *more]
