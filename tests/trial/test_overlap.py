"""Images that are both trained on and scored are found, refused, and said in every table."""

from pathlib import Path

import pytest
from PIL import Image

from tests.builders.comparisons import scored
from workbench.analysis.comparison import compare
from workbench.config.data import DataConfig, ImageSource
from workbench.config.evaluation import EvaluationConfig
from workbench.config.training import StageSource
from workbench.config.trial import TrialConfig
from workbench.errors import DataError
from workbench.reporting.exports import FORMATS, export
from workbench.reporting.json_data import comparison_to_dict
from workbench.reporting.prints import effects
from workbench.results import DatasetScores, ImageScore, Protocol, TrainedOn
from workbench.store.ledger import Ledger
from workbench.trial.images import open_images
from workbench.trial.overlap import (
    Overlap,
    check_overlaps,
    check_same,
    check_tuning_images,
    find_overlaps,
    with_overlaps,
)


@pytest.fixture
def others(photos: Path, tmp_path: Path) -> Path:
    """Return a folder of three images that are none of `photos`, though their sizes are equal."""
    folder = tmp_path / "others"
    folder.mkdir()
    for number in range(3):
        with Image.open(photos / f"photo{number}.png") as image:
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / f"other{number}.png")
    return folder


def trial(tiny: TrialConfig, training: Path, validation: Path, benchmark: Path) -> TrialConfig:
    def source(name: str, folder: Path) -> ImageSource:
        return ImageSource(name=name, folder=str(folder))

    data = DataConfig(training=(source("own", training),), validation=source("val", validation))
    evaluation = EvaluationConfig(benchmarks=(source("bench", benchmark),))
    return tiny.model_copy(update={"data": data, "evaluation": evaluation})


def overlaps(config: TrialConfig, store: Path) -> tuple[Overlap, ...]:
    return find_overlaps(config, open_images(config, Ledger(store)))


def test_equal_pixels_are_found_whatever_the_file_is_called(
    tiny_trial: TrialConfig, photos: Path, others: Path, tmp_path: Path
) -> None:
    with Image.open(photos / "photo2.png") as image:
        image.save(others / "zebra.bmp")
        # 3 px more on two sides, which cropping to a multiple of the scale takes off again.
        larger = Image.new("RGB", (67, 67))
        larger.paste(image, (0, 0))
        larger.save(others / "larger.webp", lossless=True)
    config = trial(tiny_trial, photos, others, others)
    pairs = (("photo2", "larger"), ("photo2", "zebra"))
    assert overlaps(config, tmp_path) == (
        Overlap("own", "val", True, pairs),
        Overlap("own", "bench", False, pairs),
    )


def test_a_pixel_that_differs_is_another_image(
    tiny_trial: TrialConfig, photos: Path, others: Path, tmp_path: Path
) -> None:
    with Image.open(photos / "photo1.png") as image:
        image.putpixel((0, 0), (1, 2, 3))  # far from the rows that are compared first
        image.save(others / "photo1.png")
    assert overlaps(trial(tiny_trial, photos, others, others), tmp_path) == ()


def test_images_that_no_stage_uses_are_not_trained_on(
    tiny_trial: TrialConfig, photos: Path, others: Path, tmp_path: Path
) -> None:
    config = trial(tiny_trial, photos, others, photos)
    (stage,) = config.training.stages
    first = stage.model_copy(update={"sources": (StageSource(name="own", first=3),)})
    training = config.training.model_copy(update={"stages": (first,)})
    (found,) = overlaps(config.model_copy(update={"training": training}), tmp_path)
    assert [name for name, _ in found.images] == ["photo0", "photo1", "photo2"]


def test_the_photographs_of_the_demo_do_not_overlap(tmp_path: Path) -> None:
    config = TrialConfig.parse({"model": {}, "training": {"stages": [STAGE], **EVERY}})
    assert overlaps(config, tmp_path) == ()


STAGE = {"steps": 1, "hr_patch_px": 96, "batch_size": 1, "learning_rate": 0.001}
EVERY = {"validate_every": 1, "checkpoint_every": 1}


def test_the_refusal_names_folders_images_and_how_many(
    tiny_trial: TrialConfig, photos: Path, others: Path, tmp_path: Path
) -> None:
    config = trial(tiny_trial, photos, others, photos)
    found = overlaps(config, tmp_path)
    with pytest.raises(DataError, match="training images are also scored") as refused:
        check_overlaps(config, found)
    assert str(refused.value) == (
        f"training images are also scored: 4 of training own ({photos}) and benchmark bench "
        f"({photos}): photo0, photo1, photo2 and 1 more; remove them from one side, or add "
        "--allow-overlap, and every table will say so"
    )
    check_overlaps(config, ())
    check_same({"base": found, "variant": found})
    with pytest.raises(DataError, match="variant and base are trained on different images"):
        check_same({"base": found, "variant": ()})


def test_the_protocol_says_how_many_images_of_each_kind() -> None:
    protocol = Protocol(scale=4, crop_px=4, lr_origin="bicubic", data_hash="beef")
    image = ImageScore(name="a", psnr_rgb_db=30, ssim_rgb=0.9, psnr_y_db=31, ssim_y=0.9)
    scores = DatasetScores(dataset="bench", protocol=protocol, images=(image,))
    found = (
        Overlap("one", "bench", False, (("a", "a"), ("b", "b"))),
        Overlap("two", "bench", False, (("c", "b"),)),
        Overlap("one", "val", True, (("a", "a"),)),
    )
    assert with_overlaps(scores, ()) == scores
    marked = with_overlaps(scores, found).protocol
    assert marked.trained_on == TrainedOn(benchmark_images=2, validation_images=1)
    line = f"{protocol.describe()}, TRAINED ON 2 of these images and 1 validation image"
    assert marked.describe() == line
    other = with_overlaps(scores.model_copy(update={"dataset": "Set5"}), found)
    assert other.protocol.describe().endswith("bicubic, TRAINED ON 1 validation image")
    # A benchmark without a common image is as any other, whatever another benchmark has.
    clean = scores.model_copy(update={"dataset": "Set5"})
    assert with_overlaps(clean, found[:2]) == clean


def test_every_format_says_it() -> None:
    protocol = Protocol(
        scale=4,
        crop_px=4,
        lr_origin="bicubic",
        data_hash="beef",
        trained_on=TrainedOn(benchmark_images=2, validation_images=0),
    )
    values = {"Set5": [30.0, 32.0]}
    arms = {
        name: [scored(name, seed, values, protocol=protocol) for seed in (1, 2)]
        for name in ("base", "variant")
    }
    comparison = compare(arms, {})
    warning = "TRAINED ON 2 of these images"
    for form in FORMATS:
        if form != "parquet":
            assert warning in export(comparison, form).decode(), form
    assert warning in effects(comparison, "svg").decode()
    plain = comparison_to_dict(comparison)["protocols"]["Set5"]["trained_on"]
    assert plain == {"benchmark_images": 2, "validation_images": 0}


def test_learning_rates_are_not_chosen_on_images_that_are_scored(
    tiny_trial: TrialConfig, photos: Path, others: Path, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "store")
    apart = trial(tiny_trial, photos, others, photos)
    check_tuning_images(apart, open_images(apart, ledger))
    with Image.open(photos / "photo1.png") as image:
        image.save(others / "zebra.png")
    shared = trial(tiny_trial, photos, others, photos)
    with pytest.raises(DataError, match=r"1 of validation val \(.*others\) and benchmark bench "):
        check_tuning_images(shared, open_images(shared, ledger))
