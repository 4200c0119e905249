"""The ledger: the only truth about finished trials. No torch.

Optuna, Ray Tune and MLflow are views: each can be thrown away and rebuilt from here. Every file
carries a digest (`digests.py`); a damaged one is named, and treated as if it were absent.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from workbench.errors import ConfigError, StoreError
from workbench.results import TrialResult
from workbench.store.keys import TrialKey
from workbench.store.prefixes import Stage, shared_steps
from workbench.store.store import Store
from workbench.system.digests import DamagedError, say_damaged, seal_json, unseal_json
from workbench.system.files import write_atomically
from workbench.system.strict_json import loads


class Ledger:
    """Finished trials by key, and what their trainings have in common.

    `paths` has every path and lock of the store.

    Args:
        store: Folder of the store; created when something is written.
    """

    def __init__(self, store: Path) -> None:
        self.store = store.absolute()
        self.paths = Store(self.store)

    def result(self, key: str) -> TrialResult | None:
        """Return the finished trial of `key`, or None if there is none or its record is damaged.

        Raises:
            StoreError: If the record is whole and cannot be used, such as one with a score that
                no network can have.
        """
        path = self.paths.trial_result(key)
        try:
            return _parsed(path.read_bytes())
        except FileNotFoundError:
            return None
        except DamagedError as damage:
            say_damaged(path, damage)
            return None
        except (OSError, ConfigError) as error:
            reason = " ".join(str(error).split())
            raise StoreError(
                f"{path}: this record cannot be read ({reason}); "
                "move it away and the trial is evaluated again"
            ) from None

    def record(self, result: TrialResult) -> None:
        """Make a trial finished.

        Raises:
            StoreError: If the store cannot be written.
        """
        write_atomically(
            self.paths.trial_result(result.key), seal_json(result.plain()), store=self.store
        )

    def keep_stopped(self, result: TrialResult) -> None:
        """Keep what a trial had when it was stopped early; it is not finished by that.

        Raises:
            StoreError: If the store cannot be written.
        """
        write_atomically(
            self.paths.stopped_trial(result.key), seal_json(result.plain()), store=self.store
        )

    def stopped(self, key: str) -> TrialResult | None:
        """Return what a trial had when it was last stopped early, None if it never was.

        Views show it, and nothing rests on it: a file that cannot be read counts as absent.
        """
        path = self.paths.stopped_trial(key)
        try:
            return _parsed(path.read_bytes())
        except DamagedError as damage:
            say_damaged(path, damage)
            return None
        except (OSError, ValueError, ConfigError):
            return None

    def stopped_keys(self) -> list[str]:
        """Return the keys of all trials that were once stopped early."""
        return self.paths.stopped_keys()

    def results(self) -> Iterator[TrialResult]:
        """Yield every finished trial, in the order of the keys."""
        for key in self.paths.finished_keys():
            result = self.result(key)
            if result is not None:
                yield result

    def keep_prefix(self, key: TrialKey) -> None:
        """Let other trainings find this one, to resume from its checkpoint.

        Raises:
            StoreError: If the store cannot be written.
        """
        path = self.paths.prefix(key.prefix.hash, key.training)
        if _stages(path) is None:
            content = seal_json({"stages": [dict(stage) for stage in key.prefix.stages]})
            write_atomically(path, content, store=self.store)

    def compatible_runs(self, key: TrialKey) -> list[tuple[Path, list[Stage], int]]:
        """Return the trainings that share their first steps with this one, most steps first.

        Returns:
            The checkpoint, which may not be there; the stages; how many steps they share.
        """
        found = []
        for path in sorted(self.paths.prefixes(key.prefix.hash).glob("*.json")):
            stages = _stages(path)
            if stages is None:  # a damaged one saves no steps, which costs time and no result
                continue
            shared = shared_steps(key.prefix.stages, stages)
            if path.stem != key.training and shared:
                found.append((self.paths.checkpoint(path.stem), stages, shared))
        return sorted(found, key=lambda one: -one[2])


def _parsed(content: bytes) -> TrialResult:
    """Read a record straight from JSON: faster than through Python's own values.

    Raises:
        ConfigError: With one line for what is wrong.
        DamagedError: If it is no JSON, or does not match its digest.
    """
    text = unseal_json(content)
    try:
        # Not strict, as parts of a config are converted on the way and JSON has no tuples.
        return TrialResult.model_validate_json(text, strict=False)
    except ValidationError:
        return TrialResult.parse(_json(text))


def _json(text: bytes) -> object:
    """Read JSON. Numbers that are not finite are left to the check of the record, which names them.

    Raises:
        DamagedError: If it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DamagedError(" ".join(f"no JSON: {error}".split())) from None


def _stages(path: Path) -> list[Stage] | None:
    """Return the stages of a training, None if they are not kept or the file is damaged."""
    try:
        content = loads(unseal_json(path.read_bytes()))
        # Older workbenches wrote the bare list.
        stages = content["stages"] if isinstance(content, dict) else content
        return [dict(stage) for stage in stages]
    except FileNotFoundError:
        return None
    except (DamagedError, KeyError, TypeError, ValueError) as damage:
        say_damaged(path, damage if isinstance(damage, DamagedError) else "no stages")
        return None
