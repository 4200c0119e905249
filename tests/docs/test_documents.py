"""What the documents name is there."""

import re
import shlex
from pathlib import Path

import pytest

import workbench as wb
from tests.builders.docs import DOCUMENTS, ROOT, blocks, commands, parse
from workbench.cli.command_table import COMMANDS
from workbench.config.shipped import data_files
from workbench.experiments.plan_file import read_plan

CURRENT = [one for one in DOCUMENTS if one.name not in ("decisions.md", "results.md")]
"""Documents of today's state; the others also tell of earlier ones."""
COMMANDS_OF = [
    (document.name, line)
    for document in CURRENT
    for line in commands(document)
    if shlex.split(line)[1:2] not in ([], ["--help"])
]


@pytest.mark.parametrize(("document", "line"), COMMANDS_OF)
def test_a_command_of_the_documents_can_be_parsed(document: str, line: str) -> None:
    _, name, *words = shlex.split(line)
    if words:
        parse(line)
    else:  # the name of a command, which need not be a whole call
        assert name in COMMANDS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", CURRENT, ids=lambda path: path.name)
def test_files_that_are_named_are_there(document: Path) -> None:
    text = document.read_text()
    named = re.findall(r"`((?:workbench|tests|docs|plans|tools)/[\w./-]*\w)`", text)
    assert document.name != "extending.md" or len(named) > 10
    for path in named:
        assert (ROOT / path).exists(), path


def test_the_readme_counts_the_variants_as_they_are() -> None:
    text = (ROOT / "README.md").read_text()
    assert f"| {len(data_files('ablations'))} variants " in text


def test_the_plan_of_the_readme_is_one(tmp_path: Path) -> None:
    (block,) = (one for one in blocks(ROOT / "README.md") if one.language == "yaml")
    (tmp_path / "plan.yaml").write_text(block.code)
    spec = read_plan(tmp_path / "plan.yaml").spec(tmp_path / "plan.yaml")
    assert spec.match
    assert spec.seeds.looks[0] == 3


def test_the_glossary_has_every_abbreviation_of_the_readme() -> None:
    text = (ROOT / "README.md").read_text().partition("## Citation")[0]
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|^    .*$", " ", text, flags=re.MULTILINE)
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    known = {
        "AMD", "EPYC", "CPU", "GPU", "CUDA", "RGB", "CSV", "JSON", "SVG", "PNG", "HTML", "YAML",
        "MIT", "MATLAB", "NTIRE", "OUT", "EDSR", "RCAN", "WORKBENCH",
    }  # fmt: skip
    for word in set(re.findall(r"\b[A-Z][A-Z-]*[A-Z]\b", text)) - known:
        assert re.search(rf"\b{re.escape(word)}\b", glossary), word


def test_the_glossary_names_each_word_once_and_in_order() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    for section in text.split("\n## ")[1:]:
        words = re.findall(r"^\*\*([^*]+)\*\*$", section, re.MULTILINE)
        assert words
        assert words == sorted(set(words), key=str.lower)
    words = re.findall(r"^\*\*([^*]+)\*\*\n: \S", text, re.MULTILINE)
    assert len(words) == text.count("\n**")


def test_the_python_document_names_what_there_is() -> None:
    text = (ROOT / "docs" / "python.md").read_text()
    for name in set(re.findall(r"\bwb\.(\w+)", text)):
        assert name in wb.__all__, name
    functions = {name for name in wb.__all__ if name.islower() and not name.startswith("_")}
    for name in functions:
        assert f"wb.{name}" in text, name
