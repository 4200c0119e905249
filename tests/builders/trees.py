"""Builders of tests: trees."""

from pathlib import Path


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    found = {path: path.stat() for path in (folder, *folder.rglob("*"))}
    return {str(path): (info.st_size, info.st_mtime_ns) for path, info in found.items()}
