"""Where the data files are that ship with the workbench: `ablations/` and `search_spaces/`."""

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent


def shipped_folder(name: str) -> Path:
    """Return the folder inside an installed package, or at the top of a source tree."""
    installed = _PACKAGE / "shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def data_files(name: str) -> dict[str, Path]:
    """Return the YAML files of a folder by stem, sorted.

    A file in the working directory's folder of that name wins over a shipped one.
    """
    found = {path.stem: path for path in shipped_folder(name).glob("*.yaml")}
    here = Path.cwd() / name
    if here != shipped_folder(name):
        found |= {path.stem: path for path in here.glob("*.yaml")}
    return dict(sorted(found.items()))
