"""The image crops of a report, as a store keeps them. No torch.

Crops need the networks, so they are drawn once and kept in the store as PNG files:

    crops/<key>-<key>/<image>/      of two trials, what is compared with first
        hr.png bicubic.png against.png variant.png error.png
        crop.json                   written last, with the digests of all: it makes the crop whole
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.analysis.comparison import Comparison
from workbench.analysis.extreme_images import ExtremeImage, TrialPair, extreme_images, trial_pair
from workbench.config.base import Frozen
from workbench.errors import ConfigError
from workbench.results import TrialResult
from workbench.store.store import Store
from workbench.system.digests import DamagedError, say_damaged, seal_json, sha256, unseal_json
from workbench.system.strict_json import loads

SIDE_PX = 64
"""Height and width of a crop in HR px; smaller images are shown as far as they go."""
FURTHER, NEARER = "#D55E00", "#0072B2"
"""Colours of the error map, where the variant is further from HR than the other, and nearer: a
pair that all kinds of colour vision distinguish."""
PICTURES = ("hr", "bicubic", "against", "variant", "error")
"""Names of the PNG files of a crop."""
RECORD = "crop.json"
DIGESTS = "pictures"
"""Key of the record under which the SHA-256 of each picture stands."""


class CropRecord(Frozen):
    """What a crop shows and how good it is."""

    top_px: int
    """Of the crop in the HR image."""
    left_px: int
    side_px: int
    bicubic_db: float
    """PSNR in dB of the crop alone, RGB."""
    against_db: float
    variant_db: float
    limit_levels: float
    """Difference of the errors, in levels of 0..255, at which the error map has full colour."""


@dataclass(frozen=True)
class Crops:
    """The five pictures of a crop, each as a PNG file."""

    hr: bytes
    bicubic: bytes
    against: bytes
    variant: bytes
    error: bytes
    record: CropRecord


def folder_of(one: ExtremeImage, trials: TrialPair, store: Path) -> Path:
    """Return where the crop of a wanted image is kept."""
    keys = trials.against.key, trials.variant.key
    return Store(store).crop(*keys, one.dataset, one.image)


def read_crops(folder: Path) -> Crops | None:
    """Return the crop that is kept in a folder.

    Returns:
        None if it is not there, or not all of it; also if a file is damaged, with a caution.
    """
    path, pictures = folder / RECORD, dict[str, bytes]()
    try:
        data = loads(unseal_json(path.read_bytes()))
        digests = data.pop(DIGESTS, None)  # older workbenches kept none
        record = CropRecord.parse(data)
        for name in PICTURES:
            path = folder / f"{name}.png"
            pictures[name] = path.read_bytes()
            if digests is not None and digests.get(name) != sha256(pictures[name]):
                raise DamagedError(f"not the picture that {RECORD} beside it names")
    except FileNotFoundError:
        return None
    except (DamagedError, OSError, ValueError, ConfigError, AttributeError, TypeError) as damage:
        # No JSON, no UTF-8, or no object of it, beside what the digests notice.
        say_damaged(path, " ".join(str(damage).split()))
        return None
    return Crops(record=record, **pictures)


def encode_record(record: CropRecord, pictures: Mapping[str, bytes]) -> bytes:
    """Return the content of `crop.json`: what is shown, and the digest of each picture."""
    digests = {name: sha256(content) for name, content in pictures.items()}
    return seal_json(record.plain() | {DIGESTS: digests})


def find_crops(
    comparison: Comparison, results: Mapping[str, Sequence[TrialResult]], store: Path
) -> tuple[tuple[ExtremeImage, Crops, int], ...]:
    """Return what a report can show: the image, its crop, and the seed whose networks it shows.

    Args:
        comparison: What is reported.
        results: Of each arm, as they were compared.
        store: The store that may hold the crops.
    """
    found = []
    for one in extreme_images(comparison):
        trials = trial_pair(one, results)
        crops = trials and read_crops(folder_of(one, trials, store))
        if trials and crops:
            found.append((one, crops, trials.seed))
    return tuple(found)
