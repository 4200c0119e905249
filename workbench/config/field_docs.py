"""What the docstrings of a config class's fields say, read from its source when it is needed.

Pydantic can read them when it builds a class (`use_attribute_docstrings`), which takes a sixth of
the time in which a command starts; only the JSON Schemas for editors need them.
"""

import ast
import inspect
import textwrap
from itertools import pairwise


def field_docs(kind: type) -> dict[str, str]:
    """Return field -> docstring of a class and its bases; fields without one are left out.

    Args:
        kind: A class whose source is in a file.
    """
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if "__annotations__" in base.__dict__ and base.__module__.startswith("workbench."):
            found |= _own_docs(base)
    return found


def _own_docs(kind: type) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    assert isinstance(tree.body[0], ast.ClassDef), f"the source of {kind} is that of a class"
    found = {}
    for field, following in pairwise(tree.body[0].body):
        match field, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = inspect.cleandoc(text)
    return found
