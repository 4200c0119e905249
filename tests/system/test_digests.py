"""What is written with a digest comes back, and any flipped byte is noticed."""

import io
import json
import logging

import pytest
import torch
from safetensors.torch import load, save

from workbench.system.digests import (
    DamagedError,
    check_safetensors,
    forwarded,
    say,
    seal,
    seal_json,
    seal_safetensors,
    sha256,
    sha256_of_json,
    unseal,
    unseal_json,
)
from workbench.system.strict_json import loads

DATA = {"key": "beef", "values": [1.5, 2], "text": "ä"}


def test_digests_of_json_stay_as_they_are() -> None:
    # Keys of trials and names of studies hold them.
    assert sha256_of_json({"b": [1.5, None], "a": "ä"}) == sha256(
        '{"a": "\\u00e4", "b": [1.5, null]}'
    )
    assert sha256_of_json({"b": 1, "a": 2}, compact=True) == sha256(b'{"a":2,"b":1}')
    assert sha256("abc").startswith("ba7816bf8f01cfea")


@pytest.mark.parametrize("indent", [None, 1])
def test_sealed_json_is_json_with_one_key_more(indent: int | None) -> None:
    sealed = seal_json(DATA, indent=indent)
    assert list(json.loads(sealed)) == ["sha256", *DATA]
    assert json.loads(unseal_json(sealed)) == DATA
    assert (b"\n" in sealed) == (indent is not None)


def test_no_flipped_byte_of_sealed_json_goes_unnoticed() -> None:
    sealed = seal_json(DATA)
    for place in range(len(sealed)):
        for mask in (0x01, 0x20, 0xFF):
            hit = bytearray(sealed)
            hit[place] ^= mask
            try:
                found = loads(unseal_json(bytes(hit)))
            except (DamagedError, ValueError):
                continue
            pytest.fail(f"byte {place} was flipped by {mask:#x}, and this was read: {found}")


@pytest.mark.parametrize("text", [b"{}", b'{"key": "beef"}', b'{\n "key": 1\n}', b"[1]", b""])
def test_json_without_a_digest_is_read_as_it_is(text: bytes) -> None:
    assert unseal_json(text) == text


def test_a_number_that_is_not_finite_is_never_written() -> None:
    with pytest.raises(ValueError, match="Out of range float values"):
        seal_json({"value": float("nan")})


def test_a_flipped_byte_of_a_sealed_file_is_noticed_or_harmless() -> None:
    encoded = io.BytesIO()
    torch.save({"step": 3}, encoded)
    content = encoded.getvalue()
    sealed = seal(content)
    assert unseal(sealed) == content
    assert torch.load(io.BytesIO(sealed), weights_only=True) == {"step": 3}
    for place in range(0, len(content), 7):
        hit = bytearray(sealed)
        hit[place] ^= 0xFF
        with pytest.raises(DamagedError, match=r"must be [0-9a-f]{8}, got [0-9a-f]{8}"):
            unseal(bytes(hit))
    assert unseal(content) == content  # of an older workbench


def test_weights_with_a_digest_are_a_safetensors_file_like_any_other() -> None:
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(1, dtype=torch.float16)}
    sealed = seal_safetensors(save(tensors, {"format": "x"}))
    assert int.from_bytes(sealed[:8], "little") % 8 == 0
    assert torch.equal(load(sealed)["a"], tensors["a"])
    check_safetensors(sealed)
    check_safetensors(save(tensors, {"format": "x"}))  # of an older workbench
    for place in range(len(sealed)):
        hit = bytearray(sealed)
        hit[place] ^= 0xFF
        with pytest.raises(DamagedError, match=r"SHA-256 must be|no header of safetensors"):
            check_safetensors(bytes(hit))


def test_a_warning_is_said_once_and_to_whoever_listens(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    with forwarded(heard.append):
        say("a file that is damaged, once")
        say("a file that is damaged, once")
    say("another one, after the block")
    assert heard == ["a file that is damaged, once"]
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2


@pytest.mark.parametrize(
    "text",
    ["[NaN]", "[-Infinity]", '{"a": 1e309}', "[" * 101 + "1" + "]" * 101, "[" * 5000 + "]" * 5000],
)
def test_json_has_finite_numbers_and_an_end(text: str) -> None:
    with pytest.raises(ValueError, match=r"numbers must be finite, got|nested too deeply"):
        loads(text)


def test_other_json_is_read_as_ever() -> None:
    assert loads("[" * 100 + "]" * 100)
    assert loads(b'{"a": [1, -2.5e3, true, null, "NaN"]}') == {"a": [1, -2500.0, True, None, "NaN"]}
