"""What all trials of a table have in common: without it their scores say nothing side by side."""

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.errors import ConfigError
from workbench.results import TrialResult
from workbench.store.keys import model_hash
from workbench.tables.table import TrialTable


def check_table(table: TrialTable) -> None:
    """Refuse trials that do not belong into one table.

    Raises:
        ConfigError: If there is none, or two differ in recipe, scale, images, evidence or results
            version, or are of one network and seed.
    """
    if not table.results:
        raise ConfigError(f"table {table.name!r}: there is no finished trial to write")
    first = table.results[0]
    for result in table.results[1:]:
        _check_pair(table, first, result)
    _check_scores(table)
    seen: dict[tuple[str, int], str] = {}
    for result in table.results:
        network, seed = model_hash(result.config.model), result.config.seed
        if seen.setdefault((network, seed), result.key) != result.key:
            raise ConfigError(
                f"table {table.name!r}: {table.name_of(network)}, seed {seed}, is there twice, as "
                f"trials {seen[network, seed]} and {result.key}; a table has one trial for each "
                "network and seed"
            )


def check_images(ours: Mapping[str, str], others: Mapping[str, str], where: str) -> None:
    """Refuse sets of images that have one name and different content.

    Args:
        ours: Content hashes by use and name.
        others: Likewise; a set that only one of them has is not compared.
        where: What an error begins with.

    Raises:
        ConfigError: Naming the set.
    """
    for name in ours:
        if others.get(name, ours[name]) != ours[name]:
            raise ConfigError(
                f"{where}: its {name} images have another content; a table holds trials on the "
                "same images"
            )


def _check_pair(table: TrialTable, one: TrialResult, other: TrialResult) -> None:
    ours, theirs = dict(_common(one)), dict(_common(other))
    for what, value in ours.items():
        if theirs[what] != value:
            names = " and ".join(_named(table, result) for result in (one, other))
            difference = _difference(value, theirs[what])
            raise ConfigError(
                f"table {table.name!r}: {what} of {names} differ ({difference}); a table holds "
                "trials of one recipe on the same images"
            )


def _common(result: TrialResult) -> Iterator[tuple[str, Any]]:
    """Yield what must be equal: its name in the plural, and the value."""
    config = result.config
    yield "scales", config.model.scale
    yield "recipes", config.training.canonical()
    yield "kinds of evidence", config.evidence
    yield "initial weights", config.pretrained and config.pretrained.hash
    yield "training images", [source.name for source in config.data.training]
    yield "validation images", config.data.validation.name
    yield "benchmarks", [source.name for source in config.evaluation.benchmarks]
    yield "tiles", (config.evaluation.tile_lr_px, config.evaluation.tile_overlap_lr_px)
    yield "results versions", result.environment.results_version


def _check_scores(table: TrialTable) -> None:
    known: dict[str, tuple[TrialResult, object]] = {}
    for result in table.results:
        for scores in result.scores:
            images = tuple(image.name for image in scores.images)
            first, how = known.setdefault(scores.dataset, (result, (scores.protocol, images)))
            if how != (scores.protocol, images):
                raise ConfigError(
                    f"table {table.name!r}: {_named(table, first)} and {_named(table, result)} "
                    f"were scored on {scores.dataset} in different ways or on other images"
                )


def _named(table: TrialTable, result: TrialResult) -> str:
    return table.name_of(model_hash(result.config.model))


def _difference(one: object, other: object) -> str:
    """Return the first part in which two values differ: `learning_rate 0.002, 0.001`."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in one:
            if one[key] != other.get(key):
                return _inside(str(key), one[key], other.get(key))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pair = next(((a, b) for a, b in zip(one, other, strict=True) if a != b), (one, other))
        return _difference(*pair) if pair != (one, other) else f"{one}, {other}"
    return f"{one}, {other}"


def _inside(key: str, one: object, other: object) -> str:
    deeper = isinstance(one, Mapping | list) and isinstance(other, type(one))
    return f"{key}: {_difference(one, other)}" if deeper else f"{key} {one}, {other}"
