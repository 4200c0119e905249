"""Proxies of a trial: its own initial weights and crops, and reasons where there is no value."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.config.module import ModuleConfig
from workbench.config.trial import TrialConfig
from workbench.data.crops import CropSampler
from workbench.errors import DataError
from workbench.proxies.batch import FEWEST_CROPS, first_batch
from workbench.proxies.kinds import PROXIES
from workbench.proxies.measuring import measure
from workbench.store.ledger import Ledger
from workbench.training.device import images_to_device
from workbench.training.state import new_state
from workbench.training.steps import HostSteps
from workbench.trial.crops import crop_samplers
from workbench.trial.images import open_images

BROKEN = """
import torch
from torch import nn


class Constant(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1)

    def forward(self, lr):
        return nn.functional.interpolate(lr, scale_factor=4)


class Raising(Constant):
    def forward(self, lr):
        if self.training:
            raise ValueError("an odd height")
        return super().forward(lr)


class Ending(Constant):
    def forward(self, lr):
        raise SystemExit(3)


class Infinite(Constant):
    def forward(self, lr):
        return nn.functional.interpolate(self.layer(lr) / 0, scale_factor=4)
"""


def samplers(config: TrialConfig, store: Path) -> tuple[CropSampler, ...]:
    return crop_samplers(config, open_images(config, Ledger(store)))


def test_the_crops_are_those_that_training_begins_with(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    batch = first_batch(tiny_trial)
    (sampler,) = samplers(tiny_trial, tmp_path)
    cpu = torch.device("cpu")
    lr, hr = (images_to_device(torch.from_numpy(one), cpu) for one in sampler.batch(0))
    assert torch.equal(batch.first_lr, lr)
    assert torch.equal(batch.hr, hr)
    assert len(batch.lr) == FEWEST_CROPS
    assert batch.text == "2 crops of 60 px from photos"


def test_the_initial_loss_is_that_of_the_first_step(
    tiny_trial: TrialConfig, tmp_path: Path
) -> None:
    state = new_state(tiny_trial, torch.device("cpu"))
    stage = tiny_trial.training.stages[0]
    runner = HostSteps(tiny_trial, stage, state, samplers(tiny_trial, tmp_path)[0])
    found = {one.proxy: one for one in measure(tiny_trial, first_batch(tiny_trial))}
    assert found["initial_loss"].value == runner.run(0, 1)[0]
    assert set(found) == {name for name, one in PROXIES.items() if one.needs != "cost"}
    assert all(one.value is not None and one.seconds > 0 for one in found.values())
    assert found["synflow"].batch == ""
    assert found["snip"].batch == "2 crops of 60 px from photos"


def test_values_depend_on_the_seed_alone_and_the_process_is_as_it_was(
    tiny_trial: TrialConfig,
) -> None:
    def values(config: TrialConfig) -> dict[str, float | None]:
        return {one.proxy: one.value for one in measure(config, first_batch(config))}

    torch.set_num_threads(1)
    before = random.getstate()
    numbers = np.random.get_state(legacy=True)
    first = values(tiny_trial)
    torch.manual_seed(5)
    assert values(tiny_trial) == first
    other = values(tiny_trial.model_copy(update={"seed": tiny_trial.seed + 1}))
    assert all(other[name] != first[name] for name in first)
    assert random.getstate() == before
    assert str(np.random.get_state(legacy=True)) == str(numbers)
    assert torch.initial_seed() == 5


@pytest.mark.parametrize(
    ("network", "proxy", "reason"),
    [
        ("Constant", "gradient_norm", "no gradient reaches the weights"),
        ("Constant", "synflow", "no gradient reaches the weights"),
        ("Infinite", "initial_loss", "the value is"),
        ("Infinite", "jacobian_rank", "the value is nan"),
        (
            "Raising",
            "snip",
            "broken_nets:Raising cannot be run and differentiated: ValueError: an odd height "
            "(broken_nets.py:18)",
        ),
        ("Ending", "synflow", "broken_nets:Ending cannot be run and differentiated: SystemExit: 3"),
    ],
)
def test_what_cannot_be_computed_has_a_reason_and_no_value(
    network: str,
    proxy: str,
    reason: str,
    tiny_trial: TrialConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "broken_nets.py").write_text(BROKEN)
    monkeypatch.syspath_prepend(tmp_path)
    own = ModuleConfig(path=f"broken_nets:{network}")
    config = tiny_trial.model_copy(update={"model": own})
    found = {one.proxy: one for one in measure(config, first_batch(config))}
    assert found[proxy].value is None
    assert reason in found[proxy].reason


def test_images_smaller_than_the_crops_are_named(tiny_trial: TrialConfig) -> None:
    stage = tiny_trial.training.stages[0].model_copy(update={"hr_patch_px": 96})
    training = tiny_trial.training.model_copy(update={"stages": (stage,)})
    with pytest.raises(DataError, match=r"photos: photo\d is 64x64 px, but at least 96x96 px"):
        first_batch(tiny_trial.model_copy(update={"training": training}))
