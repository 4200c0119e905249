from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import workbench as wb
from workbench.config.presets import PRESETS
from workbench.models.checkpoints import save_weights


class Nearest(nn.Module):
    """A network of the user's own, without parameters; it overshoots."""

    def forward(self, lr: Tensor) -> Tensor:
        return nn.functional.interpolate(lr, scale_factor=3) * 1.2 - 0.1


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 24, 3)).astype(np.uint8)


def test_names_give_configs() -> None:
    assert wb.preset("mdrn-s") is PRESETS["mdrn-s"]
    assert set(wb.presets()) == set(PRESETS)
    assert wb.variant("channels-20").channels == 20
    assert wb.variant("channels-20", base=wb.preset("bsrn")).blocks == PRESETS["bsrn"].blocks
    assert "L-var" in wb.variants()["no-lvar"]


def test_a_variant_that_changes_the_training_is_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ablations").mkdir()
    (tmp_path / "ablations" / "faster.yaml").write_text(
        "question: Does a higher rate help?\noverrides: {training.stages.0.learning_rate: 5e-3}\n"
    )
    with pytest.raises(wb.WorkbenchError, match="'faster' changes more than the network"):
        wb.variant("faster")


def test_a_seed_fixes_the_weights_and_leaves_the_random_stream() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    one, same, other = (wb.build("tiny", seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    weights = [network.shallow.state_dict() for network in (one, same, other)]
    name = next(iter(weights[0]))
    assert torch.equal(weights[0][name], weights[1][name])
    assert not torch.equal(weights[0][name], weights[2][name])
    assert one.training
    assert one.scale == 4


def test_a_loaded_network_is_a_module_with_its_scale(tmp_path: Path, image: np.ndarray) -> None:
    built = wb.build("tiny", seed=1)
    save_weights(tmp_path / "tiny.safetensors", built.config, built.state_dict())
    loaded = wb.load(tmp_path / "tiny.safetensors")
    assert (loaded.name, loaded.scale) == ("tiny.safetensors", 4)
    assert loaded.smallest_lr_px == built.smallest_lr_px
    assert not loaded.training
    lr = torch.from_numpy(image).permute(2, 0, 1)[None] / 255
    with torch.inference_mode():
        assert torch.equal(loaded(lr), built.eval()(lr))
    assert wb.count(loaded) == wb.count(built) == wb.count("tiny") == wb.count(built.config)


@pytest.mark.parametrize("kind", [np.uint8, np.float16, np.float32, np.float64])
def test_arrays_come_back_as_their_own_kind(kind: type[np.generic], image: np.ndarray) -> None:
    given = image if kind is np.uint8 else (image / 255).astype(kind)
    before = given.copy()
    large = wb.upscale(Nearest(), given)
    assert large.dtype == kind
    assert large.shape == (60, 72, 3)
    assert np.array_equal(given, before)
    highest = 255 if kind is np.uint8 else 1
    assert large.min() == 0  # clipped: the network goes below 0 and above 1
    assert large.max() == highest


def test_uint8_is_rounded_as_scores_are(image: np.ndarray) -> None:
    exact = wb.upscale(Nearest(), image / 255)
    assert np.array_equal(wb.upscale(Nearest(), image), (exact * 255).round().astype(np.uint8))


def test_pillow_images_come_back_as_pillow_images(image: np.ndarray) -> None:
    large = wb.upscale(Nearest(), Image.fromarray(image))
    assert (large.mode, large.size) == ("RGB", (72, 60))
    assert np.array_equal(np.asarray(large), wb.upscale(Nearest(), image))
    grey = wb.upscale(Nearest(), Image.fromarray(image[..., 0]))
    assert (grey.mode, grey.size) == ("RGB", (72, 60))


def test_a_read_only_array_can_be_enlarged(image: np.ndarray) -> None:
    image.setflags(write=False)
    assert wb.upscale(Nearest(), image).shape == (60, 72, 3)


def test_the_network_stays_in_its_mode(image: np.ndarray) -> None:
    network = wb.build("tiny")
    network.blocks[0].eval()
    wb.upscale(network, image)
    assert network.training
    assert not network.blocks[0].training


def test_tiles_of_a_local_network_change_nothing(image: np.ndarray) -> None:
    whole = wb.upscale(Nearest(), image)
    tiled = wb.upscale(Nearest(), image, tile_lr_px=7, tile_overlap_lr_px=2)
    assert np.array_equal(whole, tiled)


ANY: Any = wb  # its functions, called with what their types forbid
IMAGE = np.full((20, 24, 3), 255, np.uint8)
OWN, TINY = Nearest(), wb.build("tiny")
WRONG = [
    (partial(wb.upscale, OWN, IMAGE[..., :2]), r"shape \(height, width, 3\), got \(20, 24, 2\)"),
    (partial(wb.upscale, OWN, IMAGE.astype(np.int32)), "got int32"),
    (partial(wb.upscale, OWN, IMAGE * 1.0), "must lie in 0..1, got 255..255; divide"),
    (partial(wb.upscale, OWN, IMAGE * np.nan), "must lie in 0..1, got nan"),
    (partial(ANY.upscale, OWN, "a.png"), "must be a NumPy array or a Pillow image, got str"),
    (partial(wb.upscale, OWN, Image.new("RGBA", (20, 20))), "mode RGB or L, got RGBA; use"),
    (partial(ANY.upscale, "mdrn-s", IMAGE), "must be a torch.nn.Module, got str; wb.build"),
    (partial(wb.upscale, nn.AvgPool2d(2), IMAGE), "AvgPool2d must enlarge by a whole number"),
    (partial(wb.upscale, nn.Linear(3, 3), IMAGE), "Linear cannot be run on an input of"),
    (partial(wb.upscale, OWN, IMAGE, tile_lr_px=0), "tile_lr_px must lie in 1..65,536, got 0"),
    (partial(wb.variant, "no-lvr"), "unknown variant 'no-lvr'; did you mean 'no-lvar'"),
    (partial(wb.variant, "all"), "unknown variant 'all'; "),
    (partial(wb.preset, "mdrns"), "unknown preset 'mdrns'; did you mean 'mdrn-s'"),
    (partial(wb.build, "mdrn-s", seed=-1), "seed must be 0 or more, got -1"),
    (partial(ANY.build, 28), "config must be a ModelConfig or the name of a preset, got int"),
    (partial(wb.count, "mdrn-s", (0, 9)), "at least 1 px a side, got 0x9"),
    (partial(wb.count, "mdrn-s", (9, 9)), "the input is 9 x 9 px; .* at least 15 x 15"),
    (partial(wb.load, "no/mdrn-s.pth"), "no such weights file; the published weights"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_wrong_input_is_one_clear_line(call: Callable[[], object], message: str) -> None:
    with pytest.raises(wb.WorkbenchError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
