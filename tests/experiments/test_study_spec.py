"""What a study may be requested to compare."""

import pytest

from workbench.errors import ConfigError
from workbench.experiments.seeds import seed_rule
from workbench.experiments.study_plan import plan_study
from workbench.experiments.study_spec import StudySpec, decision_rule
from workbench.experiments.trial_spec import TrialSpec
from workbench.system.events import Note


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (StudySpec(), "--variant, --factor or --path is needed"),
        (StudySpec(("no-lvar",), order=("width",)), "--order needs --path PRESET:PRESET"),
        (StudySpec(("no-lvar",), shapley=True), "--shapley needs --path PRESET:PRESET"),
        (StudySpec(("no-lvar",), budget=9), "--budget needs --shapley"),
        (
            StudySpec(("no-lvar", "no-cca"), match=True, design="factorial"),
            "--match cannot be combined with --design factorial",
        ),
        (StudySpec(("no-lvar",), path="bsrn:mdrn-s"), "--variant cannot be combined with --path"),
        (StudySpec(path="bsrn:mdrn-s", base="tiny"), "--base cannot be combined with --path"),
        (
            StudySpec(path="bsrn:mdrn-s", seeds=seed_rule("2..4")),
            r"--seeds FIRST\.\.MOST cannot be combined with --path",
        ),
        (StudySpec(path="bsrn"), "--path must be PRESET:PRESET"),
        (StudySpec(("no-lvra",)), "unknown variant 'no-lvra'; did you mean 'no-lvar'"),
        (StudySpec(("no-lvar",), base="mdrn-z"), "unknown preset 'mdrn-z'"),
        (StudySpec(("no-lvar",), trial=TrialSpec("shrot")), "unknown recipe 'shrot'"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_requests_that_contradict_themselves_are_refused(spec: StudySpec, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"^{reason}"):
        plan_study(spec)


def test_an_error_names_the_file_that_made_the_request() -> None:
    with pytest.raises(ConfigError, match=r"^plans/mine\.yaml: unknown variant 'x'"):
        plan_study(StudySpec(("x",), origin="plans/mine.yaml"))


@pytest.mark.parametrize(("alpha", "margin_db"), [(0.0, 0.1), (1.0, 0.1), (0.05, -1), (0.05, 101)])
def test_a_decision_rule_has_bounds(alpha: float, margin_db: float) -> None:
    with pytest.raises(ConfigError, match=r"^--(alpha|margin) must"):
        decision_rule(alpha, margin_db)


def test_a_path_is_noted_before_anything_runs() -> None:
    events: list[object] = []
    study = plan_study(StudySpec(path="bsrn:mdrn-s", order=("width",)), events.append)
    assert study.path is not None
    (note,) = events
    assert isinstance(note, Note)
    assert note.text.startswith("path: bsrn -> +width -> +")
    assert note.text.endswith(" = mdrn-s")
