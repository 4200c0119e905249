"""What `workbench table` prints."""

import shlex
from pathlib import Path
from typing import Any

from workbench.cli.console import OUT, note
from workbench.experiments.table import WrittenTable
from workbench.results import TrialState
from workbench.system.text import counted


def print_table(written: WrittenTable, out: Path) -> None:
    """Print what a table holds now, and what can be done with it."""
    table = written.table
    seeds = {result.config.seed for result in table.results}
    parts = [
        counted(len(table.networks), "network"),
        counted(len(seeds), "seed"),
        f"{counted(len(table.results), 'trial')} ({written.added:,} added)",
        f"{written.size_bytes / 1e6:,.2f} MB",
    ]
    OUT.print(f"{out}: table {table.name}, {', '.join(parts)}", soft_wrap=True)
    diverged = _diverged(written)
    if diverged:
        note(f"{counted(diverged, 'trial')} diverged and has no scores")
    if not table.licence:
        note("the data card states no licence of the images: --licence TEXT")
    if table.space is None:
        note("its search space is not known: --space SPACE")
    note(f"rank correlations: workbench fidelity {shlex.quote(str(out))}")


def to_dict(written: WrittenTable) -> dict[str, Any]:
    """Return what was written as plain data, with units in the keys."""
    table = written.table
    return {
        "table": table.name,
        "studies": list(table.studies),
        "search_space": table.space_name or None,
        "networks": len(table.networks),
        "seeds": sorted({result.config.seed for result in table.results}),
        "trials": len(table.results),
        "added": written.added,
        "diverged": _diverged(written),
        "latencies": len(table.latencies),
        "proxies": len(table.proxies),
        "size_bytes": written.size_bytes,
    }


def _diverged(written: WrittenTable) -> int:
    return sum(one.state is TrialState.DIVERGED for one in written.table.results)
