"""Ends what a driver has left behind: run as a process of its own, it waits for the driver's end.

Ray's agents go on for more than a minute after a kill -9 of the driver. This process holds one end
of a pipe whose other end only the driver has, so the system tells it of any end. What the driver
has started is known by a variable of its environment, which all descendants inherit: Ray's
processes change their command lines.
"""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

PATIENCE_S = 2.0
MARK = "WORKBENCH_DRIVER"


def start_reaper() -> "subprocess.Popen[bytes]":
    """Start a process that, after this one, ends what this one starts from now on."""
    mark = uuid.uuid4().hex
    reaper = subprocess.Popen(
        [sys.executable, "-m", "workbench.cluster.reaper", mark],
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


def marked(mark: str) -> list[int]:
    """Return the living processes with `mark` in their environment."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            has = wanted in path.read_bytes()
        except OSError:  # it has ended, or belongs to somebody else
            continue
        if has:
            found.append(int(path.parent.name))
    return found


def main() -> None:
    """Wait for the driver's end, then end what is left of what it has started."""
    mark = sys.argv[1]
    sys.stdin.buffer.read()  # returns when the driver has ended
    patience = time.monotonic() + PATIENCE_S
    number = signal.SIGTERM
    while left := marked(mark):
        for pid in left:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        time.sleep(0.2)
        if time.monotonic() > patience:
            number = signal.SIGKILL


if __name__ == "__main__":
    main()
