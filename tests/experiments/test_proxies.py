"""Proxies of finished trials: which are computed, on which crops, and what is refused."""

from pathlib import Path

import pytest

from tests.builders.comparisons import scored
from workbench.config.data import ImageSource
from workbench.config.evidence import Pretrained
from workbench.config.overrides import apply_overrides
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, DataError
from workbench.experiments.proxies import measure_proxies, proxy_images
from workbench.proxies.kinds import PROXIES
from workbench.results import TrialResult
from workbench.store.keys import model_hash
from workbench.system.events import Progressed

MEASURED = {name for name, one in PROXIES.items() if one.needs != "cost"}


def trial(config: TrialConfig, **overrides: object) -> TrialResult:
    made = scored("a", config.seed, {"Set5": [30.0, 31.0]})
    changed = apply_overrides(config, {key.replace("__", "."): v for key, v in overrides.items()})
    return made.model_copy(update={"config": changed})


def test_each_network_and_seed_is_computed_once(tiny_trial: TrialConfig) -> None:
    wide = trial(tiny_trial, model__channels=12)
    trials = [trial(tiny_trial), trial(tiny_trial), wide, trial(tiny_trial, seed=7)]
    events: list[object] = []
    found = measure_proxies(trials, emit=events.append)
    done = {(one.network, one.seed) for one in found}
    assert done == {(model_hash(one.config.model), one.config.seed) for one in trials}
    assert len(found) == 3 * len(MEASURED)
    assert {one.proxy for one in found} == MEASURED
    counts = [(one.done, one.total) for one in events if isinstance(one, Progressed)]
    assert counts == [(1, 3), (2, 3), (3, 3)]
    # What is known stays as it is, and only the rest is computed.
    known = tuple(one.model_copy(update={"value": 5.0}) for one in found if one.seed != 7)
    again = measure_proxies(trials, known=known)
    assert again[: len(known)] == known
    values = [{one.proxy: one.value for one in some if one.seed == 7} for some in (found, again)]
    assert values[0] == values[1]


def test_crops_may_be_of_other_images(tiny_trial: TrialConfig, tmp_path: Path) -> None:
    gone = ImageSource(name="gone", folder=str(tmp_path / "gone"))
    data = tiny_trial.data.model_copy(update={"training": (gone,)})
    lost = trial(tiny_trial.model_copy(update={"data": data}))
    with pytest.raises(DataError, match=r"the crops that proxies need: .*gone.*; --data FOLDER"):
        measure_proxies([lost])
    images = proxy_images(["photos=" + tiny_trial.data.training[0].folder])
    found = {one.proxy: one for one in measure_proxies([lost], images=images)}
    assert found["snip"].value is not None
    assert found["snip"].batch == "2 crops of 60 px from photos"
    with pytest.raises(DataError, match=r"the crops that proxies need: .*none") as error:
        measure_proxies([lost], images=proxy_images([str(tmp_path / "none")]))
    assert "--data FOLDER" not in str(error.value)


def test_trained_weights_have_no_proxies_of_initial_weights(tiny_trial: TrialConfig) -> None:
    healed = tiny_trial.model_copy(update={"pretrained": Pretrained(hash="a" * 64, heal=True)})
    both = measure_proxies([trial(tiny_trial), trial(healed, seed=9)])
    assert {one.seed for one in both} == {tiny_trial.seed}
    with pytest.raises(ConfigError, match="no finished trial was trained from scratch"):
        measure_proxies([trial(healed)])
