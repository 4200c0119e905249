"""An extension of griffe: functions that take `**options` show each of them, as `help()` does."""

import importlib
import inspect
from typing import Any

import griffe

_HOME = "workbench.api.options"


class SharedOptions(griffe.Extension):
    """Puts the signature and the docstring that `with_options` makes in place of `**options`."""

    def on_function(self, *, func: griffe.Function, loader: griffe.GriffeLoader, **_: Any) -> None:
        """Adapt a function that `with_options` decorates; leave others as they are."""
        decorators = [decorator.callable_path for decorator in func.decorators]
        if f"{_HOME}.with_options" not in decorators:
            return
        function = getattr(importlib.import_module(func.module.path), func.name)
        classes = loader.modules_collection[_HOME].classes
        annotations = {
            name: attribute.annotation
            for one in classes.values()
            for name, attribute in one.attributes.items()
        }
        del func.parameters["options"]
        for name, parameter in inspect.signature(function).parameters.items():
            if name not in func.parameters:
                shown = griffe.Parameter(
                    name,
                    annotation=annotations[name],
                    kind=griffe.ParameterKind.keyword_only,
                    default=repr(parameter.default),
                )
                func.parameters.add(shown)
        assert func.docstring is not None
        func.docstring.value = inspect.getdoc(function) or ""
