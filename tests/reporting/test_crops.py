"""Which crops a report shows, how it reads them, and what it makes of them."""

import base64
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.builders.comparisons import diverged, scored
from tests.builders.crops import RECORD_OF_CROP, keep
from workbench.analysis.comparison import compare
from workbench.analysis.extreme_images import ExtremeImage, extreme_images, trial_pair
from workbench.reporting.crops import PICTURES, RECORD, find_crops, folder_of, read_crops
from workbench.reporting.crops_section import crops_section
from workbench.store.store import Store


def chosen(deltas_db: list[float]) -> list[tuple[str, bool]]:
    """Return image and side of what is wanted where the mean of two seeds has these differences."""
    base = [scored(f"b{s}", s, {"Set5": [30.0] * len(deltas_db)}) for s in (1, 2)]
    arm = [
        scored(f"v{s}", s, {"Set5": [30.0 + db + (1.5 - s) for db in deltas_db]}) for s in (1, 2)
    ]
    found = extreme_images(compare({"tiny": base, "variant": arm}, {}))
    assert {(one.dataset, one.variant, one.against) for one in found} == {
        ("Set5", "variant", "tiny")
    }
    for one in found:
        assert one.delta_db == pytest.approx(deltas_db[int(one.image)])
    return [(one.image, one.gains) for one in found]


@pytest.mark.parametrize(
    ("deltas_db", "expected"),
    [
        ([0.3, -0.1, 0.2, 0.0, -0.4, 0.1], [("0", True), ("2", True), ("1", False), ("4", False)]),
        ([0.1, 0.4, 0.3, 0.2], [("1", True), ("2", True), ("3", False), ("0", False)]),
        ([0.1, -0.4, 0.3], [("2", True), ("0", True), ("1", False)]),
        ([0.1, -0.4], [("0", True), ("1", False)]),
        ([-0.4], [("0", True)]),
    ],
)
def test_the_images_that_gain_and_lose_most_are_wanted_once(
    deltas_db: list[float], expected: list[tuple[str, bool]]
) -> None:
    assert chosen(deltas_db) == expected


def test_arms_without_a_difference_have_no_crops() -> None:
    base = [scored("b", 1, {"Set5": [30.0, 31.0]})]
    assert extreme_images(compare({"tiny": base, "failed": [diverged("nan", 1)]}, {})) == ()
    assert extreme_images(compare({"tiny": base}, {})) == ()


def test_the_first_seed_that_both_have_is_shown() -> None:
    base = [diverged("b1", 1), *(scored(f"b{s}", s, {"Set5": [30.0, 31.0]}) for s in (2, 3))]
    arm = [scored(f"v{s}", s, {"Set5": [30.0, 31.5]}) for s in (1, 2, 3)]
    results = {"tiny": base, "variant": arm}
    comparison = compare(results, {})
    for one in extreme_images(comparison):
        trials = trial_pair(one, results)
        assert trials is not None
        assert (trials.seed, trials.against.key, trials.variant.key) == (2, "b2", "v2")
        difference = comparison.rows[1].datasets["Set5"].difference
        assert difference is not None
        assert trials.seed == difference.seeds[0]
    assert trial_pair(ExtremeImage("Set5", "other", "tiny", "0", 0.0, True), results) is None


def test_folders_of_all_images_differ_and_stay_inside(tmp_path: Path) -> None:
    names = [
        ("Set5", "baby"),
        ("set5", "baby"),
        ("Set5-baby", ""),
        ("../..", "/etc/x"),
        ("日本", "ü"),
    ]
    folders = [Store(tmp_path).crop("a" * 32, "b" * 32, *name) for name in names]
    assert len({str(folder).lower() for folder in folders}) == len(names)
    for folder in folders:
        assert folder.resolve().parent == tmp_path / "crops" / f"{'a' * 16}-{'b' * 16}"


def test_a_crop_is_read_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    assert read_crops(tmp_path / "none") is None
    crops = keep(tmp_path / "0")
    assert crops.record == RECORD_OF_CROP
    for name in PICTURES:
        assert getattr(crops, name).endswith(name.encode())
    for number, file in enumerate([*(f"{name}.png" for name in PICTURES), RECORD], start=1):
        keep(tmp_path / str(number))
        (tmp_path / str(number) / file).unlink()
        assert read_crops(tmp_path / str(number)) is None
    for broken in (b"", b"\xff", b"[]", b'{"top_px": 8}'):
        (tmp_path / "0" / RECORD).write_bytes(broken)
        assert read_crops(tmp_path / "0") is None


def test_a_report_shows_what_is_there(tmp_path: Path) -> None:
    results = {
        "tiny": [scored("b", 4, {"Set5": [30.0, 31.0]})],
        "variant": [scored("v", 4, {"Set5": [30.0, 31.5]})],
    }
    comparison = compare(results, {})
    assert find_crops(comparison, results, tmp_path) == ()
    gaining, _ = extreme_images(comparison)
    trials = trial_pair(gaining, results)
    assert trials is not None
    crops = keep(folder_of(gaining, trials, tmp_path))
    assert find_crops(comparison, results, tmp_path) == ((gaining, crops, 4),)


class Reader(HTMLParser):
    """Collects tags and text, and checks that all tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1], data))


def test_the_section_holds_all_pictures_and_says_what_they_are(tmp_path: Path) -> None:
    crops = keep(tmp_path / "crop")
    items = [
        (ExtremeImage("Set<5>", "no-lvar", 'a "b" & c', "<script>", 0.125, True), crops, 7),
        (ExtremeImage("Set<5>", "no-lvar", 'a "b" & c', "bird", -0.5, False), crops, 7),
        (ExtremeImage("Set14", "no-lvar", 'a "b" & c', "zebra", 0.0, True), crops, 7),
    ]
    text = "\n".join(crops_section(items))
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    headings = [words for tag, words in reader.texts if tag in ("h2", "h3", "h4")]
    assert headings == [
        "Crops: Set<5>",
        'no-lvar minus a "b" & c',
        "Crops: Set14",
        'no-lvar minus a "b" & c',
    ]
    assert len(reader.images) == 15
    for number, image in enumerate(reader.images):
        source = image["src"] or ""
        data = base64.b64decode(source.removeprefix("data:image/png;base64,"), validate=True)
        assert data == getattr(crops, PICTURES[number % 5])
        assert (image["alt"] or "").startswith(f"{items[number // 5][0].image}: ")
    captions = [words for tag, words in reader.texts if tag == "figcaption"]
    assert captions[:5] == [
        "HR",
        "bicubic, 21.00 dB",
        'a "b" & c, 22.50 dB',
        "no-lvar, 23.25 dB",
        "error map, full colour at ±12.5 of 255",
    ]
    assert captions[5].startswith("<script>: +0.125 dB, one of the highest")
    assert captions[11].startswith("bird: -0.500 dB, one of the lowest")
    assert "seed 7" in captions[5]
    assert "orange, no-lvar further from HR; blue, nearer; white, equal" in captions[5]
    assert "<script" not in text
    assert "http" not in text


def test_without_crops_there_is_no_section() -> None:
    assert list(crops_section([])) == []
