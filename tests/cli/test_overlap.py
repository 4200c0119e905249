"""Every command that trains refuses to train on what it scores, unless that is allowed."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from workbench.cli.ablate_steps import Place, pack
from workbench.cli.plan_file import planned
from workbench.errors import DataError

SMALL = (
    *("--set", "model.blocks=1", "--set", "training.stages.0.milestones=[]"),
    *("--set", "training.stages.0.steps=1", "--set", "training.stages.0.hr_patch_px=60"),
)
COMMANDS = {
    "ablate": ("ablate", "--base", "tiny", "--variant", "no-lvar"),
    "search": ("search", "mdrn-size"),
    "aa-test": ("aa-test", "--base", "tiny"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_trains_refuses_it(command: Command, photos: Path, name: str) -> None:
    images = ("--data", f"own={photos}", "--benchmark", f"own={photos}")
    ended = command(*COMMANDS[name], *SMALL, *images)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith("error: training images are also scored: 4 of training own (")
    assert f"benchmark own ({photos}): photo0, photo1, photo2 and 1 more" in ended.err


def test_a_plan_file_can_allow_it(photos: Path, tmp_path: Path) -> None:
    lines = ["asks: Does it?", "base: tiny", "variants: [no-lvar]", "recipe: smoke", "seeds: 1"]
    lines += [f"data: [{photos}]", f"benchmarks: [P={photos}]", "set:"]
    lines += ["  training.stages.0.hr_patch_px: 60"]
    path = tmp_path / "plan.yaml"
    path.write_text("\n".join(lines))
    request = planned(path)
    assert not request.allow_overlap
    place = Place(tmp_path / "store", 1)
    with pytest.raises(DataError, match="add --allow-overlap, and every table will say so"):
        pack(request.plan, place)
    path.write_text("\n".join([*lines, "allow_overlap: true"]))
    assert planned(path).allow_overlap
    pack(request.plan, replace(place, allow_overlap=True))
