"""Crops that are gathered by a row of a table are those that the sampler cuts."""

from pathlib import Path

import pytest
import torch

from tests.builders.training import begun
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
from workbench.training import crop_tables
from workbench.training.crop_tables import CropTable, PixelTable, PlaceTable, crop_table
from workbench.training.device import images_to_device

CPU = torch.device("cpu")


@pytest.fixture
def sampler(tiny_trial: TrialConfig, tmp_path: Path) -> CropSampler:
    """Return crops of 15 LR px in images of 16 LR px, from two stores."""
    source = tiny_trial.data.training[0].plain()
    two = [source, source | {"name": "again"}]
    config = apply_overrides(tiny_trial, {"data.training": two, "training.stages.0.batch_size": 7})
    (sampler,) = begun(config, tmp_path).samplers
    assert len(sampler.stores) == 2
    return sampler


@pytest.mark.parametrize("kind", [PlaceTable, PixelTable])
def test_a_row_holds_the_batch_of_its_step(
    sampler: CropSampler, kind: type[PlaceTable] | type[PixelTable]
) -> None:
    table: CropTable = kind(sampler, CPU, rows=4)
    for first, count in ((0, 4), (9, 2)):
        table.fill(first, count)
        for row in range(count):
            found = table.gather(torch.tensor([row]))
            expected = (torch.from_numpy(one) for one in sampler.batch(first + row))
            for patches, pixels in zip(found, expected, strict=True):
                assert torch.equal(patches, images_to_device(pixels, CPU))


def test_all_orientations_were_compared(sampler: CropSampler) -> None:
    assert {crop.turn for step in range(11) for crop in sampler.crops(step)} == set(range(8))


def test_images_that_are_too_large_for_the_device_are_cut_on_the_host(
    sampler: CropSampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(crop_table(sampler, CPU, rows=4), PlaceTable)
    pixels = sum(array.size for store in sampler.stores for array in store.pixels())
    monkeypatch.setattr(crop_tables, "_memory_bytes", lambda _: pixels / crop_tables.MOST_SHARE - 1)
    assert isinstance(crop_table(sampler, CPU, rows=4), PixelTable)


def test_a_table_of_pixels_has_as_many_rows_as_fit(
    sampler: CropSampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_row = 7 * 3 * (15**2 + 60**2)
    monkeypatch.setattr(crop_tables, "_UPLOADED_BYTES", 3 * a_row + 1)
    assert PixelTable(sampler, CPU, rows=128).rows == 3
    monkeypatch.setattr(crop_tables, "_UPLOADED_BYTES", 1)
    assert PixelTable(sampler, CPU, rows=128).rows == 1


def test_trainings_of_one_process_share_their_images(sampler: CropSampler) -> None:
    one, other = PlaceTable(sampler, CPU, rows=1), PlaceTable(sampler, CPU, rows=1)
    assert one._images is other._images
