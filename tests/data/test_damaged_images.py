"""Files that Pillow reads and should not, or that no tool writes on purpose."""

import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.data.images import ImageError, image_size, read_rgb


def write_deep_tiff(path: Path, order: str) -> None:
    """Write an RGB TIFF of 4 x 4 px, 16 bits a channel; the order of bytes is `<` or `>`."""
    shorts = [(256, 4), (257, 4), (259, 1), (262, 2), (277, 3), (278, 4)]
    pixels, bits_at = 4 * 4 * 3 * 2, 8 + 2 + 9 * 12 + 4
    entries = [(tag, struct.pack(f"{order}HIHH", 3, 1, value, 0)) for tag, value in shorts]
    entries.append((258, struct.pack(f"{order}HII", 3, 3, bits_at)))  # bits of each channel
    entries.append((273, struct.pack(f"{order}HII", 4, 1, bits_at + 6)))  # place of the pixels
    entries.append((279, struct.pack(f"{order}HII", 4, 1, pixels)))
    data = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HIH", 42, 8, len(entries))
    for tag, rest in sorted(entries):
        data += struct.pack(f"{order}H", tag) + rest
    data += struct.pack(f"{order}IHHH", 0, 16, 16, 16)
    path.write_bytes(data + bytes(range(pixels)))


@pytest.mark.parametrize("order", ["<", ">"])
def test_16_bit_rgb_tiff_is_refused(tmp_path: Path, order: str) -> None:
    path = tmp_path / "a.tif"
    write_deep_tiff(path, order)
    with Image.open(path) as image:
        assert image.mode == "RGB"  # Pillow would cut off the lower half of each value
    with pytest.raises(ImageError, match=r"a\.tif: 16 bits a channel; only 8-bit images can be"):
        read_rgb(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
def test_damaged_files_give_an_image_or_an_image_error(tmp_path: Path, kind: str) -> None:
    path, random = tmp_path / "a.png", np.random.default_rng(7)
    slopes = np.mgrid[0:24, 0:24].sum(axis=0)[..., None] * np.array([1, 3, 5])
    Image.fromarray(slopes.astype(np.uint8)).save(path, format=kind)
    good = np.frombuffer(path.read_bytes(), np.uint8)
    refused: list[str] = []
    for _ in range(150):
        bad = good.copy()
        places = random.integers(0, len(bad), 4)
        places[:2] %= 200  # headers break more than pixels
        bad[places] = random.integers(0, 256, 4)
        path.write_bytes(bad.tobytes())
        try:
            array, _ = read_rgb(path)
        except ImageError as error:
            refused.append(str(error))
        else:
            assert array.shape == (*image_size(path), 3)
    assert len(refused) > 10
    assert "\n" not in "".join(refused)


def test_an_image_error_survives_the_way_from_a_worker() -> None:
    error = pickle.loads(pickle.dumps(ImageError(Path("/a/b.png"), "is blue")))
    assert str(error) == "/a/b.png: is blue"
    assert error.exit_code == 2
