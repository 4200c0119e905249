"""An extension of griffe: the API's signatures as `help()` shows them."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import griffe

_HOME = "workbench.api.options"


class SharedOptions(griffe.Extension):
    """Shows each of the shared options in place of `**options`, and values of defaults."""

    def on_function(self, *, func: griffe.Function, loader: griffe.GriffeLoader, **_: Any) -> None:
        """Adapt a function of the API; leave others as they are."""
        if not func.path.startswith("workbench.api."):
            return
        decorators = [decorator.callable_path for decorator in func.decorators]
        if f"{_HOME}.with_options" in decorators:
            _show_options(func, loader)
        for parameter in func.parameters:
            while isinstance(parameter.default, griffe.ExprName):
                constant = loader.modules_collection[parameter.default.canonical_path]
                parameter.default = constant.value


def _show_options(func: griffe.Function, loader: griffe.GriffeLoader) -> None:
    """Put the signature and the docstring that `with_options` makes in place of `**options`."""
    function = getattr(importlib.import_module(func.module.path), func.name)
    classes = loader.modules_collection[_HOME].classes.values()
    annotations = {
        name: attribute.annotation for one in classes for name, attribute in one.attributes.items()
    }
    del func.parameters["options"]
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in func.parameters:
            default = parameter.default
            shown = griffe.Parameter(
                name,
                annotation=annotations[name],
                kind=griffe.ParameterKind.keyword_only,
                default=repr(str(default) if isinstance(default, Path) else default),
            )
            func.parameters.add(shown)
    assert func.docstring is not None
    func.docstring.value = inspect.getdoc(function) or ""
