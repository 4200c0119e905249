"""Which network of a table is meant."""

from dataclasses import replace

import pytest

from tests.builders.tables import small_table
from workbench.config.overrides import apply_overrides
from workbench.config.presets import PRESETS
from workbench.errors import ConfigError
from workbench.store.keys import model_hash
from workbench.tables.query import find_network

TABLE = small_table(12, seeds=(1,))
THIRD = TABLE.results[2].config


@pytest.mark.parametrize(
    "wanted", ["v02", THIRD, THIRD.model, THIRD.model.plain(), model_hash(THIRD.model)[:8]]
)
def test_a_network_is_found_by_name_config_and_hash(wanted: object) -> None:
    assert find_network(TABLE, wanted) == model_hash(THIRD.model)


def test_a_network_is_found_by_the_name_of_a_preset() -> None:
    tiny = TABLE.results[0].model_copy(
        update={"config": TABLE.results[0].config.model_copy(update={"model": PRESETS["tiny"]})}
    )
    assert find_network(replace(TABLE, results=(tiny,)), "tiny") == model_hash(PRESETS["tiny"])


def test_unknown_networks_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"has no network 'v0'; did you mean 'v\d\d'\?"):
        find_network(TABLE, "v0")
    with pytest.raises(ConfigError, match=r"its 12 networks are v00, v01, .*, v07, \.\.\.$"):
        find_network(TABLE, "something else")
    with pytest.raises(ConfigError, match=r"has no trial of the preset 'bsrn'; its 12 networks"):
        find_network(TABLE, "bsrn")
    other = apply_overrides(THIRD, {"model.channels": 30})
    with pytest.raises(ConfigError, match=r"nearest in its config: 'v00' \(channels 8\)"):
        find_network(TABLE, other)
    with pytest.raises(ConfigError, match="by its config or by a name, got int"):
        find_network(TABLE, 3)
    with pytest.raises(ConfigError, match="chanels: unknown key; did you mean 'channels'"):
        find_network(TABLE, {"chanels": 3})
