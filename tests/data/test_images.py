"""What kinds of image files are read, with which note, and which are refused."""

import io
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from workbench.data.images import (
    ImageError,
    image_size,
    merge_notes,
    read_rgb,
    summarize,
)
from workbench.errors import DataError

RGB = np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)
GREY = RGB[..., 0]

Writer = Callable[[Path], None]


def picture(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(RGB).convert(mode)


def save(kind: str, mode: str = "RGB", **options: object) -> Writer:
    def write(path: Path) -> None:
        picture(mode).save(path, format=kind, **options)

    return write


def with_alpha(alpha: int, mode: str, kind: str = "PNG") -> Writer:
    def write(path: Path) -> None:
        image = picture(mode)
        image.putalpha(alpha)
        image.save(path, format=kind, **({"lossless": True} if kind == "WEBP" else {}))

    return write


def palette_with_a_transparent_colour(path: Path) -> None:
    picture().quantize(16).save(path, format="PNG", transparency=0)


def one_transparent_pixel(path: Path) -> None:
    image = picture("RGBA")
    image.putpixel((3, 4), (1, 2, 3, 254))
    image.save(path, format="PNG")


def pages(kind: str, number: int) -> Writer:
    def write(path: Path) -> None:
        others = [Image.fromarray(RGB // (n + 2)) for n in range(number - 1)]
        picture().save(path, format=kind, save_all=True, append_images=others)

    return write


def raw(content: bytes) -> Writer:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_16_bit(colour_type: int, channels: int) -> bytes:
    height, width = 4, 5
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(range(2 * channels * width)) for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def grey_16_bit(kind: str) -> Writer:
    def write(path: Path) -> None:
        Image.fromarray(GREY.astype(np.uint16) * 257).save(path, format=kind)

    return write


def encoded(kind: str) -> bytes:
    file = io.BytesIO()
    picture().save(file, format=kind)
    return file.getvalue()


LOSSLESS = [
    ("plain.png", save("PNG"), RGB, ""),
    ("plain.bmp", save("BMP"), RGB, ""),
    ("plain.tif", save("TIFF"), RGB, ""),
    ("lzw.tif", save("TIFF", compression="tiff_lzw"), RGB, ""),
    ("plain.webp", save("WEBP", lossless=True), RGB, ""),
    ("misnamed.jpg", save("PNG"), RGB, ""),
    ("grey.png", save("PNG", "L"), GREY, "grey.png: grey, read as three equal channels"),
    ("grey.tif", save("TIFF", "L"), GREY, "grey.tif: grey, read as three equal channels"),
    (
        "bits.png",
        save("PNG", "1"),
        np.asarray(picture("1").convert("L")),
        "bits.png: 1-bit, read as three equal channels",
    ),
    (
        "palette.png",
        save("PNG", "P"),
        np.asarray(picture("P").convert("RGB")),
        "palette.png: palette, read as RGB",
    ),
    ("opaque.png", with_alpha(255, "RGB"), RGB, "opaque.png: opaque alpha channel left out"),
    (
        "opaque.tif",
        with_alpha(255, "RGB", "TIFF"),
        RGB,
        "opaque.tif: opaque alpha channel left out",
    ),
    ("grey-alpha.png", with_alpha(255, "L"), np.asarray(picture("L")), None),
]


@pytest.mark.parametrize(("name", "write", "expected", "note"), LOSSLESS, ids=lambda v: v)
def test_what_loses_nothing_is_read_and_conversions_are_noted(
    tmp_path: Path, name: str, write: Writer, expected: np.ndarray, note: str | None
) -> None:
    if name in ("grey.png", "grey.tif"):
        expected = np.asarray(picture("L"))
    path = tmp_path / name
    write(path)
    image, found = read_rgb(path)
    wanted = expected if expected.ndim == 3 else np.stack([expected] * 3, axis=2)
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert np.array_equal(image, wanted)
    assert found == note if note is not None else "alpha" in found
    assert image_size(path) == image.shape[:2]


@pytest.mark.parametrize(
    ("name", "write", "note"),
    [
        ("photo.jpg", save("JPEG", quality=95), ""),
        ("grey.jpg", save("JPEG", "L"), "grey.jpg: grey, read as three equal channels"),
        ("camera.jpg", pages("MPO", 2), ""),
    ],
)
def test_jpeg_is_read(tmp_path: Path, name: str, write: Writer, note: str) -> None:
    path = tmp_path / name
    write(path)
    image, found = read_rgb(path)
    assert image.shape == RGB.shape
    assert found == note


REFUSED = [
    ("clear.png", with_alpha(128, "RGB"), "transparent pixels; only opaque images can be used"),
    ("clear-grey.png", with_alpha(0, "L"), "transparent pixels; only opaque images"),
    ("clear.webp", with_alpha(128, "RGB", "WEBP"), "transparent pixels; only opaque images"),
    ("nearly.png", one_transparent_pixel, "transparent pixels; only opaque images"),
    ("colour.png", palette_with_a_transparent_colour, "transparent pixels; only opaque images"),
    ("grey16.png", grey_16_bit("PNG"), "16 bits a channel; only 8-bit images can be used"),
    ("grey16.tif", grey_16_bit("TIFF"), "16 bits a channel; only 8-bit images can be used"),
    ("rgb16.png", raw(png_16_bit(2, 3)), "16 bits a channel; only 8-bit images can be used"),
    ("rgba16.png", raw(png_16_bit(6, 4)), "16 bits a channel; only 8-bit images can be used"),
    ("la16.png", raw(png_16_bit(4, 2)), "16 bits a channel; only 8-bit images can be used"),
    ("float.tif", save("TIFF", "F"), "32 bits a channel; only 8-bit images can be used"),
    ("cmyk.jpg", save("JPEG", "CMYK"), "CMYK colours; only RGB and grey images can be used"),
    ("cmyk.tif", save("TIFF", "CMYK"), "CMYK colours; only RGB and grey images can be used"),
    ("lab.tif", save("TIFF", "LAB"), "LAB colours; only RGB and grey images can be used"),
    ("cut.png", raw(encoded("PNG")[:-200]), "cannot be read: image file is truncated"),
    ("cut.jpg", raw(encoded("JPEG")[:-200]), "cannot be read: image file is truncated"),
    ("cut.webp", raw(encoded("WEBP")[:-50]), ""),
    ("cut.bmp", raw(encoded("BMP")[:-50]), "cannot be read: image file is truncated"),
    ("header.png", raw(encoded("PNG")[:20]), ""),
    ("text.png", raw(b"no image\n"), "not a PNG, JPEG, WebP, BMP or TIFF image"),
    ("empty.png", raw(b""), "an empty file"),
    ("moving.png", pages("GIF", 3), "not a PNG, JPEG, WebP, BMP or TIFF image"),
    ("still.png", save("GIF"), "not a PNG, JPEG, WebP, BMP or TIFF image"),
    ("apng.png", pages("PNG", 2), "2 pictures in one file (animated or several pages)"),
    ("moving.webp", pages("WEBP", 3), "3 pictures in one file (animated or several pages)"),
    ("pages.tif", pages("TIFF", 4), "4 pictures in one file (animated or several pages)"),
]


@pytest.mark.parametrize(("name", "write", "reason"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_would_lose_something_is_refused_in_one_line(
    tmp_path: Path, name: str, write: Writer, reason: str
) -> None:
    path = tmp_path / name
    write(path)
    with pytest.raises(ImageError, match="^" + re.escape(f"{path}: {reason}")) as caught:
        read_rgb(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) > len(f"{path}: ")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path, reason in [(tmp_path / "no.png", "No such file"), (tmp_path, "Is a directory")]:
        for read in (read_rgb, image_size):
            with pytest.raises(
                ImageError, match=f"^{re.escape(str(path))}: cannot be read: {reason}"
            ):
                read(path)


def test_more_pixels_than_pillow_allows_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save("PNG")(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 150)  # a warning from 150, an error from 300
    assert read_rgb(tmp_path / "large.png")[0].shape == RGB.shape
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ImageError, match=r"large\.png: more than 200 px$"):
        read_rgb(tmp_path / "large.png")


UPRIGHT = {
    1: RGB,
    2: RGB[:, ::-1],
    3: RGB[::-1, ::-1],
    4: RGB[::-1],
    5: RGB.transpose(1, 0, 2),
    6: RGB.transpose(1, 0, 2)[:, ::-1],
    7: RGB[::-1, ::-1].transpose(1, 0, 2),
    8: RGB.transpose(1, 0, 2)[::-1],
}


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    return tags


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_and_noted(tmp_path: Path, orientation: int, kind: str) -> None:
    path = tmp_path / f"turned.{kind.lower()}"
    options = {"lossless": True} if kind == "WEBP" else {}
    picture().save(path, format=kind, exif=exif(orientation), **options)
    image, note = read_rgb(path)
    assert np.array_equal(image, UPRIGHT[orientation])
    said = f"{path.name}: turned as its EXIF orientation {orientation} says"
    assert note == (said if orientation > 1 else "")
    assert image_size(path) == image.shape[:2]


@pytest.mark.parametrize(("orientation", "size"), [(1, (12, 20)), (3, (12, 20)), (6, (20, 12))])
def test_jpeg_is_turned(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    path = tmp_path / "turned.jpg"
    picture().save(path, exif=exif(orientation), quality=95)
    assert read_rgb(path)[0].shape[:2] == size
    assert image_size(path) == size


@pytest.mark.parametrize("orientation", [0, 9, 200])
def test_an_orientation_that_does_not_exist_is_left_alone(tmp_path: Path, orientation: int) -> None:
    path = tmp_path / "odd.png"
    picture().save(path, exif=exif(orientation))
    image, note = read_rgb(path)
    assert np.array_equal(image, RGB)
    assert note == ""


def test_both_conversions_are_in_one_note(tmp_path: Path) -> None:
    path = tmp_path / "both.png"
    picture("L").save(path, exif=exif(3))
    assert read_rgb(path)[1] == (
        "both.png: grey, read as three equal channels, turned as its EXIF orientation 3 says"
    )


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_png_whose_orientation_follows_its_pixels(tmp_path: Path, orientation: int) -> None:
    """The size could not be known from the header, so only an upright one is taken."""
    path = tmp_path / "late.png"
    plain = encoded("PNG")
    end = len(plain) - 12  # IEND
    tags = exif(orientation).tobytes().removeprefix(b"Exif\0\0")
    path.write_bytes(plain[:end] + chunk(b"eXIf", tags) + plain[end:])
    if orientation == 1:
        assert np.array_equal(read_rgb(path)[0], RGB)
        return
    with pytest.raises(
        ImageError,
        match=r"late\.png: its EXIF orientation comes after its pixels; save it upright$",
    ):
        read_rgb(path)


def test_notes_of_one_kind_share_a_line() -> None:
    notes = ["a.png: grey", "", "b.png: grey", "c.png: palette", "a.png: grey"]
    assert merge_notes(notes) == ("a.png, b.png: grey", "c.png: palette")
    many = [f"{n}.png: grey" for n in range(5)]
    assert merge_notes(many) == ("0.png, 1.png, 2.png and 2 more: grey",)


def test_problems_of_a_folder_share_a_line() -> None:
    folder = Path("/photos")
    problems: list[DataError] = [ImageError(folder / f"{n}.png", "empty") for n in range(5)]
    assert summarize(problems[:1], folder) == "/photos: 0.png: empty"
    assert summarize(problems, folder) == (
        "/photos: 0.png: empty; 1.png: empty; 2.png: empty; and 2 more"
    )


@pytest.mark.reference
def test_the_grey_image_of_set14_is_noted(reference: Path) -> None:
    image, note = read_rgb(reference / "benchmarks" / "Set14" / "HR" / "bridge.png")
    assert note == "bridge.png: grey, read as three equal channels"
    assert np.array_equal(image[..., 0], image[..., 1])
    assert np.array_equal(image[..., 0], image[..., 2])
