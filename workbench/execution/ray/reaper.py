"""Ends what a driver has left behind: a process of its own that waits for the driver's end.

Ray's agents run for more than a minute after a kill -9 of the driver. This process holds one end
of a pipe whose other end only the driver has, so the system signals any end of it. What the driver
has started is recognised by a variable of the environment, which all descendants inherit.
"""

import os
import select
import subprocess
import sys
import time
import uuid
from contextlib import suppress

import psutil

PATIENCE_S = 0.5
"""For an orderly end; nothing that these processes hold is needed."""
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


def family(mark: str) -> set[psutil.Process]:
    """Return the living processes with `mark` in their environment, and their descendants."""
    members = set[psutil.Process]()
    children = dict[int, list[psutil.Process]]()
    found = list[psutil.Process]()
    for process in psutil.process_iter(["ppid", "status", "environ"]):
        if process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        children.setdefault(process.info["ppid"], []).append(process)
        if (process.info["environ"] or {}).get(MARK) == mark:  # None: of another user
            found.append(process)
    while found:
        process = found.pop()
        if process not in members:
            members.add(process)
            found += children.get(process.pid, [])
    return members


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs; ids are used again, so it is compared by its start."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def main() -> None:
    """Wait for the driver's end, then end what is left of what it has started."""
    mark = sys.argv[1]
    known = family(mark)
    # Ray's processes write their titles over their environments, so they are known by their
    # parents, too, as long as these live.
    while not select.select([sys.stdin], [], [], WATCH_S)[0]:
        known |= family(mark)
    end_s = time.monotonic() + PATIENCE_S
    while known := {process for process in known | family(mark) if is_alive(process)}:
        for process in known:
            with suppress(psutil.Error):
                if time.monotonic() < end_s:
                    process.terminate()
                else:
                    process.kill()
        time.sleep(0.2)


if __name__ == "__main__":
    main()
