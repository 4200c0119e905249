"""`TrialConfig`: one frozen value that describes a run completely."""

from pydantic import model_validator

from workbench.config.base import Frozen
from workbench.config.bounds import MOST_VALUES, Seed
from workbench.config.data import DataConfig
from workbench.config.evaluation import EvaluationConfig
from workbench.config.model import ModelConfig
from workbench.config.training import TrainingConfig
from workbench.errors import nearest


class TrialConfig(Frozen):
    """Everything that changes a result: network, data, training, evaluation and seed."""

    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    training: TrainingConfig
    evaluation: EvaluationConfig = EvaluationConfig()
    """What the trained network is scored on."""
    seed: Seed = 1
    """Fixes the initial weights of each module, and the order and place of the crops."""

    @model_validator(mode="after")
    def _check_patches(self) -> "TrialConfig":
        scale, smallest = self.model.scale, self.model.smallest_lr_px()
        for number, stage in enumerate(self.training.stages):
            if stage.hr_patch_px % scale:
                raise ValueError(
                    f"training.stages.{number}.hr_patch_px must be a multiple of "
                    f"scale {scale}, got {stage.hr_patch_px}"
                )
            if stage.hr_patch_px // scale < smallest:
                raise ValueError(
                    f"training.stages.{number}.hr_patch_px must be at least "
                    f"{smallest * scale} ({smallest} LR px, the smallest input of this network), "
                    f"got {stage.hr_patch_px}"
                )
        return self

    @model_validator(mode="after")
    def _check_batches(self) -> "TrialConfig":
        for number, stage in enumerate(self.training.stages):
            lr_px = stage.hr_patch_px // self.model.scale
            values = stage.batch_size * lr_px * lr_px * self.model.channels
            if values > MOST_VALUES:
                raise ValueError(
                    f"training.stages.{number}: batch_size, hr_patch_px and channels must give at "
                    f"most {MOST_VALUES:,} values in a feature map, got {values:,}"
                )
        return self

    @model_validator(mode="after")
    def _check_sources(self) -> "TrialConfig":
        names = [source.name for source in self.data.training]
        for number, stage in enumerate(self.training.stages, start=1):
            for source in stage.sources or ():
                if source.name not in names:
                    raise ValueError(
                        f"stage {number} of the recipe trains on {source.name!r}, which is not "
                        f"among the training images; {nearest(source.name, names)}; "
                        f"give it with --data {source.name}=FOLDER"
                    )
        return self
