"""Every command that trains refuses to train on what it scores, unless that is allowed."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from workbench.errors import DataError
from workbench.experiments.packing import pack
from workbench.experiments.plan_file import read_plan
from workbench.experiments.run_context import RunContext
from workbench.experiments.study_plan import plan_study

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
    lines = ["question: Does it?", "base: tiny", "variants: [no-lvar]", "recipe: smoke", "seeds: 1"]
    lines += [f"data: [{photos}]", f"benchmarks: [P={photos}]", "set:"]
    lines += ["  training.stages.0.hr_patch_px: 60"]
    path = tmp_path / "plan.yaml"
    path.write_text("\n".join(lines))
    content = read_plan(path)
    assert not content.allow_overlap
    plan = plan_study(content.spec(path)).plan
    context = RunContext(tmp_path / "store", 1)
    with pytest.raises(DataError, match="add --allow-overlap, and every table will say so"):
        pack(plan, context)
    path.write_text("\n".join([*lines, "allow_overlap: true"]))
    assert read_plan(path).allow_overlap
    pack(plan, replace(context, allow_overlap=True))
