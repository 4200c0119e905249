"""What is requested of a search, and the settings that it becomes."""

from pathlib import Path

import pytest

from workbench.errors import ConfigError
from workbench.experiments.search_opening import with_stored_audits
from workbench.experiments.search_settings import PBT_FIDELITY, settings_of
from workbench.experiments.search_spec import ResumePolicy, SamplerName, SearchSpec
from workbench.experiments.trial_spec import TrialSpec
from workbench.search.record import SearchRecord
from workbench.search.record_file import start_record


def test_what_is_not_given_comes_from_the_space() -> None:
    settings = settings_of(SearchSpec("mdrn-size"))
    assert settings.space.limits.plain()["parameters"] == 60_000
    assert (settings.base.mdrn.channels, settings.sampler, settings.batch) == (28, "tpe", 4)
    assert settings.objectives == ("psnr_rgb_db",)


def test_what_is_given_replaces_what_the_space_says() -> None:
    spec = SearchSpec(
        "mdrn-size",
        sampler="nsga2",
        objectives=("psnr_rgb_db", "multiply_adds"),
        limits={"parameters": 80_000.0},
        rungs=(0.5,),
        keep=0.25,
        trial_seeds=(2, 5),
        trial=TrialSpec("short", steps=60),
    )
    settings = settings_of(spec)
    limits = settings.space.limits
    assert (limits.parameters, limits.multiply_adds_g) == (80_000, 4.0)
    assert isinstance(limits.parameters, int)
    assert (settings.space.fidelity.rungs, settings.space.fidelity.keep) == ((0.5,), 0.25)
    assert (settings.objectives, settings.trial_seeds) == (spec.objectives, (2, 5))
    assert settings.base.training.total_steps() == 60


@pytest.mark.parametrize(("sampler", "rungs"), [("tpe", ()), ("pbt", PBT_FIDELITY.rungs)])
def test_a_population_has_rungs_where_the_space_has_none(
    sampler: SamplerName, rungs: tuple[float, ...]
) -> None:
    assert settings_of(SearchSpec("training", sampler=sampler)).space.fidelity.rungs == rungs


@pytest.mark.parametrize(
    ("spec", "share"),
    [
        (SearchSpec("mdrn-size"), 0.1),
        (SearchSpec("mdrn-size", audit_share=0), 0.0),
        (SearchSpec("mdrn-size", audit_share=0.3, rungs=()), 0.0),
        (SearchSpec("training", sampler="pbt"), 0.0),
    ],
)
def test_candidates_are_audited_where_rungs_stop_others(spec: SearchSpec, share: float) -> None:
    assert settings_of(spec).audit_share == share


def test_a_search_that_was_begun_without_audits_is_resumed_without(tmp_path: Path) -> None:
    settings = settings_of(SearchSpec("mdrn-size"))
    assert with_stored_audits(settings, "old", tmp_path) == settings
    old = settings.model_copy(update={"audit_share": 0.0})
    start_record(SearchRecord(name="old", settings=old), tmp_path)
    assert with_stored_audits(settings, "old", tmp_path) == old


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (SearchSpec("mdrn-size", limits={"params": 5.0}), r"unknown limit 'params'; did you mean"),
        (SearchSpec("mdrn-size", rungs=(0.5, 0.25)), r"--rungs, --keep: rungs must increase, got"),
        (SearchSpec("mdrn-size", keep=1.5), r"--rungs, --keep: keep: .*less than 1"),
        (SearchSpec("training", sampler="grid"), r"needs a finite space"),
        (SearchSpec("training", sampler="pbt", asynchronous=True), r"exclude each other"),
        (SearchSpec("training", sampler="pbt", audit_share=0.2), r"--audit-share .* exclude each"),
        (SearchSpec("mdrn-size", audit_share=1.5), r"--audit-share must lie in 0..1, got 1.5"),
    ],
)
def test_what_cannot_be_searched_is_refused(spec: SearchSpec, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        settings_of(spec)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"resume": True, "fresh": True}, r"^--resume and --fresh exclude each other$"),
        ({"retry": True, "fresh": True}, r"^--retry and --fresh exclude each other$"),
    ],
)
def test_policies_that_contradict_themselves_are_refused(
    options: dict[str, bool], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        ResumePolicy(**options)
