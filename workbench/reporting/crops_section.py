"""The part of a report's page that shows image crops; the pictures are inside the page."""

import base64
import html
from collections.abc import Iterator, Sequence
from itertools import groupby

from workbench.analysis.extreme_images import ExtremeImage
from workbench.reporting.crops import Crops
from workbench.system.numbers import difference_text

ShownCrops = tuple[ExtremeImage, Crops, int]
"""An image, its crop, and the seed whose networks it shows."""

_NETWORKS = 4
"""Pictures of an image that are one of the other, better or worse; the error map is not."""


def crops_section(items: Sequence[ShownCrops]) -> Iterator[str]:
    """Yield the section's HTML; nothing if there are no crops.

    Args:
        items: Image, crop, and the seed whose networks it shows; those of one data set together,
            and within it those of one variant.
    """
    if not items:
        return
    yield (
        "<p>The images with the highest and the lowest difference, where the two networks differ "
        "most. The error map shows by how much the error, the mean of the absolute differences of "
        "R, G and B to HR, differs: orange where the variant is further from HR than the network "
        "it is compared with, blue where it is nearer, white where they are equal.</p>"
    )
    for dataset, of_dataset in groupby(items, key=lambda item: item[0].dataset):
        yield f"<h3>Crops: {_text(dataset)}</h3>"
        for (variant, against), group in groupby(of_dataset, key=_compared):
            yield f"<h4>{_text(variant)} minus {_text(against)}</h4>"
            for one, crops, seed in group:
                yield _image(one, crops, seed)


def _compared(item: ShownCrops) -> tuple[str, str]:
    return item[0].variant, item[0].against


def _image(one: ExtremeImage, crops: Crops, seed: int) -> str:
    """Return the five pictures of one image side by side."""
    record = crops.record
    pictures = (
        ("HR", crops.hr, "HR"),
        ("bicubic", crops.bicubic, f"bicubic, {record.bicubic_db:.2f} dB"),
        (one.against, crops.against, f"{one.against}, {record.against_db:.2f} dB"),
        (one.variant, crops.variant, f"{one.variant}, {record.variant_db:.2f} dB"),
        (
            f"error map, orange where {one.variant} is further from HR than {one.against}, blue "
            "where it is nearer",
            crops.error,
            f"error map, full colour at ±{record.limit_levels:.3g} of 255",
        ),
    )
    blocks = "".join(
        _picture(f"{one.image}: {alt}", png, below, slides=place < _NETWORKS)
        for place, (alt, png, below) in enumerate(pictures)
    )
    place = "highest" if one.gains else "lowest"
    caption = (
        f"{one.image}: {difference_text(one.delta_db)} dB, one of the {place}, whole image, "
        f"mean over the seeds. Shown: the networks of seed {seed}, "
        f"{record.side_px}x{record.side_px} HR px from row {record.top_px}, "
        f"column {record.left_px}; PSNR of this crop alone. "
        f"Error map: orange, {one.variant} further from HR; blue, nearer; white, equal."
    )
    return (
        f'<figure><div class="looks"><div class="crops">{blocks}</div></div>'
        f"<figcaption>{_text(caption)}</figcaption></figure>"
    )


def _picture(alt: str, png: bytes, below: str, *, slides: bool) -> str:
    data = base64.b64encode(png).decode()
    # The name under which the page's script offers the picture for its slider.
    name = f' data-name="{_text(below.rpartition(", ")[0] or below)}"' if slides else ""
    return (
        f'<figure class="crop"{name}><img alt="{_text(alt)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{_text(below)}</figcaption></figure>"
    )


def _text(text: str) -> str:
    return html.escape(text, quote=True)
