"""A file is whole, old or new, whatever happens while it is written."""

import errno
import os
from pathlib import Path

import pytest

from workbench.errors import StoreError
from workbench.system.files import write_atomically


def test_it_makes_folders_and_replaces_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.json"
    for content in (b"old", b"", b"new" * 100_000):
        write_atomically(path, content, store=tmp_path)
        assert path.read_bytes() == content
    assert [child.name for child in path.parent.iterdir()] == ["file.json"]


def test_others_may_read_it_as_any_file(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write_atomically(tmp_path / "ours", b"", store=tmp_path)
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "no space is left on its disk"),
        (errno.EDQUOT, "its disk quota is used up"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    step: str, code: int, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(step, fail)
    with pytest.raises(StoreError, match=reason) as failed:
        write_atomically(path, b"new", store=tmp_path / "store")
    monkeypatch.undo()
    assert str(tmp_path / "store") in str(failed.value)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b"old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt("Ctrl-C")

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        write_atomically(path, b"new", store=tmp_path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(StoreError, match="store: a file stands where a folder is needed"):
        write_atomically(tmp_path / "store" / "x", b"", store=tmp_path / "store")
