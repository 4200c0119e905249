"""How tests are spread over the processes of pytest-xdist.

Tests run one by one wherever a process is free, but those whose modules name an `xdist_group` run
in one process, as they share fixtures that cost seconds. (`--dist loadgroup` is meant for that;
with pytest 9.2 and xdist 3.8 it has no effect.) The longest groups start first, then the other
groups, then single tests.
"""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

ROOT = Path(__file__).parent.parent
LONGEST_FIRST = ("ray-commands", "python-md", "ray", "ablate", "processes", "lanes", "ui")
"""Groups of more than a minute. They start first: one that starts late runs alone at the end, and
the other processes have nothing left to do."""
_GROUP = re.compile(r"""mark\.xdist_group\(["']([a-z-]+)["']\)""")


@cache
def group_of(file: str) -> str | None:
    """Return the group that a module of tests names, None if it names none.

    Args:
        file: Path of the module below the root of the repository.
    """
    path = ROOT / file
    found = _GROUP.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found.group(1) if found else None


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each group, and each test without one, to the next process that is free."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0]) or nodeid

    def _assign_work_unit(self, node: WorkerController) -> None:
        longest = next((group for group in LONGEST_FIRST if group in self.workqueue), None)
        if longest:
            self.workqueue.move_to_end(longest, last=False)
        super()._assign_work_unit(node)
