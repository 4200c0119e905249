"""What networks are called, and where their weights are published."""

from pathlib import Path

import pytest

from workbench.config.overrides import apply_overrides
from workbench.config.presets import ALIASES, PRESETS, preset
from workbench.config.published import PUBLISHED, title_of, weights_hint


def test_networks_are_called_what_the_field_calls_them() -> None:
    titles = {name: title_of(PRESETS[name]) for name in PRESETS}
    assert titles == {
        "mdrn-s": "MDRN-S",
        "mdrn": "MDRN",
        "bsrn": "BSRN",
        "efdn": "EFDN (NEESR)",
        "rfdn": "RFDN",
        "imdn": "IMDN",
        "tiny": "MDRN family",
    }
    assert title_of(apply_overrides(PRESETS["rfdn"], {"scale": 2})) == "RFDN"
    assert title_of(apply_overrides(PRESETS["rfdn"], {"channels": 48})) == "MDRN family"


def test_the_name_of_a_team_is_an_alias_of_its_network() -> None:
    assert preset("neesr") == preset("efdn") == PRESETS["efdn"]
    assert not set(ALIASES) & set(PRESETS)
    assert set(ALIASES.values()) <= set(PRESETS)


@pytest.mark.parametrize(
    ("path", "file", "repository"),
    [
        ("mdrn-s", "mdrn-s.pth", "https://github.com/bbbolt/MDRN (MIT licence)"),
        ("weights/MDRN_S.pth", "mdrn-s.pth", "https://github.com/bbbolt/MDRN (MIT licence)"),
        ("mdrn_x4.pth", "mdrn_x4.pth", "https://github.com/bbbolt/MDRN (MIT licence)"),
        ("neesr", "team05_efdn.pt", "https://github.com/ofsoundof/NTIRE2022_ESR (MIT licence)"),
        ("efdn", "team05_efdn.pt", "https://github.com/ofsoundof/NTIRE2022_ESR (MIT licence)"),
        ("mobilesr", "team20_mobilesr.pth", "https://github.com/ofsoundof/NTIRE2022_ESR (MIT"),
    ],
)
def test_a_missing_file_is_told_where_to_be_had(path: str, file: str, repository: str) -> None:
    hint = weights_hint(Path(path))
    assert f" are {file} at {repository}" in hint
    assert hint.endswith("not shipped: download the file and give its path")


@pytest.mark.parametrize("path", ["my.pth", "mdrn", "tiny", "Set5", "run/weights.safetensors"])
def test_other_files_have_no_hint_unless_they_are_called_like_a_network(path: str) -> None:
    assert bool(weights_hint(Path(path))) == (path in PUBLISHED)
