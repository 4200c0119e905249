"""Every block of code in the documents is run, checked, or says why not."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from tests.builders.docs import (
    DOCUMENTS,
    ROOT,
    Block,
    blocks,
    checked_blocks,
    named_files,
    parse,
    shell_lines,
)
from tests.cli.conftest import Command
from workbench.experiments.plan_file import read_plan
from workbench.spaces.files import read_space

SCRIPTS = ("study.sbatch", "study.sh")
"""Scripts that tests/docs/test_clusters.py runs."""
OUTPUT = ("text", "latex")
"""Languages of blocks that show what was printed, or a layout; there is nothing to run."""


def name(block: Block) -> str:
    return str(block)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_is_of_a_kind_that_is_checked(document: Path) -> None:
    for block in blocks(document):
        assert block.language in ("python", "bash", "yaml", *OUTPUT), block
        if block.not_run:
            assert re.fullmatch(r"\*Not run .{20,}\*", block.not_run, re.DOTALL), block


def test_python_stands_where_it_is_run() -> None:
    run = {"README.md", "docs/python.md", "docs/your-own-block.md"}
    assert {block.document for block in checked_blocks("python")} == run


@pytest.mark.parametrize("block", checked_blocks("bash"), ids=name)
def test_the_lines_of_a_shell_block_can_be_run(block: Block) -> None:
    if block.code.startswith("#!/bin/bash\n"):
        assert block.code.splitlines()[1].removeprefix("# ") in SCRIPTS
        return
    lines = shell_lines(block.code)
    assert lines
    for line in lines:
        program, *words = shlex.split(line)
        match program:
            case "workbench":
                parse(line)
            case "make":
                assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
            case "python":
                assert words[0] == "-m"
                assert importlib.util.find_spec(words[1]), words[1]
            case _:
                pytest.fail(f"{block}: no test runs {program!r}; say why above the block")


@pytest.mark.parametrize("block", checked_blocks("yaml"), ids=name)
def test_a_yaml_block_is_a_space_a_variant_or_a_plan(
    block: Block, tmp_path: Path, command: Command
) -> None:
    file = tmp_path / "ablations" / "example.yaml"
    file.parent.mkdir()
    file.write_text(block.code)
    for name, code in named_files(ROOT / block.document).items():
        if name.endswith(".py"):  # a module of the user's own that the block names
            (tmp_path / name).write_text(code)
    if "\ndimensions:" in block.code:
        assert read_space(file).question  # after its values were tried on the base
    elif "\noverrides:" in block.code:
        ended = command("ablate", "--variant", "example", "--dry-run")
        assert ended.code == 0, ended.err
        assert "example" in ended.out
    else:
        assert read_plan(file).spec(file).question
