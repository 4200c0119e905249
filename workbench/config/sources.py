"""The source of modules of one's own: which files it is, and the digest that keys hold. No torch.

A trial of the user's own code is the same trial only as long as the code is the same. So a config
holds a digest of the module's source: of its file, and of the files that it imports, directly or
not, from the folder that it is found in; of an installed package only those of the package itself.
The files are found by reading them, and nothing is executed.
"""

import ast
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import nearest
from workbench.system.digests import sha256_of_json

MOST_FILES = 500
OURS = "workbench"
"""Its code is covered by `RESULTS_VERSION`."""


@dataclass(frozen=True)
class Source:
    """The Python files of a module of one's own."""

    files: Mapping[str, str]
    """Relative path with `/` -> text."""
    version: str | None = None
    """`__version__` of the class, None if it states none."""

    @property
    def digest(self) -> str:
        """Hash of all names and texts."""
        return sha256_of_json(dict(self.files), compact=True)[:32]


_KNOWN: dict[str, Source] = {}
"""By digest: what this process has found or been given."""


def remember(source: Source) -> None:
    """Let this process build modules of this source."""
    _KNOWN[source.digest] = source


def known_source(digest: str) -> Source | None:
    """Return the source of a digest, None if this process does not know it."""
    return _KNOWN.get(digest)


def split_path(path: str) -> tuple[str, str]:
    """Return module and class of `package.module:Class`.

    Raises:
        ValueError: If it is written in another way.
    """
    module, _, name = path.partition(":")
    parts = (*module.split("."), name)
    if module.endswith(".py") or not all(part.isidentifier() for part in parts):
        raise ValueError(f"must be package.module:Class, got {path!r}{_meant(path)}")
    return module, name


def _meant(path: str) -> str:
    """Return the path that a file's name stands for, as a question; empty if it is none."""
    file, _, name = path.partition(":")
    dotted = file.removeprefix("./").removesuffix(".py").replace("/", ".")
    likely = f"{dotted}:{name}"
    is_path = all(part.isidentifier() for part in (*dotted.split("."), name))
    return f"; did you mean {likely!r}?" if is_path and likely != path else ""


def find_source(path: str) -> Source:
    """Read the source of `package.module:Class`; see the module's docstring for what belongs to it.

    It is looked for in the working directory, then where Python looks.

    Raises:
        ValueError: If there is no such module or class, if it is not written in Python, or if it
            is more than 500 files.
    """
    module, name = split_path(path)
    root = _root(module.partition(".")[0])
    files = dict(_closure(root, module))
    version = _check_class(files, module, name)
    source = Source(files, version)
    remember(source)
    return source


def _root(top: str) -> Path:
    """Return the folder in which the module or package `top` lies."""
    if top == OURS:
        raise ValueError("must not be part of the workbench, whose networks are presets")
    for entry in (Path.cwd(), *map(Path, sys.path)):
        if (entry / f"{top}.py").is_file() or any((entry / top).glob("*.py")):
            return entry
    raise ValueError(
        f"there is no module {top!r} of Python files in {Path.cwd()} or where Python looks"
    )


def _closure(root: Path, module: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of a module's file and of all that it imports below `root`."""
    top, waiting, seen = module.partition(".")[0], [module], set[str]()
    installed = root.resolve() in _installed_folders()
    if _file(root, module) is None:
        raise ValueError(f"there is no module {module!r} in {root}")
    while waiting:
        dotted = waiting.pop()
        if installed and dotted.partition(".")[0] != top:
            continue
        for name in _with_parents(dotted):
            file = _file(root, name)
            if file is None or name in seen or name.partition(".")[0] == OURS:
                continue
            seen.add(name)
            if len(seen) > MOST_FILES:
                raise ValueError(f"must import at most {MOST_FILES} files of its own package")
            text = _text(file)
            yield file.relative_to(root).as_posix(), text
            waiting += _imports(text, name, file)


def _installed_folders() -> set[Path]:
    names = ("purelib", "platlib", "stdlib", "platstdlib")
    return {Path(sysconfig.get_path(name)).resolve() for name in names}


def _with_parents(dotted: str) -> list[str]:
    parts = dotted.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]


def _file(root: Path, dotted: str) -> Path | None:
    """Return the file of a module, None if there is none: packages may do without."""
    place = root.joinpath(*dotted.split("."))
    for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
        if file.is_file():
            return file
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {' '.join(str(error).split())}") from None


def _imports(text: str, name: str, file: Path) -> Iterator[str]:
    """Yield the dotted names that a module may import, also inside its functions."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(_parsed(text, str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".") if node.level else []
            kept = parents[: len(parents) - node.level + 1] if node.level else []
            base = ".".join([*kept, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _parsed(text: str, file: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        reason = error.msg if isinstance(error, SyntaxError) else error
        raise ValueError(f"{file}:{line or 1}: no Python code: {reason}") from None


def _check_class(files: Mapping[str, str], module: str, name: str) -> str | None:
    """Refuse a class that the module does not define or import; return the version it states."""
    stem = module.replace(".", "/")
    file = next(path for path in (f"{stem}/__init__.py", f"{stem}.py") if path in files)
    tree = _parsed(files[file], file)
    defined = {found: node for node in ast.walk(tree) for found in _defined(node)}
    if name not in defined and "*" not in defined:
        classes = [found for found, node in defined.items() if isinstance(node, ast.ClassDef)]
        others = nearest(name, classes) if classes else "it defines no class"
        raise ValueError(f"{file} has no {name!r}; {others}")
    node = defined.get(name)
    return _stated_version(node) if isinstance(node, ast.ClassDef) else None


def _defined(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def _stated_version(node: ast.ClassDef) -> str | None:
    for line in node.body:
        if "__version__" in _defined(line) and isinstance(line, ast.Assign):
            value = line.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return value.value
    return None
