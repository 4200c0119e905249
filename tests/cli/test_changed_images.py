"""Images that change between two runs of one study or search are said, and never mixed."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.builders.searches import settings
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.experiments.search_opening import open_search
from workbench.experiments.search_spec import ResumePolicy
from workbench.search.record_file import read_record
from workbench.store.ledger import Ledger
from workbench.system.events import ignore
from workbench.trial.images import open_images


def test_a_search_does_not_go_on_with_other_images(
    tiny_trial: TrialConfig, photos: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(photos, tmp_path / "own")
    changes = {"data.training": [{"name": "own", "folder": str(folder)}]}
    wanted = settings(base=apply_overrides(tiny_trial, changes))
    store = tmp_path / "store"

    def begin(*, fresh: bool = False) -> None:
        open_images(wanted.base, Ledger(store))
        open_search(wanted, "s", store, ResumePolicy(warm_start=False, fresh=fresh), ignore)

    begin()
    begin()
    with Image.open(folder / "photo1.png") as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "photo1.png")
    before = read_record(store, "s")
    with pytest.raises(ConfigError, match=r"search 's' in .*: images changed: training own; its"):
        begin()
    assert read_record(store, "s") == before
    begin(fresh=True)
    begin()
