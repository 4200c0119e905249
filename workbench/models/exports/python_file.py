"""A network as one file of Python that imports nothing but PyTorch, made from its own source.

Each class of the network becomes a class whose constructor takes nothing: it builds what the
network has. Its methods are those of our source, folded (`folding.py`). Equal classes are written
once. Names of parameters stay, so that the state dict of the network is that of the file.
"""

import ast
import inspect
import sys
import textwrap
from types import ModuleType
from typing import Any

from torch import nn

from workbench.errors import ExportError
from workbench.kernels.eager import EAGER, EagerOperations
from workbench.models.exports.checking import check_images, largest_difference
from workbench.models.exports.constructors import WHOLE, call, container, is_of_torch, tensor_lines
from workbench.models.exports.folding import OPERATIONS, Folding
from workbench.models.exports.sources import (
    OWN,
    assigned,
    attributes_of_self,
    import_line,
    method_of,
    methods_of,
    named,
    names_of_module,
    parsed,
    rename_errors,
)
from workbench.models.foreign import Adapted
from workbench.models.network import MDRN
from workbench.models.opening import OpenedNetwork
from workbench.models.own_module import OwnNetwork

_CONTAINERS = {nn.Sequential, nn.ModuleList, nn.ModuleDict}
_BUILTINS = set(dir(__import__("builtins")))


def python_file(network: OpenedNetwork, name: str, about: str) -> str:
    """Write a network as one file of Python, and compare its output with the network's.

    Args:
        network: Of the line IMDN, RFDN, BSRN, MDRN, or MobileSR; on the CPU, in evaluation mode.
        name: Of its class, a Python identifier; the class takes no arguments.
        about: What the first lines of the file say, without quotes.

    Returns:
        The file; its class takes the state dict of the network and gives its output to the bit.

    Raises:
        ExportError: If the network has code of its own, or the file gives another output.
    """
    file = PythonFile()
    file.add_network(network.module, name)
    if file.packages:
        about += (
            f"\n\nParts of it are from {', '.join(sorted(file.packages))} (Apache-2.0 licence)."
        )
    text = file.text(about)
    module = class_of(text, name)()
    module.load_state_dict(network.module.state_dict())
    module.eval()
    what = f"{network.name} as one file of Python"
    images = check_images(network.smallest_lr_px)
    largest = largest_difference(network.module, module, images, what)
    if largest > 0:
        raise ExportError(
            f"{what}: its output must be that of the network to the bit, differs by {largest:.2g}"
        )
    return text


def class_of(text: str, name: str) -> Any:
    """Run a file that `python_file` has written, and return a class of it."""
    names: dict[str, Any] = {"__name__": name}
    exec(compile(text, f"{name}.py", "exec"), names)
    return names[name]


class PythonFile:
    """Collects classes, functions and imports, each once and after what it needs."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.definitions: list[str] = []
        self.packages: set[str] = set()
        """Of other projects, whose source is in the file."""
        self._classes: dict[tuple[type, str], str] = {}
        self._taken: set[str] = set()
        self._written: set[str] = set()
        self._operations: set[str] = set()

    def add_network(self, network: nn.Module, name: str) -> None:
        """Write a network and all that it needs.

        Args:
            network: Whose class will be called `name` and takes no arguments.
            name: A Python identifier.

        Raises:
            ExportError: If something in it cannot be written.
        """
        own = [module.name for module in network.modules() if isinstance(module, Adapted)]
        if isinstance(network, MDRN | OwnNetwork):
            own += [module.path for module in network.config.own_modules()]
        if own:
            raise ExportError(
                f"{own[0]} has code of its own: only networks of the line IMDN, RFDN, "
                "BSRN, MDRN and MobileSR can be written as one file"
            )
        self._taken |= {name, OPERATIONS}
        self._class(network, name)
        self._add_operations()

    def text(self, docstring: str) -> str:
        """Return the file.

        Args:
            docstring: What its first lines say.
        """
        imports = sorted(self.imports, key=lambda line: ("torch" in line, line))
        head = f'"""{docstring}"""\n\n' + "\n".join(imports)
        return "\n\n\n".join([head, *self.definitions]) + "\n"

    def _class(self, module: nn.Module, name: str | None = None) -> str:
        """Write the class of a module, and return its name."""
        kind = type(module)
        self._note_package(kind.__module__)
        names = vars(sys.modules[kind.__module__])
        built = [
            f"self.{key} = {self._construct(child)}"
            for key, child in module._modules.items()
            if child is not None
        ]
        folding = Folding(names, module)
        methods = methods_of(kind, folding)
        rename_errors(methods)
        body = "\n\n".join(ast.unparse(method) for method in methods)
        built += tensor_lines(
            module, {name for method in methods for name in attributes_of_self(method)}
        )
        text = _class_text(vars(kind).get("__doc__"), built, body)
        if (kind, text) in self._classes:
            return self._classes[kind, text]
        self._need(methods, names)
        self.imports |= {"from torch import nn", *(["import torch"] if "torch." in text else [])}
        chosen = name or self._free(kind.__name__)
        self._classes[kind, text] = chosen
        self.definitions.append(f"class {chosen}(nn.Module):\n{textwrap.indent(text, '    ')}")
        return chosen

    def _construct(self, module: nn.Module) -> str:
        """Return the expression that builds a module, after writing its class."""
        kind = type(module)
        if kind in _CONTAINERS:
            inside = {
                key: self._construct(child) for key, child in module._modules.items() if child
            }
            return container(kind, inside)
        if kind in WHOLE:
            self._whole(kind)
            return call(module)
        if is_of_torch(kind):
            return call(module)
        return f"{self._class(module)}()"

    def _whole(self, kind: type) -> None:
        """Write a class of ours as it is."""
        if kind.__name__ in self._written:
            return
        self._written.add(kind.__name__)
        self._taken.add(kind.__name__)
        names = vars(sys.modules[kind.__module__])
        (found,) = parsed(kind).body
        assert isinstance(found, ast.ClassDef)
        folding = Folding(names)
        found.bases = [one for one in found.bases if ast.unparse(one) != "WithOperations"]
        found.body = [
            folding.function(one) if isinstance(one, ast.FunctionDef) else one for one in found.body
        ]
        self._need([found], names)
        self.definitions.append(ast.unparse(found))

    def _need(self, nodes: list[Any], names: dict[str, Any]) -> None:
        """Write or import what the nodes name."""
        for name in dict.fromkeys(names_of_module(nodes)):
            if name == OPERATIONS:
                self._operations |= {
                    one.attr
                    for node in nodes
                    for one in ast.walk(node)
                    if isinstance(one, ast.Attribute) and ast.unparse(one.value) == OPERATIONS
                }
            elif name in names:
                self._global(name, names[name], names)
            elif name not in _BUILTINS and name not in self._taken:
                raise ExportError(f"{name} cannot be written: its source is not known")

    def _global(self, name: str, value: Any, names: dict[str, Any]) -> None:
        """Write or import one thing that a module names."""
        home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
        if isinstance(value, ModuleType):
            self.imports.add(import_line(name, home))
        elif inspect.isclass(value) and value in WHOLE:
            self._whole(value)
        elif name in self._written:
            return
        elif inspect.isfunction(value) and home.startswith(OWN):
            self._written.add(name)
            self._taken.add(name)
            self._note_package(home)
            inside = vars(sys.modules[home])
            (found,) = parsed(value).body
            assert isinstance(found, ast.FunctionDef)
            folded = Folding(inside).function(found)
            self._need([folded], inside)
            self.definitions.append(ast.unparse(folded))
        elif isinstance(value, dict):
            self._written.add(name)
            expression = Folding(names).value(assigned(name, names["__name__"]))
            self._need([expression], names)
            self.definitions.append(f"{name} = {ast.unparse(expression)}")
        elif home and not home.startswith(OWN):
            self.imports.add(f"from {home} import {name}")
        else:
            raise ExportError(f"{name} cannot be written: its source is not known")

    def _add_operations(self) -> None:
        """Write the operations that are used, as static methods of one class, before all else."""
        names = vars(sys.modules[EagerOperations.__module__])
        folding = Folding(names, EAGER)
        methods: dict[str, str] = {}
        while missing := sorted(self._operations - methods.keys()):
            method = method_of(EagerOperations, missing[0], folding)
            del method.args.args[0]
            method.decorator_list = [ast.Name("staticmethod", ast.Load())]
            for one in named([method], "self"):
                one.id = OPERATIONS
            self._need([method], names)
            methods[missing[0]] = textwrap.indent(ast.unparse(method), "    ")
        if methods:
            self.definitions.insert(0, "\n\n".join([f"class {OPERATIONS}:", *methods.values()]))

    def _free(self, name: str) -> str:
        """Return a name that no class has."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}{number}"
        self._taken.add(found)
        return found

    def _note_package(self, module: str) -> None:
        package = module.partition(".")[0]
        if package != "workbench":
            self.packages.add(package)


def _class_text(docstring: str | None, built: list[str], methods: str) -> str:
    """Return the body of a class."""
    constructor = "\n    ".join(["def __init__(self):", "super().__init__()", *built])
    parts = [constructor, methods]
    if docstring:  # its first paragraph: what follows is of our configs and errors
        summary = inspect.cleandoc(docstring).partition("\n\n")[0]
        parts.insert(0, f'"""{summary}"""')
    return "\n\n".join(parts)
