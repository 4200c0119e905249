"""Ends what a driver has left behind: run as a process of its own, it waits for the driver's end.

Ray's agents go on for more than a minute after a kill -9 of the driver. This process holds one end
of a pipe whose other end only the driver has, so the system tells it of any end.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE_S = 2.0


def start_reaper(mark: str) -> "subprocess.Popen[bytes]":
    """Start a process that ends all others with `mark` in their command line after this one.

    Args:
        mark: What only processes have that belong to this driver, such as a session's folder.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "workbench.cluster.reaper", mark],
        stdin=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the driver
    )


def marked(mark: str) -> list[int]:
    """Return the processes whose command line holds `mark`, without this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        pid = int(path.parent.name)
        if mark in command and pid != os.getpid():
            found.append(pid)
    return found


def main() -> None:
    """Wait for the driver's end, then end what is left of its session."""
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
