"""What a version of results means: weights, images, crops, losses, gradients, scores.

Every section is a function of a scratch folder, and returns plain data. Text and whole numbers are
exact on every machine; floats agree to rounding, see `TOLERANCES`.
"""

import importlib.resources
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from workbench.ablation.variant import find_variants
from workbench.config.data import EMBEDDED_TILES, DataConfig, ImageSource
from workbench.config.evaluation import EvaluationConfig
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.presets import CANONICAL, PRESETS, RECIPES
from workbench.config.training import StageConfig, StageSource, TrainingConfig
from workbench.config.trial import TrialConfig
from workbench.evaluation.evaluate import evaluate
from workbench.evaluation.running import Tiling
from workbench.models.checkpoints import weights_hash
from workbench.models.factory import build_model
from workbench.results import ImageScore, MeanScore
from workbench.store.ledger import Ledger
from workbench.system.digests import sha256
from workbench.training.device import prepare
from workbench.training.loop import TrainContext, train
from workbench.training.schedule import ema_decay, learning_rate, steps_from
from workbench.training.state import TrainingState, new_state
from workbench.trial.crops import crop_samplers
from workbench.trial.images import TrialImages, open_images
from workbench.trial.run import run_trial

Values = dict[str, Any]

WINDOWS = {"left": [(180, 60), (20, 300), (300, 380)], "right": [(400, 20), (100, 200)]}
"""Sources of the trial, and corners (left, top) of their images in a photograph."""
SIDE_PX = 96
SOME_VARIANTS = ("no-lvar", "no-mdsa", "no-distillation", "blocks-6", "channels-32", "plain-conv")
SOME_STEPS = (0, 1, 59, 60, 119, 120, 999, 999_999, 1_000_000, 2_100_000, 2_649_999)


@dataclass(frozen=True)
class Tolerance:
    """How far floats of a section may lie apart on two machines."""

    relative: float
    absolute: float = 0.0


TOLERANCES = {
    "schedule": Tolerance(1e-12),
    "gradients": Tolerance(1e-4, 1e-8),  # a bias before L-var has a gradient of rounding only
    "training": Tolerance(1e-5),
    "scores": Tolerance(1e-5),
}


def pinned_trial(folder: Path) -> TrialConfig:
    """Return a trial of two stages on two sources, with images of its own."""
    photograph = Path(str(importlib.resources.files("skimage"))) / "data" / "astronaut.png"
    with Image.open(photograph) as image:
        pixels = image.convert("RGB")
    for name, corners in WINDOWS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, (left, top) in enumerate(corners):
            window = pixels.crop((left, top, left + SIDE_PX, top + SIDE_PX))
            window.save(folder / name / f"{number}.png")
    sources = tuple(ImageSource(name=n, folder=str(folder / n)) for n in WINDOWS)
    first = StageConfig(steps=2, hr_patch_px=64, batch_size=2, learning_rate=2e-3, milestones=(1,))
    second = StageConfig(
        steps=2,
        hr_patch_px=72,
        batch_size=2,
        loss="charbonnier",
        learning_rate=1e-3,
        sources=(StageSource(name="right"), StageSource(name="left", first=2)),
    )
    return TrialConfig(
        model=PRESETS["tiny"],
        data=DataConfig(training=sources, validation=sources[0]),
        training=TrainingConfig(stages=(first, second), validate_every=1, checkpoint_every=10),
        evaluation=EvaluationConfig(benchmarks=(sources[1],), degradation="bicubic-uint8"),
        seed=3,
    )


def initial_weights(_folder: Path) -> Values:
    """Return hashes of the initial weights of presets and variants, by name and seed."""
    networks: dict[str, ModelConfig] = dict(PRESETS)
    for variant in find_variants(list(SOME_VARIANTS)):
        base = TrialConfig(model=PRESETS[CANONICAL], training=RECIPES["smoke"])
        networks[variant.name] = variant.apply(base).mdrn
    networks["tiny x2"] = apply_overrides(PRESETS["tiny"], {"scale": 2})
    return {
        f"{name}, seed {seed}": weights_hash(build_model(model, seed=seed).state_dict())
        for name, model in networks.items()
        for seed in (1, 2)
    }


def image_hashes(folder: Path) -> Values:
    """Return hashes of the packed images of a trial, by use and source."""
    hashes = open_images(pinned_trial(folder), Ledger(folder / "store")).hashes()
    return {
        **{f"training {name}": found for name, found in hashes.training.items()},
        "validation": hashes.validation,
        **{f"benchmark {name}": found for name, found in hashes.benchmarks.items()},
    }


def crops(folder: Path) -> Values:
    """Return where the crops of a trial lie: the (row, column, image) of three corners of each.

    The images hold their coordinates: red is the row, green the column, blue the image.
    """
    config = pinned_trial(folder)
    grid = np.arange(SIDE_PX, dtype=np.uint8)
    for source, (name, corners) in enumerate(WINDOWS.items()):
        for number in range(len(corners)):
            pixels = np.empty((SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
            pixels[..., 0], pixels[..., 1] = grid[:, None], grid[None, :]
            pixels[..., 2] = 10 * source + number
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    found: Values = {}
    samplers = crop_samplers(config, open_images(config, Ledger(folder / "store")))
    for stage, sampler in enumerate(samplers):
        for step in (0, 1, 2, 7):
            _, hr = sampler.batch(step)
            corners_of = [[patch[0, 0], patch[0, -1], patch[-1, 0]] for patch in hr]
            found[f"stage {stage}, step {step}"] = np.asarray(corners_of).tolist()
    return found


def embedded_crops(folder: Path) -> Values:
    """Return hashes of LR and HR of some batches of images that ship with the workbench."""
    source = ImageSource(name="tiles", folder=EMBEDDED_TILES)
    config = apply_overrides(
        pinned_trial(folder),
        {
            "data.training": [source.plain()],
            "training.stages.1.sources": None,
            "evaluation.degradation": "bicubic",
        },
    )
    samplers = crop_samplers(config, open_images(config, Ledger(folder / "store")))
    return {
        f"stage {stage}, step {step}": [sha256(part.tobytes()) for part in sampler.batch(step)]
        for stage, sampler in enumerate(samplers)
        for step in (0, 9)
    }


def schedule(_folder: Path) -> Values:
    """Return rates and decays of every recipe at some steps."""
    found: Values = {}
    for name, recipe in RECIPES.items():
        for done in SOME_STEPS:
            if done < recipe.total_steps():
                step = next(steps_from(recipe, done))
                found[f"{name}, step {done}"] = [
                    step.stage,
                    step.local,
                    learning_rate(step.config, step.local),
                    ema_decay(recipe, done + 1),
                ]
    return found


def gradients(folder: Path) -> Values:
    """Return the norm of the gradient of each parameter in the first step of a trial."""
    config = pinned_trial(folder)
    one_step = config.training.stages[0].model_copy(update={"steps": 1, "milestones": ()})
    training = config.training.model_copy(update={"stages": (one_step,)})
    state, _ = trained(config.model_copy(update={"training": training}), folder)
    return {
        name: float(parameter.grad.double().norm())
        for name, parameter in state.model.named_parameters()
        if parameter.grad is not None
    }


def training(folder: Path) -> Values:
    """Return what every step of a trial gave, and sizes of the weights at its end."""
    state, diverged = trained(pinned_trial(folder), folder)
    assert not diverged
    curve = {
        f"step {point.step}": [point.loss, point.learning_rate, point.score.psnr_rgb_db]
        for point in state.curve
    }
    sizes = {"weights": state.model, "averaged weights": state.average.module}
    return curve | {
        name: sum(float(p.detach().double().abs().sum()) for p in model.parameters())
        for name, model in sizes.items()
    }


def scores(folder: Path) -> Values:
    """Return scores of a finished trial, of bicubic upscaling, and of a network in tiles."""
    config = pinned_trial(folder)
    result = run_trial(config, store=folder / "store")
    (benchmark,) = result.scores
    assert benchmark.bicubic is not None
    assert result.validation_bicubic is not None
    validation = open_images(config, Ledger(folder / "store")).validation
    tiled = evaluate(
        build_model(config.model, seed=3),
        validation,
        smallest_lr_px=config.model.smallest_lr_px(),
        tiling=Tiling(16, 2),
    )
    return {
        "trial": _four(benchmark.mean()),
        "bicubic of the benchmark": _four(benchmark.bicubic),
        "bicubic of the validation images": _four(result.validation_bicubic),
        "initial weights in tiles": _four(tiled.mean()),
    }


SECTIONS: Mapping[str, Callable[[Path], Values]] = {
    "initial weights": initial_weights,
    "images": image_hashes,
    "crops": crops,
    "embedded crops": embedded_crops,
    "schedule": schedule,
    "gradients": gradients,
    "training": training,
    "scores": scores,
}


def trained(config: TrialConfig, folder: Path) -> tuple[TrainingState, object]:
    """Train without the checks and records of a trial."""
    images = open_images(config, Ledger(folder / "store"))
    device = prepare("cpu", 1)
    state = new_state(config, device)
    context = TrainContext(
        samplers=crop_samplers(config, images),
        validate=lambda state: _validated(config, state, images),
        on_point=lambda _point: None,
        progress=lambda _done, _total, _what: None,
        checkpoint=folder / "checkpoint.pt",
        store=folder,
    )
    return state, train(config, state, context)


def _validated(
    config: TrialConfig, state: TrainingState, images: TrialImages
) -> tuple[ImageScore, ...]:
    smallest = config.model.smallest_lr_px()
    return evaluate(state.average.module, images.validation, smallest_lr_px=smallest).images


def _four(score: MeanScore) -> list[float]:
    return [score.psnr_rgb_db, score.ssim_rgb, score.psnr_y_db, score.ssim_y]


def measure(section: str, folder: Path) -> Values:
    """Return the values of one section.

    Args:
        section: A key of `SECTIONS`.
        folder: An empty folder for images and records.
    """
    torch.set_num_threads(1)
    return SECTIONS[section](folder)


def changes(section: str, stored: Values, measured: Values) -> list[str]:
    """Return the names of values in both that differ by more than rounding."""
    tolerance = TOLERANCES.get(section, Tolerance(0.0))
    return [
        name
        for name in stored.keys() & measured.keys()
        if not _same(stored[name], measured[name], tolerance)
    ]


def _same(one: Any, other: Any, tolerance: Tolerance) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(
            _same(a, b, tolerance) for a, b in zip(one, other, strict=True)
        )
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=tolerance.relative, abs_tol=tolerance.absolute)
    return bool(one == other)
