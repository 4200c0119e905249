"""Finished weights, found by study, variant and seed, checked, and copied to a file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.errors import ConfigError, WorkbenchError, nearest
from workbench.experiments.declaration import read_study
from workbench.results import TrialResult, TrialState
from workbench.store.ledger import Ledger
from workbench.store.store import Store


@dataclass(frozen=True)
class TrainedWeights:
    """The weights of a finished trial."""

    variant: str
    """What tables call the network: a variant, the baseline, or a network of a search (`t0004`)."""
    seed: int
    result: TrialResult
    path: Path
    """In the store; see `copy_weights` for a file that was checked."""


@dataclass(frozen=True)
class _Trial:
    """A trial of a study or a search."""

    variant: str
    seed: int
    result: Callable[[], TrialResult | None]
    """Reads its record; None if it is not finished."""


def find_weights(
    store: Path, study: str, variant: str | None = None, seed: int | None = None
) -> list[TrainedWeights]:
    """Find the weights of finished trials of a study or a search.

    Args:
        store: The store.
        study: Name of the study, or of a search. Of a study, all declarations count, the last one
            first.
        variant: Of this variant, of the baseline, or of this network of a search; None for all.
        seed: Of this seed; None for all.

    Returns:
        The weights, in the order of the variants and seeds; at least one.

    Raises:
        ConfigError: For an unknown study, variant or seed, with the nearest valid one.
        WorkbenchError: If no such trial is finished, or it ended without weights, with the reason.
        StoreError: If a record cannot be read.
    """
    names, paths = Store(store), Ledger(store).paths
    is_search = study not in names.study_names() and study in names.search_names()
    what = f"search {study!r}" if is_search else f"study {study!r}"
    trials = list(_of_search(store, study) if is_search else _of_study(store, study))
    _check_known(what, trials, variant, seed)
    found: dict[tuple[str, int], TrainedWeights] = {}
    failures: list[str] = []
    for trial in trials:
        wanted = variant in (None, trial.variant) and seed in (None, trial.seed)
        if not wanted or (trial.variant, trial.seed) in found:
            continue
        result = trial.result()
        if result is None:
            continue
        if result.state is TrialState.COMPLETE:
            path = paths.weights(result.training_key)
            weights = TrainedWeights(trial.variant, trial.seed, result, path)
            found[trial.variant, trial.seed] = weights
        else:
            failures.append(f"{trial.variant} seed {trial.seed}: {result.state} ({result.reason})")
    if not found:
        raise WorkbenchError(f"{what}: {_why_none(variant, seed, failures)}")
    return list(found.values())


def _of_study(store: Path, name: str) -> Iterator[_Trial]:
    """Yield the trials of a study's declarations, those of the last one first."""
    ledger = Ledger(store)
    for declared in read_study(store, name).declarations[::-1]:
        for variant, keys in declared.keys.items():
            for seed, key in zip(declared.seeds, keys, strict=False):
                yield _Trial(variant, seed, partial(ledger.result, key))


def _of_search(store: Path, name: str) -> Iterator[_Trial]:
    """Yield the trials of a search whose networks were trained to the end."""
    from workbench.experiments.stored_search import stored_search  # loads numpy

    for network, results in stored_search(name, store).results.items():
        for result in results:
            yield _Trial(network, result.config.seed, partial(_known, result))


def _known(result: TrialResult) -> TrialResult:
    return result


def _why_none(variant: str | None, seed: int | None, failures: Sequence[str]) -> str:
    """Say why there are no such weights."""
    if failures:
        return f"no weights: {'; '.join(dict.fromkeys(failures))}"
    of_variant = f" of {variant}" if variant else ""
    of_seed = f" with seed {seed}" if seed is not None else ""
    return f"no trial{of_variant}{of_seed} is finished; rerun the study's command to finish it"


def copy_weights(weights: TrainedWeights, store: Path, out: Path, *, replace: bool = False) -> None:
    """Write the weights of a trial to a file, after checking that they are those that were scored.

    Weights that are damaged or missing in the store are made again from the trial's last checkpoint
    if that is still there.

    Args:
        weights: From `find_weights`.
        store: The store.
        out: `.safetensors` for our format, `.pth` for a state dict under the published names,
            or under those of a class of the user's own.
        replace: Whether a file that is there and holds something else may be replaced.

    Raises:
        ConfigError: If `out` ends in something else.
        CheckpointError: If the weights are gone, or are not those that were scored; or if another
            file is there.
        StoreError: If the file cannot be written.
    """
    # torch
    from workbench.experiments.scored_weights import scored_network
    from workbench.models.conversion import convert_file, write_own
    from workbench.models.own_module import OwnNetwork

    check_target(out)
    network = scored_network(weights.result, Ledger(store))
    if isinstance(network, OwnNetwork):
        write_own(network, out, replace=replace)
    else:
        convert_file(weights.path, out, replace=replace)


def check_target(out: Path) -> None:
    """Refuse a file name that says no format of weights.

    Raises:
        ConfigError: Naming the formats.
    """
    if out.suffix not in (".safetensors", ".pth"):
        raise ConfigError(f"--out must end in .safetensors or .pth, got {out.name!r}")


def _check_known(
    what: str, trials: Sequence[_Trial], variant: str | None, seed: int | None
) -> None:
    names = dict.fromkeys(trial.variant for trial in trials)
    if variant is not None and variant not in names:
        raise ConfigError(f"{what} has no variant {variant!r}; {nearest(variant, names)}")
    seeds = dict.fromkeys(trial.seed for trial in trials)
    if seed is not None and seed not in seeds:
        listed = ", ".join(map(str, seeds))
        raise ConfigError(f"{what} has no seed {seed}; valid: {listed}")
