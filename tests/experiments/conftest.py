from pathlib import Path

import pytest

from tests.builders.stores import STUDY, make_store
from workbench.experiments.transfer import export_study


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """Return an export of three trials."""
    export_study(make_store(tmp_path / "theirs"), STUDY, tmp_path / "exported")
    return tmp_path / "exported"
