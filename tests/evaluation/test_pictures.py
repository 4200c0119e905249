"""Enlarging pictures of 16 bits a channel and with alpha."""

import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from workbench.data.bicubic import enlarge
from workbench.data.images import ImageError, read_rgb
from workbench.evaluation.pictures import encode, read_picture, unmultiplied
from workbench.evaluation.upscale import plan_files, upscale_files

SCALE = 2
Deep = NDArray[np.uint16]
COLOUR = np.array([0.8, 0.4, 0.2], np.float32)


class Bicubic(nn.Module):
    """Enlarges as the alpha channel is enlarged."""

    def forward(self, x: Tensor) -> Tensor:
        return enlarge(x[0], SCALE)[None]


class Repeat(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(SCALE, dim=2).repeat_interleave(SCALE, dim=3)


def upscaled(source: Path, model: nn.Module) -> Path:
    target = source.parent / "large.png"
    upscale_files(model, plan_files(source, target), scale=SCALE, smallest_lr_px=1)
    return target


def deep(channels: int, height: int = 7, width: int = 9) -> Deep:
    return np.random.default_rng(channels).integers(
        0, 65536, (height, width, channels), dtype=np.uint16
    )


def png(image: Deep, kind: int) -> bytes:
    """Encode as a PNG file of 16 bits, byte by byte, all rows with one filter of the format."""
    height, width, channels = image.shape
    rows = image.astype(">u2").reshape(height, -1).view(np.uint8).astype(int)
    step, above, coded = 2 * channels, np.zeros(rows.shape[1], int), b""
    for row in rows:
        left = np.concatenate([np.zeros(step, int), row[:-step]])
        corner = np.concatenate([np.zeros(step, int), above[:-step]])
        nearest = np.stack([left, above, corner])
        best = np.abs(nearest - (left + above - corner)).argmin(axis=0)
        paeth = np.take_along_axis(nearest, best[None], axis=0)[0]
        guess = (np.zeros_like(row), left, above, (left + above) // 2, paeth)[kind]
        coded += bytes([kind, *((row - guess) % 256).tolist()])
        above = row
    header = struct.pack(">IIBBBBB", width, height, 16, {2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(coded)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


def values(path: Path) -> Deep:
    """Return what a file holds: (height, width, channels) of 16 bits."""
    picture = read_picture(path)
    assert picture.is_deep
    colour = picture.colour
    if picture.alpha is not None:
        colour = np.concatenate([colour, picture.alpha[..., None]], axis=2)
    return (colour * 65535).round().astype(np.uint16)


def as_float(image: Deep) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.divide(image, np.float32(65535), dtype=np.float32)
    return found


@pytest.mark.parametrize("channels", [3, 4])
def test_16_bit_png_is_written_and_read_back_exactly(tmp_path: Path, channels: int) -> None:
    image = deep(channels)
    path = tmp_path / "a.png"
    alpha = as_float(image[..., 3]) if channels == 4 else None
    path.write_bytes(encode(as_float(image[..., :3]), alpha, is_deep=True))
    assert np.array_equal(values(path), image)
    # A reader of its own agrees, as far as it goes: the high bytes.
    with Image.open(path) as opened:
        assert opened.mode == {3: "RGB", 4: "RGBA"}[channels]
        assert np.abs(np.asarray(opened).astype(int) - image / 257).max() <= 1


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"planarconfig": "separate"}])
def test_16_bit_tiff_is_read_exactly(tmp_path: Path, options: dict[str, Any]) -> None:
    image = deep(3)
    stored = np.moveaxis(image, -1, 0) if "planarconfig" in options else image
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", **options)
    assert np.array_equal(values(tmp_path / "a.tif"), image)
    assert read_picture(tmp_path / "a.tif").note == ""


def test_16_bit_png_of_other_programs_is_read_exactly(tmp_path: Path) -> None:
    """With each filter of the format, grey with alpha, RGB and RGBA."""
    path = tmp_path / "a.png"
    for kind in range(5):
        for channels in (2, 3, 4):
            image = deep(channels)
            path.write_bytes(png(image, kind))
            expected = image[..., [0, 0, 0, 1]] if channels == 2 else image
            assert np.array_equal(values(path), expected)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_grey_of_16_bits_is_three_equal_channels(tmp_path: Path, name: str) -> None:
    image = deep(1)
    path = tmp_path / name
    if name == "a.png":
        Image.fromarray(image[..., 0]).save(path)
    else:
        tifffile.imwrite(path, image[..., 0], photometric="minisblack")
    assert np.array_equal(values(path), image.repeat(3, axis=2))
    assert read_picture(path).note == f"{name}: grey, read as three equal channels"


def test_alpha_of_a_tiff_may_be_multiplied_in(tmp_path: Path) -> None:
    image = np.full((4, 4, 4), 32768, np.uint16)
    for kind, red in (("assocalpha", 65535), ("unassalpha", 32768)):
        path = tmp_path / f"{kind}.tif"
        tifffile.imwrite(path, image, photometric="rgb", extrasamples=[kind])
        assert values(path)[0, 0].tolist() == [red, red, red, 32768]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_16_bit_tiff_is_turned_as_pillow_turns_8_bits(tmp_path: Path, orientation: int) -> None:
    shallow = np.random.default_rng(0).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    tag = [(274, "H", 1, orientation, True)]
    for name, image in (("8.tif", shallow), ("16.tif", shallow.astype(np.uint16) * 257)):
        tifffile.imwrite(tmp_path / name, image, photometric="rgb", extratags=tag)
    upright, _ = read_rgb(tmp_path / "8.tif")
    assert np.array_equal(values(tmp_path / "16.tif"), upright.astype(np.uint16) * 257)


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_a_16_bit_ramp_keeps_more_than_8_bits(tmp_path: Path, kind: str) -> None:
    # 64 columns within three steps of 8 bits.
    ramp = np.linspace(30_000, 30_768, 64).round().astype(np.uint16)
    image = np.broadcast_to(ramp[None, :, None], (8, 64, 3))
    source = tmp_path / f"ramp.{kind}"
    if kind == "png":
        source.write_bytes(encode(as_float(image), None, is_deep=True))
    else:
        tifffile.imwrite(source, image, photometric="rgb")
    assert len(np.unique(image // 257)) <= 4
    large = values(upscaled(source, Bicubic()))
    assert large.shape == (16, 128, 3)
    assert len(np.unique(large)) > 100
    assert (np.diff(large[8, :, 0].astype(int)) >= 0).all()
    assert np.array_equal(values(upscaled(source, Repeat())), image.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("model", [Bicubic(), Repeat()])
def test_a_transparent_image_has_no_fringe(tmp_path: Path, bits: int, model: nn.Module) -> None:
    """One colour under a soft edge; transparent pixels are black, as programs write them."""
    alpha = np.zeros((16, 16), np.float32)
    alpha[4:12, 4:12] = 1
    alpha[3, 4:12] = alpha[4:12, 12] = 0.4
    colour: NDArray[np.float32] = np.where(alpha[..., None] > 0, COLOUR, np.float32(0))
    source = tmp_path / "soft.png"
    source.write_bytes(encode(colour, alpha, is_deep=bits == 16))
    target = upscaled(source, model)
    large = read_picture(target)
    assert large.is_deep == (bits == 16)
    assert large.alpha is not None
    colour = large.colour.astype(np.float32)
    tolerance = {8: 0.05, 16: 0.001}[bits]
    edge = (large.alpha > 0.05) & (large.alpha < 1)
    assert edge.sum() > 100
    assert np.abs(colour[edge] - COLOUR).max() < tolerance
    # Where bicubic overshoots, alpha ends at 1 and colour is what the network gives.
    assert (COLOUR - colour[large.alpha == 1]).max() < tolerance
    expected = enlarge(torch.from_numpy(alpha)[None], SCALE)[0].clamp(0, 1).numpy()
    assert np.abs(large.alpha - expected).max() < 1 / 250


def test_an_opaque_alpha_channel_is_left_out(tmp_path: Path) -> None:
    for is_deep in (False, True):
        path = tmp_path / "opaque.png"
        colour = as_float(deep(3))
        path.write_bytes(encode(colour, np.ones(colour.shape[:2], np.float32), is_deep=is_deep))
        assert read_picture(path).alpha is None
        with Image.open(upscaled(path, Repeat())) as image:
            assert image.mode == "RGB"


def test_grey_with_alpha_becomes_rgba(tmp_path: Path) -> None:
    path = tmp_path / "la.png"
    Image.fromarray(np.full((5, 5, 2), 128, np.uint8), "LA").save(path)
    with Image.open(upscaled(path, Repeat())) as image:
        assert image.mode == "RGBA"
        assert image.getpixel((3, 3)) == (128, 128, 128, 128)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    whole = encode(as_float(deep(3, 64, 64)), None, is_deep=True)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match=f"^{re.escape(str(path))}: cannot be read: "):
        read_picture(path)
    tifffile.imwrite(tmp_path / "float.tif", np.zeros((4, 4, 3), np.float32), photometric="rgb")
    with pytest.raises(ImageError, match=r"float\.tif: "):
        read_picture(tmp_path / "float.tif")
    grey = Image.fromarray(deep(1)[..., 0])
    grey.save(tmp_path / "lzw.tif", compression="tiff_lzw")
    with pytest.raises(ImageError, match=r"lzw\.tif: cannot be read: LZW compression of 16 bits; "):
        read_picture(tmp_path / "lzw.tif")
    path.write_bytes(whole)
    with pytest.raises(ImageError, match="16 bits a channel; only 8-bit images can be used"):
        read_rgb(path)  # training and benchmarks


def test_no_colour_comes_out_of_nothing() -> None:
    colour, alpha = np.full((1, 2, 3), 0.3, np.float32), np.array([[0, 0.5]], np.float32)
    assert unmultiplied(colour, alpha).tolist() == [[[0] * 3, pytest.approx([0.6] * 3)]]
