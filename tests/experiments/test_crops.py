"""Drawing crops, from networks that were really trained on real photographs."""

import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from piq.functional import imresize
from safetensors.torch import load
from skimage.metrics import peak_signal_noise_ratio
from torch import nn

from tests.damage import flip
from workbench.analysis.comparison import compare
from workbench.analysis.extreme_images import ExtremeImage, TrialPair, extreme_images, trial_pair
from workbench.config.data import EMBEDDED_VALIDATION, DataConfig, ImageSource
from workbench.config.evaluation import EvaluationConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.config.training import StageConfig, TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.data.bicubic import downscale
from workbench.data.pairs import FolderPairs
from workbench.errors import StoreError
from workbench.evaluation.metrics import to_uint8
from workbench.evaluation.running import WHOLE, Tiling, inference, run
from workbench.experiments.crop_drawing import Picture, Window, bicubic, choose_window, error_map
from workbench.experiments.crops import Rendered, render_crops
from workbench.models.checkpoints import load_model
from workbench.reporting.crops import PICTURES, Crops, find_crops, folder_of, read_crops
from workbench.results import TrialResult
from workbench.store.store import CHECKPOINT, WEIGHTS
from workbench.trial.run import run_trial

pytestmark = pytest.mark.xdist_group("crops")

EMBEDDED = ImageSource(name="embedded", folder=EMBEDDED_VALIDATION)
Results = dict[str, list[TrialResult]]


def trial(photos: Path) -> TrialConfig:
    source = ImageSource(name="photos", folder=str(photos))
    stage = StageConfig(
        steps=30, hr_patch_px=60, batch_size=2, learning_rate=2e-3, milestones=(20,)
    )
    return TrialConfig(
        model=apply_overrides(PRESETS["tiny"], {"blocks": 1}),
        data=DataConfig(training=(source,), validation=source),
        training=TrainingConfig(stages=(stage,), validate_every=30, checkpoint_every=30),
        evaluation=EvaluationConfig(benchmarks=(EMBEDDED, source)),
    )


@pytest.fixture(scope="module")
def trained(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    """Return a store with a base and two variants, each scored on two sets, and the results."""
    store, base = tmp_path_factory.mktemp("trained"), trial(photos)
    configs = {
        "tiny": base,
        "relu": apply_overrides(base, {"model.activation": "relu"}),
        "no-skip": apply_overrides(base, {"model.block_skip": False}),
    }
    return store, {name: [run_trial(config, store=store)] for name, config in configs.items()}


@pytest.fixture
def finished(trained: tuple[Path, Results], tmp_path: Path) -> tuple[Path, Results]:
    """Return a copy of that store, to draw in and to damage."""
    store, results = trained
    shutil.copytree(store, tmp_path / "store")
    return tmp_path / "store", results


def trials_of(one: ExtremeImage, results: Results) -> TrialPair:
    trials = trial_pair(one, results)
    assert trials is not None
    return trials


def crops_of(one: ExtremeImage, results: Results, store: Path) -> Crops:
    crops = read_crops(folder_of(one, trials_of(one, results), store))
    assert crops is not None
    return crops


def pixels(png: bytes) -> Picture:
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return np.asarray(image)


def whole_output(result: TrialResult, store: Path, lr: Picture, tiling: Tiling = WHOLE) -> Picture:
    model = load_model(store / "trainings" / result.training_key / WEIGHTS)
    with inference(model) as device:
        return to_uint8(run(model, lr, device, 4, 15, tiling))


def test_crops_are_parts_of_the_images_that_were_scored(
    finished: tuple[Path, Results], photos: Path
) -> None:
    store, results = finished
    comparison = compare(results, {})
    asked = extreme_images(comparison)
    assert len(asked) == 2 * (2 + 4)
    assert {one.image for one in asked if one.dataset == "embedded"} == {"chelsea", "coffee"}
    told: list[tuple[int, int]] = []
    rendered = render_crops(asked, results, store, lambda *news: told.append(news[:2]))
    assert rendered == Rendered(12, ())
    assert told == [(done, 12) for done in range(1, 13)]
    found = find_crops(comparison, results, store)
    assert [one for one, _, _ in found] == list(asked)
    sets = {
        source.name: FolderPairs(source, 4, "bicubic")
        for source in (EMBEDDED, ImageSource(name="photos", folder=str(photos)))
    }
    for one, crops, seed in found:
        assert seed == 1
        images, record = sets[one.dataset], crops.record
        index = images.names.index(one.image)
        window = Window(record.top_px, record.left_px, record.side_px)
        lr, trials = images.lr(index), trials_of(one, results)
        expected = {
            "hr": images.hr(index),
            "against": whole_output(trials.against, store, lr),
            "variant": whole_output(trials.variant, store, lr),
        }
        for name in PICTURES:
            assert pixels(getattr(crops, name)).shape == (64, 64, 3)
        for name, picture in expected.items():
            assert np.array_equal(pixels(getattr(crops, name)), window.cut(picture))
        for name in ("bicubic", "against", "variant"):
            db = getattr(record, f"{name}_db")
            assert db == pytest.approx(psnr_db(pixels(getattr(crops, name)), pixels(crops.hr)))
        assert record.limit_levels > 1
        assert (pixels(crops.error) != 255).any()


def test_crops_of_tiled_scores_come_from_tiles(finished: tuple[Path, Results]) -> None:
    store, results = finished
    tiles = {"evaluation.tile_lr_px": 40, "evaluation.tile_overlap_lr_px": 4}
    tiled = {
        name: [run_trial(apply_overrides(arm[0].config, tiles), store=store)]
        for name, arm in results.items()
        if name != "no-skip"
    }
    (one,) = (one for one in extreme_images(compare(tiled, {})) if one.image == "coffee")
    assert render_crops([one], tiled, store) == Rendered(1, ())
    crops, images = crops_of(one, tiled, store), FolderPairs(EMBEDDED, 4, "bicubic")
    window = Window(crops.record.top_px, crops.record.left_px, crops.record.side_px)
    lr = images.lr(images.names.index("coffee"))
    expected = whole_output(tiled["relu"][0], store, lr, Tiling(40, 4))
    assert not np.array_equal(expected, whole_output(tiled["relu"][0], store, lr))
    assert np.array_equal(pixels(crops.variant), window.cut(expected))


def psnr_db(picture: Picture, hr: Picture) -> float:
    return float(peak_signal_noise_ratio(hr, picture, data_range=255))


def test_what_is_there_is_not_drawn_again(finished: tuple[Path, Results]) -> None:
    store, results = finished
    asked = extreme_images(compare(results, {}))[:2]
    assert render_crops(asked, results, store).drawn == 2
    files = {path: path.stat().st_mtime_ns for path in store.glob("crops/*/*/*")}
    assert len(files) == 2 * 6
    shutil.rmtree(store / "trainings")  # no network is needed any more
    assert render_crops(asked, results, store) == Rendered(0, ())
    assert {path: path.stat().st_mtime_ns for path in store.glob("crops/*/*/*")} == files


def test_a_crop_that_is_not_whole_is_drawn_again_the_same(finished: tuple[Path, Results]) -> None:
    store, results = finished
    asked = extreme_images(compare(results, {}))[:1]
    render_crops(asked, results, store)
    before = crops_of(asked[0], results, store)
    next(store.glob("crops/*/*/variant.png")).unlink()
    assert render_crops(asked, results, store) == Rendered(1, ())
    assert crops_of(asked[0], results, store) == before


@pytest.mark.parametrize("file", ["variant.png", "crop.json"])
def test_a_damaged_crop_is_named_not_shown_and_drawn_again_the_same(
    finished: tuple[Path, Results], caplog: pytest.LogCaptureFixture, file: str
) -> None:
    store, results = finished
    comparison = compare(results, {})
    asked = extreme_images(comparison)[:1]
    render_crops(asked, results, store)
    before = crops_of(asked[0], results, store)
    path = next(store.glob(f"crops/*/*/{file}"))
    flip(path)
    assert find_crops(comparison, results, store) == ()
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{path}: damaged (")
    assert render_crops(asked, results, store) == Rendered(1, ())
    assert crops_of(asked[0], results, store) == before


def test_damaged_weights_are_made_again_from_the_checkpoint(
    finished: tuple[Path, Results], caplog: pytest.LogCaptureFixture
) -> None:
    store, results = finished
    asked = extreme_images(compare(results, {}))[:1]
    path = store / "trainings" / results["relu"][0].training_key / WEIGHTS
    before = load(path.read_bytes())
    flip(path, 0.8)
    stream = torch.get_rng_state()
    assert render_crops(asked, results, store) == Rendered(1, ())
    assert torch.equal(torch.get_rng_state(), stream)
    again = load(path.read_bytes())  # not its bytes: safetensors writes metadata in any order
    assert again.keys() == before.keys()
    assert all(torch.equal(again[name], tensor) for name, tensor in before.items())
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{path}: damaged (its SHA-256 must be ")


def test_a_network_runs_once_an_image(
    finished: tuple[Path, Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, results = finished
    loaded: list[str] = []

    def load(path: Path) -> nn.Module:
        loaded.append(path.parent.name)
        return load_model(path)

    monkeypatch.setattr("workbench.models.checkpoints.load_network", load)
    asked = [one for one in extreme_images(compare(results, {})) if one.image == "coffee"]
    assert [one.variant for one in asked] == ["relu", "no-skip"]
    assert render_crops(asked, results, store) == Rendered(2, ())
    assert sorted(loaded) == sorted(arm[0].training_key for arm in results.values())


def test_identical_networks_give_a_white_error_map(finished: tuple[Path, Results]) -> None:
    store, results = finished
    twins = {"tiny": results["tiny"], "twin": results["tiny"], "again": results["tiny"]}
    asked = [one for one in extreme_images(compare(twins, {})) if one.image == "coffee"]
    assert {one.variant for one in asked} == {"twin", "again"}
    assert render_crops(asked, twins, store) == Rendered(1, ())  # it is one crop
    crops = crops_of(asked[0], twins, store)
    assert (pixels(crops.error) == 255).all()
    assert crops.against == crops.variant
    assert crops.record.limit_levels == 0


def test_missing_and_foreign_weights_are_named_and_the_rest_is_drawn(
    finished: tuple[Path, Results],
) -> None:
    store, results = finished
    places = {
        name: store / "trainings" / arm[0].training_key / WEIGHTS for name, arm in results.items()
    }
    places["relu"].unlink()
    places["relu"].with_name(CHECKPOINT).unlink()  # it would be made from there
    asked = [one for one in extreme_images(compare(results, {})) if one.dataset == "embedded"]
    assert render_crops(asked, results, store) == Rendered(
        2, (f"relu on embedded: {places['relu']}: no such weights file",)
    )
    shutil.copy(places["no-skip"], places["relu"])
    assert render_crops(asked, results, store) == Rendered(
        0, (f"relu on embedded: {places['relu']}: not the weights that were scored",)
    )


def test_images_that_are_gone_and_arms_without_trials_are_named(
    finished: tuple[Path, Results],
) -> None:
    store, results = finished
    comparison = compare(results, {})
    shutil.rmtree(store / "images")
    asked = [one for one in extreme_images(comparison) if one.image in ("coffee", "chelsea")]
    gone = "the images that were scored are not in the store"
    assert render_crops(asked, results, store) == Rendered(
        0, (f"relu on embedded: {gone}", f"no-skip on embedded: {gone}")
    )
    assert not (store / "images").exists()
    assert render_crops(asked, {"tiny": results["tiny"]}, store).skipped == (
        "relu on embedded: no seed shared with tiny",
        "no-skip on embedded: no seed shared with tiny",
    )


def test_a_store_that_cannot_be_written_is_refused(finished: tuple[Path, Results]) -> None:
    store, results = finished
    (store / "crops").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot write to the store .*a file stands where"):
        render_crops(extreme_images(compare(results, {}))[:1], results, store)


def test_threads_are_put_back(finished: tuple[Path, Results]) -> None:
    store, results = finished
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        render_crops(extreme_images(compare(results, {}))[:1], results, store)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def noise(height: int, width: int, seed: int = 0) -> Picture:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return values.astype(np.uint8)


@pytest.mark.parametrize(("height", "width"), [(80, 96), (64, 64), (40, 100), (65, 30)])
def test_the_window_is_where_squared_errors_differ_most(height: int, width: int) -> None:
    hr, against, variant = (noise(height, width, seed) for seed in range(3))
    window = choose_window(hr, against, variant)
    assert window.side == min(64, height, width)
    errors = [np.square(p.astype(float) - hr).sum(axis=2) for p in (against, variant)]
    differing = np.abs(errors[0] - errors[1])
    sums = {
        (top, left): differing[top : top + window.side, left : left + window.side].sum()
        for top in range(height - window.side + 1)
        for left in range(width - window.side + 1)
    }
    assert (window.top, window.left) == max(sums, key=lambda place: sums[place])


def test_a_gain_and_a_loss_attract_the_window_alike() -> None:
    hr = np.full((200, 300, 3), 100, np.uint8)
    for value, changed in ((110, "variant"), (90, "against")):
        pictures = {"variant": hr.copy(), "against": hr.copy()}
        pictures[changed][150:160, 250:260] = value
        window = choose_window(hr, **pictures)
        assert window == Window(96, 196, 64)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_of_a_window_is_that_of_the_whole_image(scale: int) -> None:
    lr = downscale(noise(120 * scale, 90 * scale), scale, "bicubic")
    image = torch.from_numpy(lr.copy()).permute(2, 0, 1)[None].double()
    large = imresize(image, sizes=(120 * scale, 90 * scale))[0]
    whole = large.round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    bottom, right = 120 * scale - 64, 90 * scale - 64
    for top, left in [(0, 0), (bottom, right), (0, right), (61, 70), (bottom - 1, 33)]:
        window = Window(top, left, 64)
        found = bicubic(lr, scale, window).astype(int)
        # Weights are computed in float32 from the place in the image, so a value may round apart.
        assert np.abs(found - window.cut(whole)).max() <= 1
        assert (found != window.cut(whole)).mean() < 1e-3


def test_bicubic_enlarges_a_smooth_image_well() -> None:
    ramp = np.linspace(20, 230, 128).round()
    hr = np.repeat(np.tile(ramp, (128, 1))[..., None], 3, axis=2).astype(np.uint8)
    found = bicubic(downscale(hr, 4, "bicubic"), 4, Window(32, 32, 64)).astype(int)
    assert np.abs(found - hr[32:96, 32:96]).max() <= 1


def test_the_error_map_is_orange_where_the_variant_is_worse_and_blue_where_it_is_better() -> None:
    hr = np.full((2, 2, 3), 100, np.uint8)
    against, variant = hr.copy(), hr.copy()
    variant[0, 0] = 60  # 40 further
    against[0, 1] = 120  # 20 nearer
    variant[1, 0], against[1, 0] = 110, 90  # as far, on the other side
    picture, limit = error_map(hr, against, variant)
    assert limit == 40
    assert picture[0, 0].tolist() == [0xD5, 0x5E, 0x00]
    assert picture[1].tolist() == [[255] * 3] * 2
    blue = np.array([0x00, 0x72, 0xB2])
    assert np.abs(picture[0, 1] - (255 + blue) / 2).max() <= 0.5


def test_nothing_heavy_is_loaded_before_a_network_runs() -> None:
    code = (
        "import sys, workbench.reporting.crops, workbench.reporting.crops_section\n"
        "import workbench.experiments.crops\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
