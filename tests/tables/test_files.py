"""Tables on disk: what is written is read back to the last bit, and damage is named."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders.own_modules import NET, write_modules
from tests.builders.tables import small_table
from workbench.config import sources
from workbench.config.network import parse_network
from workbench.errors import ConfigError, StoreError
from workbench.proxies.kinds import ProxyValue
from workbench.results import TrialState
from workbench.spaces.files import find_space
from workbench.store.keys import model_hash
from workbench.system.digests import seal_json
from workbench.tables.files import ALL_FILES, read_table, write_table
from workbench.tables.header import FILE
from workbench.tables.latency import NetworkLatency


def latency(network: str) -> NetworkLatency:
    return NetworkLatency(
        network=network,
        device="cpu",
        hardware="a CPU",
        threads=1,
        lr_height_px=128,
        lr_width_px=96,
        rounds=9,
        median_ms=12.5,
        lower_quartile_ms=12.0,
        upper_quartile_ms=13.25,
        torch="2.11.0",
        measured_unix_s=1e9,
    )


def proxy(network: str, value: float | None = 1 / 3, reason: str = "") -> ProxyValue:
    return ProxyValue(
        network=network,
        seed=1,
        proxy="snip",
        value=value,
        reason=reason,
        seconds=0.25,
        batch="4 crops of 96 px from CID22",
    )


def test_a_table_is_read_back_to_the_last_bit(tmp_path: Path) -> None:
    made = small_table()
    network = model_hash(made.results[0].config.model)
    space, _ = find_space("mdrn-bench")
    made = replace(
        made,
        space=space,
        space_name="mdrn-bench",
        images={"benchmark Set5": "beef"},
        licence="public domain",
        latencies=(latency(network),),
        proxies=(proxy(network), proxy(network, value=None, reason="the value is inf")),
    )
    written = write_table(made, tmp_path / "table")
    assert read_table(tmp_path / "table") == written == made


def test_odd_floats_and_diverged_trials_are_read_back(tmp_path: Path) -> None:
    made = small_table()
    first, second, *rest = made.results
    image = first.scores[0].images[0].model_copy(update={"psnr_rgb_db": 1 / 3})
    images = (image, *first.scores[0].images[1:])
    scores = (first.scores[0].model_copy(update={"images": images}),)
    gone = {"state": TrialState.DIVERGED, "reason": "the loss was nan at step 7", "scores": ()}
    results = (
        first.model_copy(update={"scores": scores}),
        second.model_copy(update={**gone, "curve": (), "validation_images": ()}),
        *rest,
    )
    write_table(replace(made, results=results), tmp_path)
    assert read_table(tmp_path).results == results


def test_networks_of_ones_own_are_read_where_their_code_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "code").mkdir()
    code = write_modules(tmp_path / "code")
    monkeypatch.chdir(code)
    first, *rest = small_table().results
    own = first.config.model_copy(update={"model": parse_network(NET)})
    made = replace(small_table(), results=(first.model_copy(update={"config": own}), *rest))
    names = {model_hash(one.config.model): f"n{place}" for place, one in enumerate(made.results)}
    write_table(replace(made, names=names), tmp_path / "table")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "_KNOWN", {})
    found = read_table(tmp_path / "table")
    assert found.results == made.results
    assert found.results[0].config.model.scale == 4


def test_equal_tables_give_equal_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_table(small_table(), tmp_path / folder)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "b").iterdir())
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize("name", ALL_FILES[:3])
def test_a_truncated_file_is_named(name: str, tmp_path: Path) -> None:
    write_table(small_table(), tmp_path)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[:-9])
    with pytest.raises(StoreError, match=f"{name}: damaged"):
        read_table(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(StoreError, match=f"{name}: missing"):
        read_table(tmp_path)


def test_a_damaged_header_is_named(tmp_path: Path) -> None:
    write_table(small_table(), tmp_path)
    header = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(header.replace(b'"bench"', b'"bunch"'))
    with pytest.raises(StoreError, match=r"table\.json: damaged .*SHA-256"):
        read_table(tmp_path)
    (tmp_path / FILE).write_bytes(b"")
    with pytest.raises(StoreError, match=r"table\.json: damaged"):
        read_table(tmp_path)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(seal_json({"format": 2}))
    with pytest.raises(StoreError, match="newer workbench: its format is 2"):
        read_table(tmp_path)


def test_a_folder_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such folder"):
        read_table(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=re.escape("it has no table.json")):
        read_table(tmp_path)


def test_an_empty_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no finished trial"):
        write_table(replace(small_table(), results=()), tmp_path)
    assert not list(tmp_path.iterdir())


class KilledError(BaseException):
    """Stands for kill -9."""


def test_a_kill_leaves_the_old_table_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = small_table()
    network = model_hash(whole.results[0].config.model)
    names = {one: name for one, name in whole.names.items() if name != "v02"}
    before = replace(whole, results=whole.results[:4], names=names, latencies=(latency(network),))
    replaced, seen = Path.replace, set()
    for kill_at in range(20):
        folder = tmp_path / str(kill_at)
        write_table(before, folder)
        left = kill_at

        def replacing(path: Path, target: Path) -> Path:
            nonlocal left
            if not left:
                raise KilledError
            left -= 1
            return replaced(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", replacing)
            try:
                write_table(whole, folder)
            except KilledError:
                found = read_table(folder)
                assert found in (before, whole)
                seen.add((len(found.results), len(list(folder.glob(".*")))))
            else:
                break
        write_table(whole, folder)
        assert read_table(folder) == whole
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            [*ALL_FILES[:3], FILE, "README.md"]
        )
    assert {count for count, _ in seen} == {4, 6}  # killed before and after the decisive moment
    assert max(waiting for _, waiting in seen) == 3
