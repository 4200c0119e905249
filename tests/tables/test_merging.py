"""Two tables as one: equal trials once, and other recipes, images or scales refused."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.builders.tables import small_table
from workbench.config.evidence import Pretrained
from workbench.config.overrides import apply_overrides
from workbench.errors import ConfigError
from workbench.results import TrialResult
from workbench.spaces.files import find_space
from workbench.store.keys import model_hash
from workbench.tables.latency import NetworkLatency
from workbench.tables.merging import merged
from workbench.tables.table import TrialTable


def some(table: TrialTable, first: int, last: int) -> TrialTable:
    return replace(table, results=table.results[first:last])


def test_trials_of_both_are_kept_once() -> None:
    whole = small_table()
    found = merged(some(whole, 0, 4), some(whole, 2, 6))
    assert found == whole
    assert merged(found, whole) == whole


def test_what_a_table_states_stays_unless_it_states_nothing() -> None:
    one, other = small_table(), replace(small_table(4), name="other", studies=("second",))
    space, _ = find_space("mdrn-bench")
    other = replace(other, space=space, space_name="mdrn-bench", licence="public domain")
    found = merged(replace(one, licence="unknown"), some(other, 6, 8))
    assert (found.name, found.studies) == ("bench", ("bench", "second"))
    assert (found.space_name, found.licence) == ("mdrn-bench", "public domain")
    assert merged(found, replace(one, space_name="x", licence="")).licence == "public domain"
    assert merged(found, replace(one, space_name="x")).space_name == "mdrn-bench"


def test_a_name_stands_for_one_network() -> None:
    one, other = some(small_table(4), 0, 6), some(small_table(4), 6, 8)
    network = model_hash(other.results[0].config.model)
    named = replace(other, names={network: "v00"}, studies=("second",))
    known = {hash_: name for hash_, name in one.names.items() if hash_ != network}
    found = merged(replace(one, names=known), named)
    assert list(found.arms) == ["v00", "v01", "v02", "second/v00"]


def test_a_new_measurement_replaces_the_old_one() -> None:
    table = small_table()
    network = model_hash(table.results[0].config.model)

    def measured(device: str, median_ms: float) -> NetworkLatency:
        return NetworkLatency(
            network=network, device=device, hardware="a CPU", threads=1, lr_height_px=8,
            lr_width_px=8, rounds=1, median_ms=median_ms, lower_quartile_ms=1.0,
            upper_quartile_ms=9.0, torch="2.11.0", measured_unix_s=1e9,
        )  # fmt: skip

    before = replace(table, latencies=(measured("cpu", 2.0), measured("cuda", 3.0)))
    after = merged(before, replace(table, latencies=(measured("cpu", 4.0),)))
    assert [one.median_ms for one in after.latencies] == [4.0, 3.0]


def changed(table: TrialTable, change: Callable[[TrialResult], TrialResult]) -> TrialTable:
    """Return the last network under other keys, with a change of its trials."""
    results = tuple(
        change(one.model_copy(update={"key": f"other {one.key}"})) for one in table.results[-2:]
    )
    return replace(table, results=results)


def override(key: str, value: object) -> Callable[[TrialResult], TrialResult]:
    return lambda one: one.model_copy(update={"config": apply_overrides(one.config, {key: value})})


def pretrained(one: TrialResult) -> TrialResult:
    weights = Pretrained(hash="a" * 64, heal=True)
    return one.model_copy(update={"config": one.config.model_copy(update={"pretrained": weights})})


def other_images(one: TrialResult) -> TrialResult:
    scores = one.scores[0]
    protocol = scores.protocol.model_copy(update={"data_hash": "other"})
    return one.model_copy(update={"scores": (scores.model_copy(update={"protocol": protocol}),)})


def other_version(one: TrialResult) -> TrialResult:
    environment = one.environment.model_copy(update={"results_version": 7})
    return one.model_copy(update={"environment": environment})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            override("training.stages.0.learning_rate", 0.5),
            r"recipes of v00 and v02 differ \(stages: learning_rate 0\.\d+, 0\.5\)",
        ),
        (override("model.scale", 2), r"scales of v00 and \w+ differ \(4, 2\)"),
        (override("evaluation.tile_lr_px", 64), "tiles of v00 and v02 differ"),
        (override("data.validation.name", "others"), "validation images of v00 and v02 differ"),
        (pretrained, r"kinds of evidence of v00 and v02 differ \(retrained, healed\)"),
        (other_version, r"results versions of v00 and v02 differ \(1, 7\)"),
        (other_images, "v00 and v02 were scored on Set5 in different ways or on other images"),
        (lambda one: one, "v02, seed 1, is there twice, as trials"),
    ],
)
def test_trials_that_do_not_belong_together_are_refused(
    change: Callable[[TrialResult], TrialResult], reason: str
) -> None:
    table = small_table()
    with pytest.raises(ConfigError, match=rf"table 'bench': {reason}"):
        merged(table, changed(table, change))


def test_images_of_other_content_are_refused() -> None:
    one = replace(small_table(), images={"training X": "a", "benchmark Set5": "b"})
    other = replace(small_table(), images={"training X": "a", "benchmark Set5": "c"})
    with pytest.raises(ConfigError, match="its benchmark Set5 images have another content"):
        merged(one, other)
