"""Ends what a driver has left behind: run as a process of its own, it waits for the driver's end.

Ray's agents go on for more than a minute after a kill -9 of the driver. This process holds one end
of a pipe whose other end only the driver has, so the system tells it of any end. What the driver
has started is known by a variable of the environment, which all descendants inherit.
"""

import os
import select
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path

PATIENCE_S = 0.5
"""For an end in order; nothing that they hold is of use to anybody."""
WATCH_S = 1.0
MARK = "WORKBENCH_DRIVER"


def start_reaper() -> "subprocess.Popen[bytes]":
    """Start a process that, after this one, ends what this one starts from now on."""
    mark = uuid.uuid4().hex
    reaper = subprocess.Popen(
        [sys.executable, "-m", "workbench.execution.ray.reaper", mark],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the driver
    )
    os.environ[MARK] = mark
    return reaper


def end_reaper(reaper: "subprocess.Popen[bytes]") -> None:
    """Let it do its work now, and wait for it."""
    if reaper.stdin is not None:
        reaper.stdin.close()
    reaper.wait()
    os.environ.pop(MARK, None)


Process = tuple[int, str]
"""Its id, and when it was started: ids are used again."""


def family(mark: str) -> set[Process]:
    """Return the living processes with `mark` in their environment, and their descendants."""
    wanted = f"{MARK}={mark}".encode()
    started, children, found = {}, dict[int, list[int]](), list[int]()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, *fields = (folder / "stat").read_text().rpartition(")")[2].split()
            environment = (folder / "environ").read_bytes()
        except OSError:  # it has ended, or belongs to somebody else
            continue
        if state == "Z":
            continue
        pid = int(folder.name)
        started[pid] = fields[17]
        children.setdefault(int(parent), []).append(pid)
        if wanted in environment:
            found.append(pid)
    members = set[Process]()
    while found:
        pid = found.pop()
        if (pid, started[pid]) not in members:
            members.add((pid, started[pid]))
            found += children.get(pid, [])
    return members


def is_alive(process: Process) -> bool:
    """Tell whether a process still runs."""
    try:
        stat = Path(f"/proc/{process[0]}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return stat[0] != "Z" and stat[19] == process[1]


def main() -> None:
    """Wait for the driver's end, then end what is left of what it has started."""
    mark = sys.argv[1]
    known = family(mark)
    # Ray's processes write their titles over their environments, so they are known by their
    # parents, too, as long as these live.
    while not select.select([sys.stdin], [], [], WATCH_S)[0]:
        known |= family(mark)
    patience = time.monotonic() + PATIENCE_S
    while known := {process for process in known | family(mark) if is_alive(process)}:
        number = signal.SIGTERM if time.monotonic() < patience else signal.SIGKILL
        for pid, _ in known:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        time.sleep(0.2)


if __name__ == "__main__":
    main()
