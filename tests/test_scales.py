"""x2 and x3 from end to end: build, published names, train, evaluate, upscale."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from workbench.config.data import ImageSource
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.config.trial import TrialConfig
from workbench.data.pairs import FolderPairs
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.upscale import plan_files, upscale_files
from workbench.models.checkpoints import export_published, load_model
from workbench.models.factory import build_model
from workbench.models.opening import open_network
from workbench.results import TrialState
from workbench.trial.run import run_trial

PARAMETERS = {2: 303_724, 3: 311_299}


@pytest.mark.parametrize("scale", [2, 3])
def test_published_weights_of_56_channels_are_opened_and_scored(
    tmp_path: Path, photos: Path, scale: int
) -> None:
    """The photographs are 64 px wide: at x3 HR is cropped to 63."""
    config = apply_overrides(PRESETS["mdrn"], {"scale": scale})
    state = build_model(config, seed=1).state_dict()
    export_published(tmp_path / "published.pth", config, state)
    network = open_network(tmp_path / "published.pth")
    assert network.scale == scale
    assert sum(p.numel() for p in network.module.parameters()) == PARAMETERS[scale]
    pairs = FolderPairs(ImageSource(name="photos", folder=str(photos)), scale, "bicubic")
    assert pairs.hr(0).shape == (64 // scale * scale, 64 // scale * scale, 3)
    scores = evaluate(network.module, pairs, smallest_lr_px=network.smallest_lr_px)
    assert (scores.protocol.scale, scores.protocol.crop_px) == (scale, scale)
    assert len(scores.images) == 4


@pytest.mark.parametrize("scale", [2, 3])
def test_a_network_is_trained_scored_and_enlarges(
    tmp_path: Path, photos: Path, tiny_trial: TrialConfig, scale: int
) -> None:
    config = apply_overrides(tiny_trial, {"model.scale": scale})
    result = run_trial(config, store=tmp_path)
    assert result.state is TrialState.COMPLETE
    assert result.scores[0].protocol.scale == scale
    (weights,) = tmp_path.glob("trainings/*/weights.safetensors")
    model = load_model(weights)
    written = upscale_files(
        model,
        plan_files(photos / "photo0.png", tmp_path / "out.png"),
        scale=model.scale,
        smallest_lr_px=model.smallest_lr_px,
    )
    with Image.open(next(iter(written))) as image:
        assert image.size == (64 * scale, 64 * scale)


@pytest.mark.reference
@pytest.mark.parametrize(("scale", "butterfly_px"), [(2, 256), (3, 255)])
def test_given_lr_images_fit_the_cropped_hr(reference: Path, scale: int, butterfly_px: int) -> None:
    folder = str(reference / "benchmarks" / "Set5")
    pairs = FolderPairs(ImageSource(name="Set5", folder=folder), scale, "bicubic")
    assert pairs.lr_origin == "given"
    index = pairs.names.index("butterfly")
    assert pairs.hr(index).shape == (butterfly_px, butterfly_px, 3)
    assert pairs.lr(index).shape == (butterfly_px // scale, butterfly_px // scale, 3)
    image = torch.from_numpy(pairs.lr(index).copy()).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        out = build_model(apply_overrides(PRESETS["tiny"], {"scale": scale}), seed=0)(image)
    assert out.shape[2:] == (butterfly_px, butterfly_px)
