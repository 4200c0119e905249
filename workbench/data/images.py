"""Image files to RGB arrays, and nothing silent on the way. No torch.

What cannot be read as 8-bit RGB without a loss is refused; what can be (grey, palette, an alpha
channel that is opaque everywhere) is converted, and a note says so. EXIF orientation is applied,
as image viewers and OpenCV do. Colour profiles are ignored, as everywhere in super-resolution.
"""

import struct
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError

from workbench.errors import DataError

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
_BITS_PER_SAMPLE = 258
"""The TIFF tag."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes an image of that EXIF orientation upright."""

_CONVERTED = {
    "L": "grey, read as three equal channels",
    "1": "1-bit, read as three equal channels",
    "P": "palette, read as RGB",
}

_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
)
"""What Pillow's decoders raise on damaged files."""


class ImageError(DataError):
    """One image file that cannot be used: `path: reason`."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


def read_rgb(path: Path) -> tuple[np.ndarray, str]:
    """Read an image.

    Args:
        path: A PNG, JPEG, WebP, BMP or TIFF file.

    Returns:
        uint8 RGB of shape (height, width, 3), C-contiguous, and a note such as `bridge.png: grey,
        read as three equal channels`; the note is empty where the file was plain RGB.

    Raises:
        ImageError: For more than 8 bits a channel, colours other than RGB or grey, transparency,
            several pictures in one file, and files that are damaged or no images.
    """
    return _read(path, keep_alpha=False)


def read_rgba(path: Path) -> tuple[np.ndarray, str]:
    """Read an image with its alpha channel.

    Args:
        path: A PNG, JPEG, WebP, BMP or TIFF file.

    Returns:
        uint8 of shape (height, width, 4) if some pixels are not opaque, otherwise what `read_rgb`
        returns, and a note as there.

    Raises:
        ImageError: As `read_rgb`, but not for transparency.
    """
    return _read(path, keep_alpha=True)


def bits_per_channel(path: Path) -> int:
    """Return the bits of a channel, at least 8, reading the header only.

    Raises:
        ImageError: Where the header cannot be read.
    """
    with decoding(path), Image.open(path, formats=_FORMATS) as image:
        return max(8, _bits(image))


def _read(path: Path, *, keep_alpha: bool) -> tuple[np.ndarray, str]:
    with decoding(path), Image.open(path, formats=_FORMATS) as image:
        _refuse_losses(path, image)
        orientation = _orientation(image)
        had_exif = "exif" in image.info
        image.load()
        if not had_exif and _late_orientation(image, orientation) != orientation:
            raise ImageError(path, "its EXIF orientation comes after its pixels; save it upright")
        rgb, how = _to_rgb(path, image, keep_alpha=keep_alpha)
        if orientation in _TURNS:
            how = f"{how}, turned" if how else "turned"
            how += f" as its EXIF orientation {orientation} says"
            # Pillow itself turns TIFF while it loads.
            rgb = rgb if image.format == "TIFF" else rgb.transpose(_TURNS[orientation])
        return np.array(rgb), f"{path.name}: {how}" if how else ""


def image_size(path: Path) -> tuple[int, int]:
    """Return (height, width) in px of what `read_rgb` would give, reading the header only.

    Raises:
        ImageError: Where the header cannot be read.
    """
    with decoding(path), Image.open(path, formats=_FORMATS) as image:
        width, height = image.size
        # Pillow reports the size of TIFF after turning, of all others before.
        sideways = image.format != "TIFF" and _orientation(image) in (5, 6, 7, 8)
        return (width, height) if sideways else (height, width)


def summarize(problems: Iterable[DataError], folder: Path) -> str:
    """Put what is wrong with the images of a folder into one line: the first three, and how many.

    Args:
        problems: At least one.
        folder: Paths are given relative to it.
    """
    texts = [str(problem).removeprefix(f"{folder}/") for problem in problems]
    more = f"; and {len(texts) - 3} more" if len(texts) > 3 else ""
    return f"{folder}: {'; '.join(texts[:3])}{more}"


def merge_notes(notes: Iterable[str]) -> tuple[str, ...]:
    """Drop empty and repeated notes, and put many of one kind into one line."""
    kinds: dict[str, list[str]] = {}
    for note in dict.fromkeys(filter(None, notes)):
        name, _, how = note.partition(": ")
        kinds.setdefault(how, []).append(name)
    merged = []
    for how, names in kinds.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        merged.append(f"{', '.join(names[:3])}{more}: {how}")
    return tuple(merged)


def _refuse_losses(path: Path, image: Image.Image) -> None:
    """Refuse what Pillow would cut down without a word; called before the pixels are decoded."""
    bits = _bits(image)
    if bits > 8:
        raise ImageError(path, f"{bits} bits a channel; only 8-bit images can be used")
    refuse_several(path, image)


def refuse_several(path: Path, image: Image.Image) -> None:
    """Refuse a file with several pictures.

    Raises:
        ImageError: With their number.
    """
    # MPO is a camera's JPEG with a preview behind it; every viewer shows the first picture.
    pictures = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    if pictures > 1:
        raise ImageError(path, f"{pictures} pictures in one file (animated or several pages)")


def _bits(image: Image.Image) -> int:
    """Return the bits of a channel of an image whose header is read."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return int(max(image.tag_v2.get(_BITS_PER_SAMPLE, (1,))))
    # For a 16-bit RGB PNG only the raw mode shows the bit depth; its mode is RGB, as with 8 bits.
    is_deep = image.format == "PNG" and any(";16" in str(tile[3]) for tile in _tiles(image))
    return 16 if is_deep else 8


def _tiles(image: Image.Image) -> list[tuple[object, ...]]:
    return [tuple(tile) for tile in getattr(image, "tile", ())]


def _to_rgb(path: Path, image: Image.Image, *, keep_alpha: bool) -> tuple[Image.Image, str]:
    """Convert a decoded image to RGB, or to RGBA if it is not opaque, and say how."""
    if image.mode not in {"RGB", "RGBA", "LA", "PA", "RGBa", "La", *_CONVERTED}:
        raise ImageError(path, f"{image.mode} colours; only RGB and grey images can be used")
    if image.has_transparency_data:
        if image.convert("RGBA").getchannel("A").getextrema() != (255, 255):
            if keep_alpha:
                return image.convert("RGBA"), ""
            raise ImageError(path, "transparent pixels; only opaque images can be used")
        return image.convert("RGBA").convert("RGB"), "opaque alpha channel left out"
    return image.convert("RGB"), _CONVERTED.get(image.mode, "")


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1..8, 1 where none is given, without decoding the pixels."""
    # PngImageFile.getexif() would decode the whole image if no EXIF precedes its pixels.
    value = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    return value if value in _TURNS else 1


def _late_orientation(image: Image.Image, early: int) -> int:
    """EXIF orientation of a loaded image; only PNG can hold it after the pixels."""
    if image.format != "PNG" or "exif" not in image.info:
        return early  # not read again: Pillow takes it out of a TIFF that it has turned
    exif = Image.Exif()
    exif.load(image.info["exif"])
    value = exif.get(ExifTags.Base.Orientation, 1)
    return value if value in _TURNS else 1


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into an `ImageError`."""
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 Mpx on, which is no attack here, and of damaged metadata. From
            # 179 Mpx on it raises.
            warnings.simplefilter("ignore")
            yield
    except UnidentifiedImageError:
        empty = path.stat().st_size == 0
        reason = "an empty file" if empty else "not a PNG, JPEG, WebP, BMP or TIFF image"
        raise ImageError(path, reason) from None
    except Image.DecompressionBombError:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise ImageError(path, f"more than {limit:,} px") from None
    except _DECODER_ERRORS as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ImageError(path, f"cannot be read: {' '.join(reason.split())}") from error
