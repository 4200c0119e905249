"""Names are checked where the user gives them: before they are in files, cells and reports."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from workbench.ablation.variant import read_variant
from workbench.errors import ConfigError
from workbench.experiments.study_plan import plan_study
from workbench.experiments.study_spec import StudySpec, study_name
from workbench.experiments.trial_spec import TrialSpec, image_source
from workbench.reporting.html_parts import text


def requested(**more: object) -> StudySpec:
    return StudySpec(("no-lvar",), trial=TrialSpec(**more))  # type: ignore[arg-type]


def test_a_data_set_with_brackets_is_a_data_set() -> None:
    assert image_source("[/b]=folder", "--benchmark").name == "[/b]"
    plan = plan_study(requested(data=("[/b]=folder", "[red]x=other"))).plan
    # The name of the study is that of a file.
    assert plan.study.startswith("no-lvar-vs-mdrn-s_smoke_[-b]+[red]x-")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("-x=folder", r"--data: a name must not begin with = \+ - @"),
        ("a\x1b[2J=folder", r"got \\x1b in 'a\\x1b\[2J'; NAME=FOLDER gives another name"),
        ("some/@folder", "must not begin with .*got '@folder'; NAME=FOLDER gives another name"),
        (f"{'x' * 101}=folder", "at most 100 letters"),
    ],
)
def test_a_data_set_that_no_table_can_show_is_refused(given: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        image_source(given, "--data")


def test_names_that_set_gives_are_checked_alike() -> None:
    overrides: dict[str, object] = {"data.validation.name": "=cmd"}
    with pytest.raises(ConfigError, match="name of a data set: a name must not begin with"):
        plan_study(requested(overrides=overrides))


@pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", "", ".x", "-x", "nul", "x\n", "a:b"])
def test_a_study_that_no_file_can_be_called_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"^--study: "):
        study_name(name)


def test_promote_checks_the_name_of_its_study(command: Command) -> None:
    ended = command("search", "promote", "s", "--study", "../up")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: --study: a name of a file must not hold / ")


def test_a_variant_is_called_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "=cmd.yaml"
    path.write_text("question: x?\noverrides: {model.channels: 20}\n")
    with pytest.raises(ConfigError, match=r"=cmd\.yaml: a name must not begin with = "):
        read_variant(path)


def test_a_page_shows_names_as_they_are() -> None:
    assert text("<script>\x1b[2J\u202e") == r"&lt;script&gt;\x1b[2J\u202e"
