"""Networks of a plan that are sampled from a search space, and named ones."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from workbench.config.presets import RECIPES, preset
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError
from workbench.execution.plan import run_identity
from workbench.experiments.plan_file import read_plan
from workbench.experiments.space_sample import SpaceSample, sampled_changes
from workbench.experiments.study_plan import plan_study
from workbench.models.complexity import cost_of

PLANS = Path(__file__).parents[2] / "plans"
BASE = TrialConfig(model=preset("mdrn-s"), training=RECIPES["short"])
SIZES = """question: Which size?
dimensions:
  model.channels: {kind: integers, low: 16, high: 28, step: 4}
  model.blocks: {kind: integers, low: 2, high: 5}
"""


@pytest.fixture
def sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a small space called `sizes`, of the user's own."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "search_spaces" / "sizes.yaml"
    path.parent.mkdir()
    path.write_text(SIZES)
    return path


def overrides(networks: int, seed: int = 0) -> list[Mapping[str, object]]:
    sample = SpaceSample(space="sizes", networks=networks, seed=seed)
    return [change.overrides for change in sampled_changes(sample, BASE)]


def plan(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(f"question: Which?\n{text}")
    return path


def test_each_value_is_sampled_about_as_often() -> None:
    changes = sampled_changes(SpaceSample(space="mdrn-bench", networks=64), BASE)
    for key, expected in (("channels", 64 / 5), ("blocks", 64 / 7), ("distillation_steps", 16)):
        counts = Counter(change.overrides[f"model.{key}"] for change in changes)
        assert max(abs(count - expected) for count in counts.values()) <= 5, (key, counts)
    assert len({run_identity(change.apply(BASE)) for change in changes}) == 64


def test_the_networks_of_the_published_plan_stay_the_same() -> None:
    first, second, *_ = sampled_changes(SpaceSample(space="mdrn-bench", networks=8), BASE)
    assert (first.name, second.name) == ("mdrn-bench-001", "mdrn-bench-002")
    assert first.question == (
        "channels 12, blocks 7, distillation_steps 3, spatial_attention esa, channel_attention cca"
    )
    assert second.question == (
        "channels 16, blocks 5, distillation_steps 2, spatial_attention mdsa (squeeze_ratio 4, "
        "levels 5+7, lvar none), channel_attention eca"
    )


@pytest.mark.usefixtures("sizes")
def test_a_larger_sample_begins_with_the_same_networks() -> None:
    assert overrides(11)[:5] == overrides(5)


@pytest.mark.usefixtures("sizes")
def test_another_seed_samples_other_networks() -> None:
    assert overrides(8, seed=0) != overrides(8, seed=1)


def test_networks_above_a_limit_are_not_sampled(sizes: Path) -> None:
    sizes.write_text(SIZES + "limits: {parameters: 30000}\n")
    changes = sampled_changes(SpaceSample(space="sizes", networks=5), BASE)
    assert all(cost_of(change.apply(BASE).model).parameters <= 30_000 for change in changes)


@pytest.mark.usefixtures("sizes")
def test_a_space_with_fewer_networks_is_refused() -> None:
    reason = r"sizes\.yaml: only 16 networks found within its limits, 17 wanted"
    with pytest.raises(ConfigError, match=reason):
        overrides(17)


def test_a_space_of_another_base_is_refused() -> None:
    base = TrialConfig(model=preset("rfdn"), training=RECIPES["short"])
    with pytest.raises(ConfigError, match=r"its base is mdrn-s, which is not that of the study"):
        sampled_changes(SpaceSample(space="mdrn-bench", networks=3), base)


def test_both_plans_of_the_benchmark_have_the_same_networks() -> None:
    cpu, gpu = (
        plan_study(read_plan(path).spec(path)).plan
        for path in (PLANS / "mdrn-bench-cpu.yaml", PLANS / "mdrn-bench.yaml")
    )
    assert [(arm.name, arm.config.model) for arm in cpu.arms] == [
        (arm.name, arm.config.model) for arm in gpu.arms
    ]
    assert len({run_identity(arm.config) for arm in cpu.arms}) == len(cpu.arms) == 103
    assert (len(cpu.seeds), cpu.base.config.training.total_steps()) == (2, 600)
    assert (len(gpu.seeds), gpu.base.config.training.total_steps()) == (3, 5_000)


def test_a_named_network_is_a_changed_preset(tmp_path: Path) -> None:
    text = "networks: {rfdn-12: {preset: rfdn, set: {model.channels: 12}}, bsrn: {preset: bsrn}}\n"
    path = plan(tmp_path, text)
    arms = {arm.name: arm for arm in plan_study(read_plan(path).spec(path)).plan.arms}
    assert arms["rfdn-12"].config.mdrn == preset("rfdn").model_copy(update={"channels": 12})
    assert arms["rfdn-12"].question == "rfdn with channels 12"
    assert arms["bsrn"].config.model == preset("bsrn")
    assert arms["bsrn"].against == "mdrn-s"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("networks: {a: {preset: rfnd}}\n", r"mine\.yaml: network 'a': .*'rfdn'"),
        ("networks: {a: {preset: rfdn, set: {model.chanels: 9}}}\n", r"network 'a': .*channels"),
        ("networks: {a: {preset: mdrn-s}}\n", r"network 'a' changes nothing on mdrn-s"),
        ("networks: {mdrn-s: {preset: rfdn}}\n", r"network 'mdrn-s' has the name of the base"),
        ("networks: {a: {set: {}}}\n", r"mine\.yaml:2: networks\.a\.preset: is missing"),
        ("sample: {space: mdrn-bnch, networks: 2}\n", r"unknown search space 'mdrn-bnch'"),
        ("sample: {space: mdrn-bench, networks: 0}\n", r"sample\.networks: .*1"),
        (
            "sample: {space: mdrn-bench, networks: 2}\npath: bsrn:mdrn-s\n",
            r"sample cannot be combined",
        ),
        (
            "sample: {space: mdrn-bench, networks: 2}\nfrom: a.pth\n",
            r"sample cannot be combined with",
        ),
        (
            "sample: {space: mdrn-bench, networks: 2}\ndesign: factorial\n",
            r"networks and sample cannot be combined with design factorial",
        ),
    ],
)
def test_wrong_networks_are_refused_in_one_line(tmp_path: Path, text: str, reason: str) -> None:
    path = plan(tmp_path, text)
    with pytest.raises(ConfigError, match=reason) as refused:
        plan_study(read_plan(path).spec(path))
    assert "\n" not in str(refused.value)
