"""Which image crops a report shows, and how it reads them. No torch.

Crops need the networks, so they are drawn once and kept in the store as PNG files:

    crops/<key>-<key>/<image>/      of two trials, what is compared with first
        hr.png bicubic.png against.png variant.png error.png
        crop.json                   written last, with the digests of all: it makes the crop whole
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.analysis.comparison import Comparison
from workbench.analysis.scores import complete
from workbench.config.base import Frozen
from workbench.errors import ConfigError
from workbench.results import TrialResult
from workbench.store.store import Store
from workbench.system.digests import DamagedError, say_damaged, seal_json, sha256, unseal_json
from workbench.system.strict_json import loads

MOST_EXTREME = 2
"""Images that are shown for gaining, and for losing, most."""
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


@dataclass(frozen=True)
class Wanted:
    """An image of which a report shows crops."""

    dataset: str
    variant: str
    against: str
    """The arm that the variant is compared with."""
    image: str
    delta_db: float
    """Variant minus the other, PSNR in dB of the whole image, mean over the seeds."""
    gains: bool
    """Whether it is one of the highest differences or one of the lowest, whatever their sign."""


@dataclass(frozen=True)
class Shown:
    """The two trials whose networks are shown."""

    seed: int
    against: TrialResult
    variant: TrialResult

    @property
    def both(self) -> tuple[TrialResult, TrialResult]:
        """Return what is compared with, and the variant."""
        return self.against, self.variant


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


def wanted(comparison: Comparison) -> tuple[Wanted, ...]:
    """Return the images that gain and that lose most, for each data set and variant.

    Two of each, the highest first; fewer where there are fewer than four images, and none twice.
    Arms that are not compared have none.
    """
    return tuple(_wanted(comparison))


def _wanted(comparison: Comparison) -> Iterator[Wanted]:
    for dataset in comparison.protocols:
        for row in comparison.rows:
            score = row.datasets.get(dataset)
            if score is None or score.difference is None:
                continue
            pair = score.difference.pair
            deltas = pair.delta.mean(axis=0).tolist()
            means = sorted(zip(deltas, pair.images, strict=True), reverse=True)
            lowest = min(MOST_EXTREME, len(means) // 2)
            highest = min(MOST_EXTREME, len(means) - lowest)
            for number, (delta_db, image) in enumerate(means):
                gains = number < highest
                if gains or number >= len(means) - lowest:
                    yield Wanted(dataset, row.name, row.against, image, delta_db, gains)


def shown(one: Wanted, results: Mapping[str, Sequence[TrialResult]]) -> Shown | None:
    """Return the trials of the first seed that both arms have, or None if there is none.

    Args:
        one: An image.
        results: Of each arm, as they were compared.
    """
    against = complete(results.get(one.against, ()))
    for seed, variant in complete(results.get(one.variant, ())).items():
        other = against.get(seed)
        if other and other.score(one.dataset) and variant.score(one.dataset):
            return Shown(seed, other, variant)
    return None


def folder_of(one: Wanted, trials: Shown, store: Path) -> Path:
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
) -> tuple[tuple[Wanted, Crops, int], ...]:
    """Return what a report can show: the image, its crop, and the seed whose networks it shows.

    Args:
        comparison: What is reported.
        results: Of each arm, as they were compared.
        store: The store that may hold the crops.
    """
    found = []
    for one in wanted(comparison):
        trials = shown(one, results)
        crops = trials and read_crops(folder_of(one, trials, store))
        if trials and crops:
            found.append((one, crops, trials.seed))
    return tuple(found)
