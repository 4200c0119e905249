"""Searches become tables, and a study's networks keep their names."""

from pathlib import Path

import pytest

from tests.builders.curves import declare
from tests.builders.ranking import ranked
from tests.builders.searches import SPACE, Fake, run, settings
from workbench.errors import ConfigError, WorkbenchError
from workbench.experiments import table_sources
from workbench.experiments.table_sources import stored_table
from workbench.search.state import BASELINE, SearchState
from workbench.spaces.space import SpaceFile
from workbench.store.store import Store
from workbench.tables.files import write_table

NETWORKS = SPACE.model_copy(
    update={
        "dimensions": {
            key: one for key, one in SPACE.dimensions.items() if key.startswith("model.")
        }
    }
)


def store_search(
    store: Path, monkeypatch: pytest.MonkeyPatch, space: SpaceFile, trials: int
) -> SearchState:
    """Let a store have a search `s` with these trials, whose images need not be there."""
    state = run(settings(space=space), trials, Fake())
    configs = {one.name: state.config(one) for one in state.trained}
    state.results = {
        name: [
            one.model_copy(update={"config": configs[name], "key": f"{name} 1"}) for one in found
        ]
        for name, found in state.results.items()
    }
    file = Store(store).search("s")
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setattr(table_sources, "stored_search", lambda _name, _store: state)
    return state


def test_a_search_is_a_table_with_its_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = store_search(tmp_path, monkeypatch, NETWORKS, 5)
    found = stored_table(["s"], tmp_path, "bench")
    assert (found.space, found.space_name, found.studies) == (NETWORKS, "mine", ("s",))
    assert list(found.arms) == list(state.results)
    assert found.name_of(next(iter(found.networks))) == BASELINE


def test_a_search_of_recipes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store_search(tmp_path, monkeypatch, SPACE, 5)
    found = stored_table(["s"], tmp_path, "bench")
    with pytest.raises(ConfigError, match=r"recipes of t0000 and t\d+ differ \(ema_decay"):
        write_table(found, tmp_path / "bench")


def test_a_search_without_a_finished_trial_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_search(tmp_path, monkeypatch, NETWORKS, 1).results.clear()
    with pytest.raises(WorkbenchError, match="'s' has no finished trial yet"):
        stored_table(["s"], tmp_path, "bench")


def test_a_network_with_two_names_is_there_once(tmp_path: Path) -> None:
    arms = ranked("x", [0.0, 0.1])
    declare(tmp_path, "x", {**arms, "again": arms["v01"]})
    found = stored_table(["x"], tmp_path, "bench")
    assert list(found.arms) == ["v00", "v01"]
    assert len(found.results) == 4
