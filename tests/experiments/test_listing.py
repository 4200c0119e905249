"""Searches in the listing of a store: how far they are and what is best."""

from pathlib import Path

import pytest

from tests.builders.searches import Fake, run, settings
from workbench.errors import DataError
from workbench.experiments.listing import best_text, list_search
from workbench.search.record_file import start_record
from workbench.search.state import SearchState


@pytest.fixture
def state(tmp_path: Path) -> SearchState:
    """Return a search that the store holds, with made-up results."""
    found = run(settings(), 4, Fake())
    start_record(found.record.model_copy(update={"name": "sizes"}), tmp_path)
    return found


def test_the_best_network_of_a_search_is_listed(
    state: SearchState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.experiments.listing.stored_search", lambda *_: state)
    found = list_search(tmp_path, "sizes")
    assert (found.trials, found.scored) == (len(state.trained), len(state.results))
    ((name, values),) = found.best.items()
    scores = {n: results[0].scores[0].mean().psnr_rgb_db for n, results in state.results.items()}
    assert scores[name] == max(scores.values()) == next(iter(values.values()))
    assert best_text(found) == f"best {name}: {scores[name]:.3f} dB"
    assert found.to_dict()["best"] == {name: dict(values)}


def test_a_search_without_its_images_is_listed_by_its_record(
    state: SearchState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_images(name: str, store: Path) -> SearchState:
        raise DataError(f"{store}: the images of {name} are gone")

    monkeypatch.setattr("workbench.experiments.listing.stored_search", no_images)
    found = list_search(tmp_path, "sizes")
    assert (found.name, found.trials) == ("sizes", len(state.trained))
    assert (found.scored, found.best, best_text(found)) == (0, {}, "")
