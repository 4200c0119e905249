"""Searches whose records are stored: every proposal and decision stays what it was."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders.search_runs import (
    PSNR,
    Arrivals,
    asynchronous_search_with_failures,
    asynchronous_settings,
    of_population,
    run_asynchronously,
    search_with_failures,
)
from tests.builders.searches import SPACE, Failing, Fake, run, settings, with_rungs
from workbench.search.proposals import PriorObservation
from workbench.search.record import SearchRecord
from workbench.search.record_file import find_record, start_record
from workbench.spaces.space import SpaceFile

GOLDEN = Path(__file__).parent / "golden"
TWO = ("psnr_rgb_db", "parameters")


def countable() -> SpaceFile:
    kept = {k: v for k, v in SPACE.dimensions.items() if k != "training.ema_decay"}
    return with_rungs(SPACE.model_copy(update={"dimensions": kept}))


def warm_started() -> SearchRecord:
    wanted = settings()
    teacher = run(wanted, 14, Fake())
    values = teacher.values(PSNR)
    known = tuple(
        PriorObservation(params=p.params, distributions=p.distributions, values=values[p.name])
        for p in teacher.trained
        if p.params
    )
    return run(wanted, 9, Fake(), SearchRecord(name="s", settings=wanted, prior=known)).record


def retried() -> SearchRecord:
    wanted = settings(space=with_rungs())
    record, fake, _ = search_with_failures(wanted)
    return run(wanted, 13, fake, record, retry=True).record


def retried_asynchronously() -> SearchRecord:
    fake = Fake()
    record, _ = asynchronous_search_with_failures(fake)
    arrivals = Arrivals(fake, "first come")
    return run_asynchronously(asynchronous_settings(), 9, arrivals, record, retry=True).record


def population_with_failures() -> SearchRecord:
    names = [p.name for p in run(of_population(), 7, Fake()).trained]
    fake = Failing({names[1]: "diverged", names[2]: "lost"})
    wanted = of_population(keep=0.75)
    first = run(wanted, 13, fake)
    fake.how = {names[1]: "diverged"}
    return run(wanted, 13, fake, first.record, retry=True).record


def asynchronous(trials: int, order: str, **changes: object) -> SearchRecord:
    wanted = asynchronous_settings(**changes)
    return run_asynchronously(wanted, trials, Arrivals(Fake(), order)).record


SEARCHES: dict[str, Callable[[], SearchRecord]] = {
    "halving-tpe": lambda: run(settings(space=with_rungs()), 15, Fake()).record,
    "halving-nsga2-two": lambda: (
        run(settings(space=with_rungs(), sampler="nsga2", objectives=TWO), 24, Fake()).record
    ),
    "random": lambda: run(settings(sampler="random"), 12, Fake()).record,
    "grid": lambda: run(settings(sampler="grid", space=countable()), 14, Fake()).record,
    "tpe-two-seeds": lambda: run(settings(trial_seeds=(1, 2)), 9, Fake()).record,
    "pbt": lambda: run(of_population(batch=4), 15, Fake()).record,
    "pbt-failing": population_with_failures,
    "asha-one": lambda: asynchronous(12, "first come", batch=1),
    "asha-last-come": lambda: asynchronous(17, "last come"),
    "asha-nsga2-two": lambda: asynchronous(24, "at random", sampler="nsga2", objectives=TWO),
    "warm": warm_started,
    "retry": retried,
    "retry-asha": retried_asynchronously,
}


def rounded(value: Any) -> Any:
    """Leave out what the sampler keeps of ranges, and what differs between processors."""
    match value:
        case dict():
            return {key: rounded(inner) for key, inner in value.items() if key != "distributions"}
        case list() | tuple():
            return [rounded(inner) for inner in value]
        case float():
            return float(f"{value:.9g}")
        case _:
            return value


def test_every_stored_search_is_run() -> None:
    assert {path.stem for path in GOLDEN.glob("*.jsonl")} == set(SEARCHES)


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_proposes_and_decides_as_it_always_did(name: str) -> None:
    stored = [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text().splitlines()]
    found = [line.model_dump(mode="json", by_alias=True) for line in SEARCHES[name]().events]
    assert rounded(found) == rounded(stored)


def test_a_file_keeps_the_names_of_its_first_version(tmp_path: Path) -> None:
    record = run(of_population(batch=4), 9, Fake()).record
    start_record(record, tmp_path)
    text = (tmp_path / "searches" / "s.jsonl").read_text()
    head, *lines = (json.loads(line) for line in text.splitlines())
    assert list(head) == ["sha256", "name", "settings", "known", "images"]
    stage = next(line for line in lines if line["kind"] == "stage")
    assert " ".join(stage) == "sha256 kind batch rung values ended goes_on born"
    assert {line["kind"] for line in lines} == {"batch", "stage"}
    assert find_record(tmp_path, "s") == record
