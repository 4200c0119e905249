"""`TrialConfig`: one frozen value that describes a run completely."""

from pydantic import Field, model_validator

from workbench.config.base import Frozen
from workbench.config.bounds import MOST_VALUES, Seed
from workbench.config.data import DataConfig
from workbench.config.evaluation import EvaluationConfig
from workbench.config.evidence import Evidence, Pretrained, evidence_of
from workbench.config.model import ModelConfig
from workbench.config.network import NetworkField
from workbench.config.training import TrainingConfig
from workbench.errors import ConfigError, nearest


class TrialConfig(Frozen):
    """Everything that changes a result: network, data, training, evaluation and seed."""

    model: NetworkField = ModelConfig()
    data: DataConfig = DataConfig()
    training: TrainingConfig
    evaluation: EvaluationConfig = EvaluationConfig()
    """What the trained network is scored on."""
    seed: Seed = 1
    """Fixes the initial weights of each module, and the order and place of the crops."""
    pretrained: Pretrained | None = Field(default=None, exclude_if=lambda value: value is None)
    """Trained weights to start from; None for initial ones. It is not set by overrides: `workbench
    ablate --from` does. Configs without are written as before there was a choice."""

    @property
    def evidence(self) -> Evidence:
        """What kind of evidence the trial gives."""
        return evidence_of(self.pretrained)

    @property
    def is_lesion(self) -> bool:
        """Whether nothing is trained: the recipe then counts for nothing."""
        return self.evidence == "lesion"

    @property
    def steps(self) -> int:
        """Training steps of all stages together; 0 for a lesion."""
        return 0 if self.is_lesion else self.training.total_steps()

    @property
    def mdrn(self) -> ModelConfig:
        """The network, where it must be one of the MDRN family.

        Raises:
            ConfigError: If it is a module of the user's own.
        """
        if not isinstance(self.model, ModelConfig):
            raise ConfigError(
                f"this needs a network of the MDRN family, got a module of your own, "
                f"{self.model.path}"
            )
        return self.model

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
        channels = self.model.channels if isinstance(self.model, ModelConfig) else 3
        for number, stage in enumerate(self.training.stages):
            lr_px = stage.hr_patch_px // self.model.scale
            values = stage.batch_size * lr_px * lr_px * channels
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
