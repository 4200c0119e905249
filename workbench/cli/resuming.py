"""How a command ends that was stopped: its last line and its exit code. Light: loaded first."""

import sys

STOPPED = 130
"""Exit code after Ctrl-C."""
TRAINS = ("ablate", "search", "train", "aa-test")
"""Commands whose trials stop at a checkpoint."""
RESUMABLE = (*TRAINS, "reproduce")
"""Commands that keep what they have finished; the others begin again."""

SIMULATES = "search simulate"
"""The command of `search` that trains nothing, and begins again."""


def stopped_text(reason: str = "") -> str:
    """Return the last line of the command that runs.

    Args:
        reason: The signal or the time limit; empty for Ctrl-C.
    """
    by = f" by {reason}" if reason else ""
    resume = "; rerun the same command to resume" if _command() in RESUMABLE else ""
    return f"stopped{by}{resume}"


def stop_code() -> int:
    """Return the exit code after SIGTERM or SIGUSR1: 0 for a command that trains."""
    return 0 if _command() in TRAINS else STOPPED


def _command() -> str:
    words = sys.argv[1:3]
    return SIMULATES if " ".join(words) == SIMULATES else "".join(words[:1])
