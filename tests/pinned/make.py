"""Write the pinned values of a new version of results: `python -m tests.pinned.make`."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.pinned.measure import SECTIONS, Values, changes, measure
from workbench.store.versions import RESULTS_VERSION

FILE = Path(__file__).parent / "values.json"


class UnchangedVersionError(Exception):
    """Results have changed and `RESULTS_VERSION` has not."""


def read_values() -> dict[str, Any]:
    """Return `{"results_version": number, "sections": {section: {name: value}}}`."""
    values: dict[str, Any] = json.loads(FILE.read_text())
    return values


def updated(stored: dict[str, Any] | None, measured: dict[str, Values], version: int) -> str:
    """Return the content of the file of values.

    Args:
        stored: What the file holds; None if there is none.
        measured: Values of every section.
        version: Of results.

    Raises:
        UnchangedVersionError: If values differ and the version does not. New names and names that
            are gone, such as of presets, are no change of results.
    """
    if stored is not None and stored["results_version"] == version:
        changed = [
            f"{section}: {name}"
            for section, values in measured.items()
            for name in changes(section, stored["sections"].get(section, {}), values)
        ]
        if changed:
            raise UnchangedVersionError(
                f"{len(changed)} results have changed, such as {changed[0]!r}, and RESULTS_VERSION "
                f"is still {version}; raise it in workbench/store/versions.py, or undo the change"
            )
        # Rounding of another machine is no reason to write other digits.
        measured = {
            section: {n: stored["sections"].get(section, {}).get(n, v) for n, v in values.items()}
            for section, values in measured.items()
        }
    return json.dumps({"results_version": version, "sections": measured}, indent=1) + "\n"


def main() -> int:
    """Measure and write, or say why not."""
    with tempfile.TemporaryDirectory() as folder:
        measured = {name: measure(name, Path(folder, name)) for name in SECTIONS}
    try:
        content = updated(read_values() if FILE.exists() else None, measured, RESULTS_VERSION)
    except UnchangedVersionError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    FILE.write_text(content)
    sys.stdout.write(f"{FILE}: results version {RESULTS_VERSION}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
