"""Every file of `search_spaces/` is a space whose every value works; wrong ones are named."""

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest

from tests.builders.docs import checked_blocks
from workbench.config.model import ModelConfig
from workbench.config.overrides import apply_overrides
from workbench.config.shipped import shipped_folder
from workbench.errors import ConfigError
from workbench.search.candidates import Candidate, Rejected, build_candidate, cost_of
from workbench.search.cheapest import cheapest
from workbench.search.reachable import check_limits
from workbench.spaces.dimensions import Integers, SubsetError
from workbench.spaces.enumeration import RandomSampler
from workbench.spaces.files import (
    FOLDER,
    SpaceError,
    check_values,
    find_space,
    read_space,
)
from workbench.spaces.sizes import size
from workbench.spaces.space import Limits, SpaceFile, block_overrides
from workbench.store.keys import model_hash

FILES = sorted(shipped_folder(FOLDER).glob("*.yaml"))


def test_the_shipped_spaces_are_these() -> None:
    assert {path.stem for path in FILES} == {
        *("mdrn-attention", "mdrn-bench", "mdrn-canonical-neighbourhood", "mdrn-dispersion"),
        *("mdrn-full", "mdrn-size", "training"),
    }


def test_the_example_of_the_docs_can_be_searched(tmp_path: Path) -> None:
    (example,) = (
        block
        for block in checked_blocks("yaml")
        if block.document == "docs/searching.md" and "\ndimensions:" in block.code
    )
    path = tmp_path / "example.yaml"
    path.write_text(example.code)
    space = read_space(path)
    assert len(space.dimensions) == 6
    assert space.objectives == ("psnr_rgb_db", "multiply_adds")
    check_limits(space, space.base_trial())


SIZES = {"mdrn-attention": 60, "mdrn-dispersion": 52, "mdrn-size": 75} | {
    "mdrn-bench": 5 * 7 * 4 * (2 + 2 * 26) * 4,
    "mdrn-canonical-neighbourhood": 405,
    "mdrn-full": 15 * 8 * 4 * 3 * (1 + 3 * 80) * 5,
    "training": None,
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_sample_of_a_shipped_space_is_a_trial(path: Path) -> None:
    space = read_space(path)
    assert space.question.endswith("?")
    assert size(space) == SIZES[path.stem]
    base, ask = space.base_trial(), RandomSampler(random.Random(1))
    built = 0
    for _ in range(60):
        with suppress(SubsetError):
            apply_overrides(base, space.sample(ask))
            built += 1
    assert built > 30


@pytest.mark.parametrize("name", [name for name, count in SIZES.items() if count and count < 1_000])
def test_every_combination_of_a_space_that_can_be_counted_is_a_network_of_its_own(
    name: str,
) -> None:
    space = find_space(name)[0]
    base = space.base_trial()
    networks = {model_hash(apply_overrides(base, c).model) for c in space.combinations()}
    assert len(networks) == size(space)


def test_l_var_is_placed_within_the_chosen_levels_only() -> None:
    space = find_space("mdrn-dispersion")[0]
    found = set()
    for combination in space.combinations():
        levels = combination["model.spatial_attention.levels"]
        lvar = combination["model.spatial_attention.lvar"]
        assert levels
        assert set(lvar) <= set(levels)
        found.add((tuple(levels), tuple(lvar)))
    assert len(found) == 26  # 3 single levels x 2, 3 pairs x 4, all three x 8


def test_a_dimension_exists_only_where_its_condition_holds() -> None:
    space = find_space("mdrn-full")[0]
    ask = RandomSampler(random.Random(2))
    kinds = set()
    for _ in range(80):
        with suppress(SubsetError):
            attention = space.sample(ask)["model.spatial_attention"]
            kinds.add("esa" if attention == "esa" else attention["kind"])
            assert attention == "esa" or {"levels", "lvar", "squeeze_ratio"} < set(attention)
    assert kinds == {"mdsa", "esa"}


def test_numbers_are_within_their_ends(tmp_path: Path) -> None:
    ask = RandomSampler(random.Random(3))
    low, high = 0.001, 0.1
    logs = [ask.floating("x", low, high, None, True) for _ in range(500)]
    assert low <= min(logs) <= max(logs) <= high
    assert 0.3 < sum(value < 0.01 for value in logs) / 500 < 0.7
    steps = {ask.floating("x", 0.0, 1.0, 0.25, False) for _ in range(200)}
    assert steps == {0.0, 0.25, 0.5, 0.75, 1.0}


def test_the_last_dimension_varies_fastest(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "question: Why?\nbase: tiny\ndimensions:\n"
        "  model.channels: {kind: choice, values: [8, 12]}\n"
        "  model.blocks: {kind: integers, low: 1, high: 4, step: 2}\n"
    )
    space = read_space(path)
    found = [(c["model.channels"], c["model.blocks"]) for c in space.combinations()]
    assert found == [(8, 1), (8, 3), (12, 1), (12, 3)]


@pytest.mark.parametrize(
    ("low", "high", "step", "values"), [(1, 3, 1, (1, 2, 3)), (4, 9, 4, (4, 8)), (5, 5, 2, (5,))]
)
def test_whole_numbers_include_both_ends(
    low: int, high: int, step: int, values: tuple[int, ...]
) -> None:
    assert Integers(low=low, high=high, step=step).samples() == values


HEAD = "question: Why?\ndimensions:\n"
REFUSED: list[tuple[str, str]] = [
    (HEAD + "  model.channels: {kind: floats, low: 2.0, high: 1.0}\n", "low must be at most high"),
    (
        HEAD + "  training.ema_decay: {kind: floats, low: 0.0, high: 0.9, log: true}\n",
        "log needs low above 0 and no step, got 0, None",
    ),
    (
        HEAD + "  model.spatial_attention.levels: {kind: subset, of: [3, 3]}\n",
        "of must not repeat a member",
    ),
    (
        HEAD + "  model.spatial_attention.levels: {kind: subset, of: [3], at_least: 2}\n",
        "at_least must be at most 1, got 2",
    ),
    (
        HEAD + "  model.spatial_attention.levels: {kind: subset, of: [3, 4]}\n"
        "  model.spatial_attention.lvar:\n"
        "    {kind: subset, of: [3], within: model.spatial_attention.levels}\n",
        ":3: model.spatial_attention.levels: must hold odd levels of at least 3, got 4",
    ),
    (
        HEAD + "  model.channels: {kind: choice, values: [20], when: {model.blocks: [8]}}\n"
        "  model.blocks: {kind: choice, values: [8], when: {model.channels: [20]}}\n",
        "dimensions depend on each other in a circle: model.channels, model.blocks",
    ),
    (
        HEAD + "  model.channels: {kind: choice, values: [20], when: {model.block: [8]}}\n",
        ":3: unknown key 'model.block'",
    ),
    (HEAD + "  model.chanels: {kind: choice, values: [20]}\n", ":3: unknown key 'model.chanels'"),
    (HEAD + "  model.channels: {kind: choice, values: []}\n", ":3: dimensions.model.channels.valu"),
    (
        HEAD + "  model.channels: {kind: integers, low: 9, high: 8}\n",
        "low must be at most high (8)",
    ),
    (HEAD + "  model.channels: {kind: integers, low: 8, high: 9, step: 0}\n", ":3: "),
    (HEAD + "  model.channels: {kind: integer, low: 8, high: 9}\n", "did you mean 'integers'?"),
    (HEAD + "  model.channels: {kind: choice, valeus: [20]}\n", "did you mean 'values'?"),
    (HEAD + "  model.channels: {kind: choice, values: [20, 2]}\n", ":3: model.channels: should be"),
    (
        HEAD + "  model.blocks: {kind: choice, values: [4]}\n"
        "  model.spatial_attention.levels: {kind: choice, values: [[3, 5, 7], [3, 4, 7]]}\n",
        ":4: model.spatial_attention.levels: must hold odd levels of at least 3, got 4",
    ),
    (
        "question: Why?\nbase: mdrn-z\ndimensions:\n  seed: {kind: choice, values: [1]}\n",
        ":2: unkn",
    ),
    ("question: Why?\ndimensions: {}\n", ":2: dimensions: "),
    ("question: Why?\n", ":1: dimensions: is missing"),
    (
        HEAD + "  seed: {kind: choice, values: [1]}\nlimit: {}\n",
        ":4: limit: unknown key; did you m",
    ),
    (
        HEAD + "  seed: {kind: choice, values: [1]}\nlimits:\n  parameters: 0\n",
        ":5: limits.parameters: should be greater than or equal to 1, got 0",
    ),
    (
        HEAD + "  model.channels: {kind: integers, low: 8, high: 9, each_block: true}\n",
        ":3: model.channels: each_block needs a field of a block, model.FIELD; ",
    ),
    (
        HEAD + "  model.spatial_attention.levels: {kind: subset, of: [3], each_block: true}\n",
        "each_block is for choices and numbers",
    ),
    (
        HEAD + "  model.activation: {kind: choice, values: [gelu, rely], each_block: true}\n",
        "did you mean",
    ),
    ("", ":1: a search space must be a mapping of keys, got nothing"),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_a_wrong_space_is_refused_with_file_and_line(
    text: str, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.yaml:\d+: ") as refused:
        read_space(path)
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_space_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space, path = find_space("mdrn-size")
    assert path == shipped_folder(FOLDER) / "mdrn-size.yaml"
    assert space == read_space(path)
    with pytest.raises(ConfigError, match="unknown search space 'mdrn-sise'; did you mean 'mdrn-s"):
        find_space("mdrn-sise")


BY_BLOCK = SpaceFile.parse(
    {
        "question": "Why?",
        "base": "tiny",
        "dimensions": {
            "model.activation": {"kind": "choice", "values": ["gelu", "relu"], "each_block": True},
            "model.blocks": {"kind": "integers", "low": 1, "high": 2},
            "model.spatial_attention": {
                "kind": "choice",
                "values": [{"kind": "mdsa", "levels": [3], "lvar": []}, "esa", None],
                "each_block": True,
            },
        },
    }
)


def test_each_block_has_choices_of_its_own() -> None:
    check_values(BY_BLOCK, BY_BLOCK.base_trial())
    combinations = list(BY_BLOCK.combinations())
    assert len(combinations) == size(BY_BLOCK) == 6 + 6 * 6
    networks = set()
    for overrides in combinations:
        model = apply_overrides(BY_BLOCK.base_trial(), overrides).model
        networks.add(json.dumps(model.canonical(), sort_keys=True))
    assert len(networks) == len(combinations)


def test_blocks_that_are_alike_are_one_override() -> None:
    found = block_overrides({"model.activation": ["relu", "gelu", "relu"]})
    assert found == [
        {"blocks": [0, 2], "activation": "relu"},
        {"blocks": [1], "activation": "gelu"},
    ]


def limited(**limits: float) -> SpaceFile:
    dimensions = {"model.channels": {"kind": "integers", "low": 4, "high": 12}}
    space = {"question": "Why?", "base": "tiny", "dimensions": dimensions, "limits": limits}
    return SpaceFile.parse(space)


@pytest.mark.parametrize(
    "limits",
    [{}, {"parameters": 3_500}, {"multiply_adds_g": 1.0, "latency_ms": 1e6}],
    ids=["none", "parameters", "latency"],
)
def test_limits_that_some_network_is_within_are_accepted(limits: dict[str, float]) -> None:
    space = limited(**limits)
    check_limits(space, space.base_trial())


@pytest.mark.parametrize(
    ("limits", "keys", "reason"),
    [
        (
            {"parameters": 100},
            ("limits", "parameters"),
            r"no network is within 100; the least of all 9",
        ),
        ({"latency_ms": 0.001}, ("limits", "latency_ms"), r"within 0.001; the fastest of the 2"),
    ],
)
def test_limits_that_no_network_is_within_are_refused(
    limits: dict[str, float], keys: tuple[str, ...], reason: str
) -> None:
    space = limited(**limits)
    with pytest.raises(SpaceError, match=reason) as refused:
        check_limits(space, space.base_trial())
    assert refused.value.keys == keys


LARGE = {
    "model.activation": {"kind": "choice", "values": ["gelu", "silu", "leaky-relu"]},
    "model.channels": {"kind": "integers", "low": 4, "high": 60},
    "model.blocks": {"kind": "integers", "low": 1, "high": 12},
    "model.spatial_attention": {"kind": "choice", "values": ["mdsa", "esa", None]},
    "model.spatial_attention.levels": {
        "kind": "subset",
        "of": [3, 5, 7],
        "at_least": 1,
        "when": {"model.spatial_attention": ["mdsa"]},
    },
    "training.ema_decay": {"kind": "floats", "low": 0.9, "high": 0.999},
}


def test_the_cheapest_network_of_a_large_space_is_found_by_some_tens_of_counts() -> None:
    space = SpaceFile.parse(
        {"question": "Why?", "base": "tiny", "dimensions": LARGE, "limits": {"parameters": 1}}
    )
    found = list(cheapest(space, space.base_trial()))
    assert len(found) == len(set(found)) < 30
    last = min(found, key=lambda model: cost_of(model).parameters)
    assert isinstance(last, ModelConfig)
    assert (last.channels, last.blocks, last.spatial_attention) == (4, 1, None)
    least = cost_of(last).parameters
    enough = space.model_copy(update={"limits": Limits(parameters=least)})
    check_limits(enough, space.base_trial())
    few = space.model_copy(update={"limits": Limits(parameters=least - 1)})
    said = rf"none found within {least - 1:,}; the least of \d\d sampled networks, .* has {least:,}"
    with pytest.raises(SpaceError, match=said):
        check_limits(few, space.base_trial())


def test_a_latency_is_a_limit_that_is_measured() -> None:
    base = BY_BLOCK.base_trial()
    slow = build_candidate(base, {}, Limits(latency_ms=1e-3))
    assert isinstance(slow, Rejected)
    assert slow.reason.startswith("latency_ms ")
    assert slow.excess["latency_ms"] > 1
    fast = build_candidate(base, {}, Limits(latency_ms=1e6))
    assert isinstance(fast, Candidate)
    assert fast.latency_ms
    assert fast.latency_ms > 0
