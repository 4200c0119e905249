"""A store that 0.1.0 has written opens, and its trials are not trained again.

`trial-0.1.0.json` is the record of `pinned_trial` as 0.1.0 wrote it.
"""

import re
from pathlib import Path

import pytest

from tests.pinned.measure import pinned_trial
from workbench.config.trial import TrialConfig
from workbench.store import notice
from workbench.store.ledger import Ledger
from workbench.store.store import Store
from workbench.store.versions import SOURCE_HASH_0_1
from workbench.system.digests import unseal_json
from workbench.trial.run import run_trial

RECORD = Path(__file__).parent / "trial-0.1.0.json"


@pytest.fixture
def trial(tmp_path: Path) -> TrialConfig:
    return pinned_trial(tmp_path)


def put(content: bytes, folder: Path) -> Path:
    found = re.search(rb'"key": "(\w+)"', content)
    assert found is not None
    path = Store(folder).trial_result(found[1].decode())
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def refuse(done: int, total: int, what: str) -> None:
    raise InterruptedError(f"{what}: trained again")


def test_a_trial_of_version_1_keeps_its_key_and_is_not_trained_again(
    trial: TrialConfig, tmp_path: Path
) -> None:
    path = put(RECORD.read_bytes(), tmp_path / "store")
    result = run_trial(trial, store=tmp_path / "store", progress=refuse)
    assert result.key == path.parent.name
    assert result.environment.code_hash == SOURCE_HASH_0_1
    assert list(Ledger(tmp_path / "store").results()) == [result]


def test_a_trial_of_other_source_code_is_kept_and_trained_again(
    trial: TrialConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other source code gave other keys.
    content = unseal_json(RECORD.read_bytes()).replace(SOURCE_HASH_0_1.encode(), b"c0de" * 8)
    content = re.sub(rb'"key": "\w+"', b'"key": "' + b"0" * 32 + b'"', content)
    put(content, tmp_path / "store")
    with pytest.raises(InterruptedError, match="trained again"):
        run_trial(trial, store=tmp_path / "store", progress=refuse)
    said: list[str] = []
    monkeypatch.setattr(notice, "say", said.append)
    put(RECORD.read_bytes(), tmp_path / "store")
    notice.say_how_trials_count(tmp_path / "store")
    notice.say_how_trials_count(tmp_path / "store")
    assert said == [
        f"{tmp_path / 'store'}: 1 trial of version 0.1.0: counted as results version 1; 1 trial "
        "of other source code than version 0.1.0: kept, shown by reports, and trained again when "
        "requested"
    ]
    assert len(list(Ledger(tmp_path / "store").results())) == 2
