"""Where a trial ran and what its process used: records without influence on results. No torch."""

from workbench.config.base import Frozen
from workbench.config.plausible import Size


class Usage(Frozen):
    """What the process of a trial had used at one moment; in lanes, all trials of it together."""

    time_s: float
    """Unix time."""
    cpu_s: float
    """Seconds of all CPU cores together since the process began."""
    memory_bytes: int | None
    """Resident memory now; None where the system does not tell it."""


class Environment(Frozen):
    """Where a trial ran, for a reader who wants to repeat it."""

    python: str
    packages: dict[str, str]
    git_commit: str | None
    """Commit of the workbench's own source tree, if it is one."""
    git_dirty_diff: str | None
    """What differed from that commit."""
    hardware: str
    device: str
    threads: Size
    results_version: Size | None = None
    """`RESULTS_VERSION` of the workbench; None for trials of 0.1.0."""
    code_hash: str = ""
    """Of trials of 0.1.0: a hash of the code that defined the result."""
