"""The crops that a trial is trained on: they depend on images, seed, stage and step only."""

from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
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
