"""Builders of tests: crops."""

import io
from pathlib import Path

from PIL import Image

from workbench.reporting.crops import PICTURES, RECORD, CropRecord, Crops, read_crops
from workbench.system.files import write_atomically

RECORD_OF_CROP = CropRecord(
    top_px=8,
    left_px=0,
    side_px=64,
    bicubic_db=21.0,
    against_db=22.5,
    variant_db=23.25,
    limit_levels=12.5,
)


def keep(folder: Path) -> Crops:
    encoded = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(encoded, format="PNG")
    for name in PICTURES:
        write_atomically(folder / f"{name}.png", encoded.getvalue() + name.encode())
    write_atomically(folder / RECORD, RECORD_OF_CROP.model_dump_json().encode())
    crops = read_crops(folder)
    assert crops is not None
    return crops
