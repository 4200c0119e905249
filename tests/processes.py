"""Which processes a command has started, and what they listen on. Linux only."""

from collections.abc import Iterator
from pathlib import Path

import psutil

MARK = "WORKBENCH_MARK"
"""Variable of the environment, which all descendants of a process inherit."""
LISTENS = "0A"


def marked(mark: str) -> Iterator[Path]:
    """Yield the folders below /proc of the living processes that have the mark."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            state = (path.parent / "stat").read_text().rpartition(")")[2].split()[0]
            if f"{MARK}={mark}".encode() in path.read_bytes() and state != "Z":
                yield path.parent
        except OSError:
            continue


def commands(mark: str) -> list[str]:
    """Return the command lines of the processes that have the mark."""
    found = []
    for folder in marked(mark):
        try:
            found.append((folder / "cmdline").read_text().replace("\0", " ")[:80])
        except OSError:
            continue
    return found


def listening_on(mark: str) -> set[str]:
    """Return the addresses, in hexadecimal, that processes with the mark listen on."""
    sockets = set()
    for folder in marked(mark):
        for link in (folder / "fd").glob("*"):
            try:
                target = str(link.readlink())
            except OSError:
                continue
            if target.startswith("socket:["):
                sockets.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENS and fields[9] in sockets:
                found.add(fields[1].partition(":")[0])
    return found


LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}


def children(parent: int, name: str) -> list[int]:
    """Return the living processes that a process has started with `name` in the command line."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
            command = stat.with_name("cmdline").read_text()
        except OSError:
            continue
        if int(fields[1]) == parent and name in command and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


RAY_WORKERS = ("ray::TuneTrial", "ray::ResourceTrainable")
"""Titles of the processes that run trials for Ray Tune."""


def trainers(names: tuple[str, ...], parent: psutil.Process | None = None) -> list[psutil.Process]:
    """Return the descendants of a process, this one by default, that are called by one of names."""
    found = []
    for process in (parent or psutil.Process()).children(recursive=True):
        try:
            command = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and any(name in command for name in names):
                found.append(process)
        except psutil.Error:
            continue
    return found
