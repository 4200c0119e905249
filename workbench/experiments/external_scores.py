"""Scores of external checkpoints that were recorded under a study's name. No torch, no mlflow.

Below a store: `given/<study>.<key>.json`. MLflow shows them, and can be rebuilt from here.
"""

from collections.abc import Iterator
from pathlib import Path

from workbench.config.base import Frozen
from workbench.errors import ConfigError
from workbench.results import WeightsRecord
from workbench.store.store import Store
from workbench.system.digests import DamagedError, say_damaged, seal_json, unseal_json
from workbench.system.files import write_atomically
from workbench.system.strict_json import loads
from workbench.tracking.tracker import TrialLabel


class ExternalScores(Frozen):
    """One network that was scored, not trained here."""

    study: str
    name: str
    """What MLflow's run is called."""
    key: str
    """Hash of the weights and of what they were scored on."""
    record: WeightsRecord

    @property
    def label(self) -> TrialLabel:
        """How a tracker knows it."""
        return TrialLabel(self.study, self.name, None, self.key)


def keep_external_scores(scores: ExternalScores, store: Path) -> None:
    """Record a network's scores; the first scores of the same weights and images are kept.

    Raises:
        ConfigError: If the file that is there cannot be used.
        StoreError: If the store cannot be written.
    """
    path = Store(store).external_scores(scores.study, scores.key)
    if _kept(path) is None:
        write_atomically(path, seal_json(scores.plain()), store=store)


def read_external_scores(store: Path) -> Iterator[ExternalScores]:
    """Yield what was recorded, by study and key; damaged files are named and left out.

    Raises:
        ConfigError: If a file is of another version, or a score in it cannot be.
    """
    for path in Store(store).all_external_scores():
        found = _kept(path)
        if found is not None:
            yield found


def _kept(path: Path) -> ExternalScores | None:
    """Return what a file holds, None if it is not there or damaged, which is said.

    Raises:
        ConfigError: If it is of another version, or a score in it cannot be.
    """
    unusable = f"{path}: no scores of this version; move it away and evaluate the weights again"
    try:
        return ExternalScores.parse(loads(unseal_json(path.read_bytes())), where=unusable)
    except FileNotFoundError:
        return None
    except DamagedError as damage:
        say_damaged(path, damage)
        return None
    except ValueError as error:  # no JSON
        raise ConfigError(f"{unusable} ({' '.join(str(error).split())})") from None
