"""Pictures to be enlarged: RGB with or without alpha, 8 or 16 bits a channel, read and written.

Pillow has no RGB of 16 bits: it decodes such PNG files byte by byte, and tifffile reads TIFF.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from workbench.data.images import ImageError, bits_per_channel, decoding, read_rgba, refuse_several

_DEEP = 65535
"""Highest value of 16 bits."""
_ORIENTATION = 274
"""The TIFF tag."""
_DECODED = (
    tifffile.COMPRESSION.NONE,
    tifffile.COMPRESSION.ADOBE_DEFLATE,
    tifffile.COMPRESSION.DEFLATE,
    tifffile.COMPRESSION.PACKBITS,
)
"""Compressions that tifffile decodes without further packages."""
_GREY = "grey, read as three equal channels"


@dataclass(frozen=True)
class Picture:
    """One image: its values, and how it is written."""

    colour: NDArray[np.uint8] | NDArray[np.float32]
    """(height, width, 3) RGB: uint8 of an opaque image with 8 bits, otherwise float32 in 0..1. Not
    premultiplied."""
    alpha: NDArray[np.float32] | None
    """(height, width) in 0..1; None where every pixel is opaque."""
    is_deep: bool
    """Whether its file has 16 bits a channel, and that of the enlarged one shall have them."""
    note: str = ""
    """What was converted; empty if nothing."""


def read_picture(path: Path) -> Picture:
    """Read an image of 8 or 16 bits a channel, grey or RGB, with or without alpha.

    Raises:
        ImageError: For other images, and files that are damaged or no images.
    """
    bits = bits_per_channel(path)
    if bits == 8:
        return _shallow(path)
    if bits != 16:
        raise ImageError(path, f"{bits} bits a channel; only 8-bit and 16-bit images can be used")
    values, is_premultiplied = _deep_values(path)
    if values.dtype != np.uint16 or values.ndim != 3 or values.shape[2] not in (1, 2, 3, 4):
        raise ImageError(path, "16 bits a channel, but neither grey nor RGB of whole numbers")
    is_grey = values.shape[2] < 3
    scaled: NDArray[np.float32] = np.divide(values, np.float32(_DEEP), dtype=np.float32)
    colour: NDArray[np.float32] = scaled
    alpha: NDArray[np.float32] | None = None
    if values.shape[2] in (2, 4):
        colour, alpha = scaled[..., :-1], scaled[..., -1]
    if is_grey:
        colour = np.repeat(colour, 3, axis=2)
    if alpha is not None and is_premultiplied:
        colour = unmultiplied(colour, alpha)
    if alpha is not None and bool((alpha == 1).all()):
        alpha = None
    return Picture(colour, alpha, True, f"{path.name}: {_GREY}" if is_grey else "")


def unmultiplied(colour: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    """Divide premultiplied colour by its alpha; where that is zero, colour is zero.

    Args:
        colour: (height, width, 3).
        alpha: (height, width) in 0..1.

    Returns:
        (height, width, 3) in 0..1.
    """
    whole = np.zeros_like(colour)
    np.divide(colour, alpha[..., None], out=whole, where=alpha[..., None] > 0)
    return whole.clip(0, 1)


def encode(
    colour: NDArray[np.float32], alpha: NDArray[np.float32] | None, *, is_deep: bool
) -> bytes:
    """Return the content of a PNG file.

    Args:
        colour: (height, width, 3) RGB in 0..1.
        alpha: (height, width) in 0..1, or None.
        is_deep: Write 16 bits a channel, otherwise 8.
    """
    values = colour if alpha is None else np.concatenate([colour, alpha[..., None]], axis=2)
    if is_deep:
        return _deep_png((values.clip(0, 1) * _DEEP).round().astype(np.uint16))
    content = io.BytesIO()
    Image.fromarray((values.clip(0, 1) * 255).round().astype(np.uint8)).save(content, format="PNG")
    return content.getvalue()


def _shallow(path: Path) -> Picture:
    values, note = read_rgba(path)
    if values.shape[2] == 3:
        return Picture(values, None, False, note)
    scaled: NDArray[np.float32] = np.divide(values, np.float32(255), dtype=np.float32)
    return Picture(scaled[..., :3], scaled[..., 3], False, note)


def _deep_values(path: Path) -> tuple[NDArray[Any], bool]:
    """Return (height, width, channels), upright, and whether colour is premultiplied."""
    with decoding(path), Image.open(path) as image:
        refuse_several(path, image)
        is_tiff = image.format == "TIFF"
        raw = "" if is_tiff else str(image.tile[0].args)
        if not is_tiff and "transparency" in image.info:
            raise ImageError(path, "16 bits a channel, one colour transparent; save it with alpha")
    if not is_tiff:
        return _png_values(path, raw), False
    try:
        return _tiff_values(path)
    except (RuntimeError, ValueError, OSError, tifffile.TiffFileError) as error:
        reason = " ".join(str(error).split())
        raise ImageError(path, f"cannot be read: {reason}") from error


def _png_values(path: Path, raw: str) -> NDArray[Any]:
    """Decode a PNG file of 16 bits.

    Of grey Pillow gives all bits. Of RGB it keeps the first byte of each value, and the second one
    if told that the bytes are in the other order; so it decodes such files twice.

    Args:
        path: The file.
        raw: Pillow's name for how its values are stored, such as `RGB;16B`.
    """
    if raw == "LA;16B":
        four, orientation = _decoded(path, "RGBA")  # two bytes of grey, two of alpha
        values = four.view(">u2").astype(np.uint16)
    elif raw in ("RGB;16B", "RGBA;16B"):
        (high, orientation), (low, _) = _decoded(path, raw), _decoded(path, f"{raw[:-1]}L")
        values = high.astype(np.uint16) << 8 | low
    else:
        values, orientation = _decoded(path, raw)
        values = values[..., None]
    return _upright(values, orientation)


def _decoded(path: Path, raw: str) -> tuple[NDArray[Any], int]:
    """Decode a PNG file whose values are stored as `raw`; also return its EXIF orientation."""
    with decoding(path), Image.open(path, formats=("PNG",)) as image:
        image.tile = [tile._replace(args=raw) for tile in image.tile]
        image.load()
        return np.array(image), int(image.getexif().get(_ORIENTATION, 1))


def _tiff_values(path: Path) -> tuple[NDArray[Any], bool]:
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        if page.compression not in _DECODED:
            name = tifffile.COMPRESSION(page.compression).name
            raise ValueError(f"{name} compression of 16 bits; save it with none or with deflate")
        values = page.asarray()
        if values.ndim == 2:
            values = values[..., None]
        elif page.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
            values = np.moveaxis(values, 0, -1)
        if page.photometric == tifffile.PHOTOMETRIC.MINISWHITE:
            values = _DEEP - values
        elif page.photometric not in (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.RGB):
            name = tifffile.PHOTOMETRIC(page.photometric).name
            raise ValueError(f"{name} colours; only RGB and grey can be used")
        tag = page.tags.get(_ORIENTATION)
        premultiplied = tifffile.EXTRASAMPLE.ASSOCALPHA in page.extrasamples
    return _upright(values, int(tag.value) if tag else 1), premultiplied


def _upright(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Turn an image as its EXIF orientation 1..8 says."""
    if orientation in (5, 6, 7, 8):
        values = values.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    return np.ascontiguousarray(values)


def _deep_png(values: NDArray[np.uint16]) -> bytes:
    """Encode (height, width, 3 or 4) as a PNG file of 16 bits, rows as changes from those above."""
    height, width, channels = values.shape
    rows = values.astype(">u2").reshape(height, -1).view(np.uint8)
    above = np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])
    filtered = np.concatenate([np.full((height, 1), 2, np.uint8), rows - above], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", zlib.compress(filtered.tobytes())),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum
