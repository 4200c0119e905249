"""The images of a plan are opened once for all networks that need the same."""

from pathlib import Path

import pytest

from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.execution.plan import Arm, Plan
from workbench.experiments import packing
from workbench.experiments.packing import pack
from workbench.experiments.run_context import RunContext
from workbench.trial.images import TrialImages, open_images


def test_networks_share_images_unless_they_need_others(
    tiny_trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []

    def counted(config: TrialConfig, *args: object, **kwargs: object) -> TrialImages:
        opened.append(config.model.scale)
        return open_images(config, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(packing, "open_images", counted)
    changes: tuple[dict[str, object], ...] = (
        {},
        {"model.channels": 6},
        {"model.channels": 7},
        {"model.scale": 2},
    )
    arms = tuple(
        Arm(f"n{number}", "", apply_overrides(tiny_trial, change))
        for number, change in enumerate(changes)
    )
    pack(Plan("s", arms, (1,)), RunContext(tmp_path / "store", allow_overlap=True))
    assert opened == [4, 2]
