"""Proxies of the networks of finished trials: what `--proxies` computes. PyTorch when it does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.config.data import EMBEDDED_TRAINING, ImageSource
from workbench.config.trial import TrialConfig
from workbench.errors import ConfigError, DataError
from workbench.experiments.trial_spec import image_source
from workbench.proxies.kinds import ProxyValue
from workbench.results import TrialResult
from workbench.store.keys import model_hash
from workbench.system.events import Emit, counting, ignore

if TYPE_CHECKING:
    from workbench.proxies.batch import ProxyBatch


@dataclass(frozen=True)
class ProxySpec:
    """That proxies are computed, and on which images."""

    data: Sequence[str] = ()
    """Images that the crops are from, each `FOLDER` or `NAME=FOLDER`; none for the training images
    of the trials."""


EMBEDDED = (ImageSource(name="embedded", folder=EMBEDDED_TRAINING),)
"""Images for trials of tables, whose own images are elsewhere."""


def proxy_images(data: Sequence[str]) -> tuple[ImageSource, ...]:
    """Return the images that the user wants crops from in place of the training images.

    Args:
        data: Each `FOLDER` or `NAME=FOLDER`.

    Raises:
        ConfigError: For one that is neither.
    """
    return tuple(image_source(text, "--data") for text in data)


def measure_proxies(
    trials: Iterable[TrialResult],
    *,
    store: Path | None = None,
    images: Sequence[ImageSource] = (),
    known: Sequence[ProxyValue] = (),
    emit: Emit = ignore,
) -> tuple[ProxyValue, ...]:
    """Compute the proxies of the initial weights of trials. Nothing is trained or written.

    Args:
        trials: Finished; those of one network and seed are one.
        store: Holds the source of networks of one's own; None where they can be imported.
        images: Crops are from these; none for the training images of each trial.
        known: Values that exist, which are not computed again.
        emit: Gets the networks that are done.

    Returns:
        The known values and the new ones.

    Raises:
        ConfigError: If no trial has initial weights that a seed draws, or known values are of
            other crops.
        DataError: If the images cannot be used.
    """
    configs = _from_scratch(trials)
    done = {(one.network, one.seed) for one in known}
    waiting = [config for of, config in configs.items() if of not in done]
    found = list(known)
    batches: dict[object, ProxyBatch] = {}
    with counting(emit, "computing proxies") as advance:
        for number, config in enumerate(waiting, start=1):
            batch = _batch(config, images, batches)
            found += _measured(config, batch, store)
            advance(number, len(waiting), f"seed {config.seed}")
    _check_crops(found)
    return tuple(found)


def _check_crops(proxies: Iterable[ProxyValue]) -> None:
    """Refuse values of different crops: they do not rank networks together.

    Raises:
        ConfigError: Naming two of them.
    """
    crops = sorted({one.batch for one in proxies if one.batch})
    if len(crops) > 1:
        raise ConfigError(
            f"proxies of some networks are of {crops[0]}, and of others of {crops[1]}; --data "
            "FOLDER computes all of them on the same images"
        )


def _from_scratch(trials: Iterable[TrialResult]) -> dict[tuple[str, int], TrialConfig]:
    """Return the configs of trials that begin with weights that a seed draws, by network and seed.

    Raises:
        ConfigError: If there is none.
    """
    found: dict[tuple[str, int], TrialConfig] = {}
    for trial in trials:
        if trial.config.pretrained is None:
            found.setdefault((model_hash(trial.config.model), trial.config.seed), trial.config)
    if not found:
        raise ConfigError(
            "proxies are computed from initial weights, and no finished trial was trained from "
            "scratch"
        )
    return found


def _batch(
    config: TrialConfig, images: Sequence[ImageSource], read: dict[object, "ProxyBatch"]
) -> "ProxyBatch":
    """Return the first crops of a trial, which trials of one seed and recipe share."""
    from workbench.proxies.batch import first_batch

    key = (config.seed, config.model.scale, config.training.stages[0], config.data)
    if key not in read:
        try:
            read[key] = first_batch(config, images)
        except DataError as error:
            hint = "" if images else "; --data FOLDER takes the crops from other images"
            raise DataError(f"the crops that proxies need: {error}{hint}") from None
    return read[key]


def _measured(
    config: TrialConfig, batch: "ProxyBatch", store: Path | None
) -> tuple[ProxyValue, ...]:
    from workbench.proxies.measuring import measure
    from workbench.store.sources import load_sources

    if store is not None:
        load_sources(config.model, store)
    return measure(config, batch)
