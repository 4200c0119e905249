"""The crops that a trial is trained on: they depend on images, seed, stage and step only."""

from collections.abc import Mapping

from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler, PairCrops
from workbench.data.pairs import ImagePairs
from workbench.trial.images import TrialImages


def crop_samplers(config: TrialConfig, images: TrialImages) -> tuple[CropSampler, ...]:
    """Return the sampler of each stage.

    Args:
        config: Names the sources of each stage; a stage that names none uses all of them.
        images: The opened images of the trial.
    """
    samplers = []
    for number, stage in enumerate(config.training.stages):
        names = [s.name for s in stage.sources] if stage.sources else list(images.training)
        samplers.append(
            CropSampler(
                [images.training[name] for name in names],
                seed=config.seed,
                stage=number,
                hr_patch_px=stage.hr_patch_px,
                batch_size=stage.batch_size,
                first=[s.first for s in stage.sources] if stage.sources else None,
            )
        )
    return tuple(samplers)


def first_crops(config: TrialConfig, images: Mapping[str, ImagePairs]) -> PairCrops:
    """Return the crops of the first stage, of images that need not be packed.

    Args:
        config: Of the trial.
        images: By name of the source. If the stage names sources of which one is not among them,
            all of these are used.
    """
    stage = config.training.stages[0]
    known = stage.sources and all(source.name in images for source in stage.sources)
    sources = stage.sources if stage.sources and known else ()
    return PairCrops(
        [images[source.name] for source in sources] or list(images.values()),
        seed=config.seed,
        stage=0,
        hr_patch_px=stage.hr_patch_px,
        batch_size=stage.batch_size,
        first=[source.first for source in sources] or None,
    )
