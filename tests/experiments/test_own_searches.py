"""Searches of modules of the user's own: edited code is refused, and gone code is in the store."""

import json
from pathlib import Path

import pytest

from tests.builders.executors import run_inline
from tests.builders.own_modules import change, write_modules
from workbench.errors import ConfigError
from workbench.experiments.promotion import PromotionSpec, plan_promotion
from workbench.experiments.run_context import RunContext
from workbench.experiments.running import prepare
from workbench.experiments.search import search
from workbench.experiments.search_spec import ResumePolicy, SearchSpec
from workbench.experiments.seeds import Seeds
from workbench.experiments.stored_search import stored_search
from workbench.experiments.trial_spec import TrialSpec
from workbench.search.state import SearchState

pytestmark = pytest.mark.xdist_group("own-modules")

OVERRIDES = {
    "training.stages.0.milestones": [],
    "training.stages.0.hr_patch_px": 60,
    "training.stages.0.batch_size": 1,
    "training.stages.0.steps": 2,
    "training.validate_every": 2,
}
SLOT = """
question: Which attention?
base: tiny
dimensions:
  model.spatial_attention:
    kind: choice
    values: [mdsa, {kind: module, path: "my_attention:Gate", arguments: {hidden: 3}}]
  model.activation: {kind: choice, values: [gelu, relu]}
"""
NETWORK = """
question: How wide?
base: my_nets:Net
dimensions:
  model.arguments.width: {kind: integers, low: 3, high: 9}
limits: {parameters: 3600}
"""
CONTEXT = RunContext(Path("s"), allow_overlap=True)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with modules of the user's own and spaces of them."""
    run_inline(monkeypatch)
    monkeypatch.chdir(write_modules(tmp_path))
    (tmp_path / "search_spaces").mkdir()
    (tmp_path / "search_spaces" / "slot.yaml").write_text(SLOT)
    (tmp_path / "search_spaces" / "network.yaml").write_text(NETWORK)
    return tmp_path


def run(
    photos: Path,
    space: str,
    trials: int,
    policy: ResumePolicy = ResumePolicy(),  # noqa: B008
) -> SearchState:
    trial = TrialSpec(data=(f"own={photos}",), benchmarks=(f"P={photos}",), overrides=OVERRIDES)
    spec = SearchSpec(space, trials, sampler="random", batch=2, trial=trial)
    return search(spec, CONTEXT, policy)


def forget(patch: pytest.MonkeyPatch) -> None:
    """Let this process know no sources, as a new one does."""
    patch.setattr("workbench.config.sources._KNOWN", {})
    patch.setattr("workbench.models.source_import._CLASSES", {})


def test_edited_code_of_an_attention_is_refused_and_gone_code_is_in_the_store(
    own: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = run(photos, "slot", 3)
    (mark,) = begun.record.settings.sources.values()
    code = own / "my_attention.py"
    text = code.read_text()
    change(code, "return x *", "return  x *")
    refusal = (
        r"search 'slot_random_\w+' in s: the code of my_attention:Gate has changed since it began;"
        rf".*--fresh starts a new search.* which the store has in sources/{mark.digest}"
    )
    with pytest.raises(ConfigError, match=refusal):
        run(photos, "slot", 4)
    code.write_text(text)
    ended = run(photos, "slot", 4)
    assert [p.overrides for p in ended.record.proposals][:3] == [
        p.overrides for p in begun.record.proposals
    ][:3]
    gates = [p.name for p in ended.trained if ended.config(p).model.own_modules() and p.trained]
    assert gates
    code.unlink()
    forget(monkeypatch)
    seen = stored_search(ended.record.name, Path("s"))
    assert seen.results.keys() == ended.results.keys()
    spec = PromotionSpec(ended.record.name, top=3, seeds=Seeds((7,)))
    planned = plan_promotion(spec, Path("s")).plan
    assert any(any(arm.config.model.own_modules()) for arm in planned.arms)
    prepare(planned, CONTEXT)  # builds and probes them
    code.write_text(text.replace("return x *", "return  x *"))
    fresh = run(photos, "slot", 2, ResumePolicy(fresh=True))
    assert fresh.record.settings.sources["my_attention:Gate"] != mark


def test_arguments_of_a_network_are_searched_within_limits(own: Path, photos: Path) -> None:
    begun = run(photos, "network", 3)
    within = [begun.config(p) for p in begun.trained]
    widths = {config.model.plain()["arguments"].get("width", 6) for config in within}
    assert len(within) == 3
    assert len(widths) > 1
    assert max(widths) <= 6, "the limit of parameters"
    code = own / "my_parts.py"
    change(code, "return nn", "return  nn")
    with pytest.raises(ConfigError, match="the code of my_nets:Net has changed since it began"):
        run(photos, "network", 4)


def test_code_of_a_stated_version_may_be_edited(
    own: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = own / "my_attention.py"
    change(code, "    def __init__", '    __version__ = "1"\n\n    def __init__')
    begun = run(photos, "slot", 2)
    change(code, "return x *", "return  x *")
    forget(monkeypatch)
    ended = run(photos, "slot", 3)
    assert ended.record.settings == begun.record.settings
    assert len(ended.results) == 3
    change(code, '"1"', '"2"')
    with pytest.raises(ConfigError, match="the code of my_attention:Gate has changed"):
        run(photos, "slot", 4)


def test_records_of_searches_without_own_modules_are_as_before(own: Path, photos: Path) -> None:
    (own / "search_spaces" / "plain.yaml").write_text(
        "question: Why?\nbase: tiny\n"
        "dimensions: {model.activation: {kind: choice, values: [gelu, relu]}}\n"
    )
    ended = run(photos, "plain", 1)
    head = (own / "s" / "searches" / f"{ended.record.name}.jsonl").read_text().splitlines()[0]
    assert "sources" not in json.loads(head)["settings"]
