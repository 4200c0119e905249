"""Finished weights, found by study, variant and seed, checked, and copied to a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import ConfigError, WorkbenchError, nearest
from workbench.experiments.declaration import Declaration, read_study
from workbench.results import TrialResult, TrialState
from workbench.store.ledger import Ledger


@dataclass(frozen=True)
class TrainedWeights:
    """The weights of a finished trial."""

    variant: str
    """What tables call the network: a variant, or the baseline."""
    seed: int
    result: TrialResult
    path: Path
    """In the store; see `copy_weights` for a file that was checked."""


def find_weights(
    store: Path, study: str, variant: str | None = None, seed: int | None = None
) -> list[TrainedWeights]:
    """Find the weights of a study's finished trials.

    Args:
        store: The store.
        study: Name of the study; all its declarations count, the last one first.
        variant: Of this variant, or of the baseline; None for all.
        seed: Of this seed; None for all.

    Returns:
        The weights, in the order of the variants and seeds; at least one.

    Raises:
        ConfigError: For an unknown study, variant or seed, with the nearest valid one.
        WorkbenchError: If no such trial is finished, or it ended without weights, with the reason.
        StoreError: If a record cannot be read.
    """
    declarations = read_study(store, study).declarations[::-1]
    _check_known(study, declarations, variant, seed)
    ledger, found = Ledger(store), dict[tuple[str, int], TrainedWeights]()
    failures: list[str] = []
    for declared in declarations:
        for name, keys in declared.keys.items():
            for number, key in zip(declared.seeds, keys, strict=False):
                wanted = variant in (None, name) and seed in (None, number)
                if not wanted or (name, number) in found:
                    continue
                result = ledger.result(key)
                if result is None:
                    continue
                if result.state is TrialState.COMPLETE:
                    path = ledger.paths.weights(result.training_key)
                    found[name, number] = TrainedWeights(name, number, result, path)
                else:
                    failures.append(f"{name} seed {number}: {result.state} ({result.reason})")
    if not found:
        raise WorkbenchError(f"study {study!r}: {_why_none(variant, seed, failures)}")
    return list(found.values())


def _why_none(variant: str | None, seed: int | None, failures: Sequence[str]) -> str:
    """Say why a study has no such weights."""
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
        out: `.safetensors` for our format, `.pth` for a state dict under the published names.
        replace: Whether a file that is there and holds something else may be replaced.

    Raises:
        ConfigError: If `out` ends in something else.
        CheckpointError: If the weights are gone, or are not those that were scored; or if another
            file is there.
        StoreError: If the file cannot be written.
    """
    # torch
    from workbench.experiments.scored_weights import scored_network
    from workbench.models.conversion import convert_file

    check_target(out)
    scored_network(weights.result, Ledger(store))
    convert_file(weights.path, out, replace=replace)


def check_target(out: Path) -> None:
    """Refuse a file name that says no format of weights.

    Raises:
        ConfigError: Naming the formats.
    """
    if out.suffix not in (".safetensors", ".pth"):
        raise ConfigError(f"--out must end in .safetensors or .pth, got {out.name!r}")


def _check_known(
    study: str, declarations: Sequence[Declaration], variant: str | None, seed: int | None
) -> None:
    names = dict.fromkeys(name for declared in declarations for name in declared.keys)
    if variant is not None and variant not in names:
        raise ConfigError(f"study {study!r} has no variant {variant!r}; {nearest(variant, names)}")
    seeds = dict.fromkeys(number for declared in declarations for number in declared.seeds)
    if seed is not None and seed not in seeds:
        listed = ", ".join(map(str, seeds))
        raise ConfigError(f"study {study!r} has no seed {seed}; valid: {listed}")
