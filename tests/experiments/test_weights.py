"""Weights of a search's networks are found by their names in the search's tables."""

from pathlib import Path

import pytest

from tests.builders.searches import Fake, run, settings
from workbench.errors import ConfigError
from workbench.experiments.weights import find_weights
from workbench.search.record_file import start_record
from workbench.search.state import SearchState
from workbench.store.ledger import Ledger


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SearchState:
    """Return a search that the store holds, with made-up results."""
    found = run(settings(), 2, Fake())
    start_record(found.record.model_copy(update={"name": "sizes"}), tmp_path)
    monkeypatch.setattr("workbench.experiments.stored_search.stored_search", lambda *_: found)
    return found


def test_networks_of_a_search_have_weights(state: SearchState, tmp_path: Path) -> None:
    found = find_weights(tmp_path, "sizes")
    assert [(one.variant, one.seed) for one in found] == [
        (name, result.config.seed) for name, results in state.results.items() for result in results
    ]
    name, results = list(state.results.items())[-1]
    (one,) = find_weights(tmp_path, "sizes", name, results[0].config.seed)
    assert one.result == results[0]
    assert one.path == Ledger(tmp_path).paths.weights(results[0].training_key)


def test_an_unknown_network_of_a_search_is_named(state: SearchState, tmp_path: Path) -> None:
    assert "t9999" not in state.results
    with pytest.raises(ConfigError, match="search 'sizes' has no variant 't9999'; valid: t0000, "):
        find_weights(tmp_path, "sizes", "t9999")
