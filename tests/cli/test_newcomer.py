"""What a first command gets wrong is answered with what would be right."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize(
    "argv",
    [
        ("evaluate", "--weights", "mdrn-s", "--data", "."),
        ("inspect", "--weights", "mdrn-s", "--rounds", "0"),
        ("convert", "mdrn-s", "out.pth"),
        ("upscale", "PHOTOS", "out", "--weights", "mdrn-s"),
    ],
)
def test_a_name_in_place_of_a_file_is_told_where_the_weights_are(
    argv: tuple[str, ...], command: Command, photos: Path
) -> None:
    ended = command(*(str(photos) if word == "PHOTOS" else word for word in argv))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "error: mdrn-s: no such weights file; the published weights of MDRN-S are mdrn-s.pth at "
        "https://github.com/bbbolt/MDRN (MIT licence); they are not shipped: download the file and "
        "give its path\n"
    )


@pytest.mark.parametrize(
    ("limit", "meant", "sign"),
    [
        ("parameters<60000", "parameters<=60000", "<"),
        ("parameters=<60000", "parameters<=60000", "=<"),
        ("parameters==60000", "parameters<=60000", "=="),
        ("parameters = 60000", "parameters<=60000", "="),
        ("parameters>60000", "parameters<=60000", ">"),
        ("parameters>=60000", "parameters<=60000", ">="),
        ("parametres<60000", "parameters<=60000", "<"),
        ("size<60000", "NAME<=60000", "<"),
        ("parameters<", "parameters<=VALUE", "<"),
    ],
)
def test_another_sign_than_an_upper_bounds_is_told_how_it_is_written(
    limit: str, meant: str, sign: str, command: Command
) -> None:
    ended = command("search", "mdrn-size", "--limit", limit)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"error: --limit {limit!r}: a limit is an upper bound, written {meant!r}; "
        f"got the sign {sign!r}\n"
    )


def test_inspect_says_what_its_numbers_are(command: Command) -> None:
    ended = command("inspect", "--preset", "efdn", "--preset", "tiny", "--rounds", "0")
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert lines[0] == "Cost of one image of 256x256 LR px; G: 1e9, M: 1e6"
    assert lines[1] == "quantity efdn tiny"
    assert lines[2] == "network EFDN (NEESR) MDRN family"
    start = lines.index("Parts of efdn, share in % of the whole network")
    assert lines[start + 1] == "part parameters % multiply-adds % activations %"
    name, *shares = lines[start + 2].rsplit(" ", 3)
    assert name
    assert all(0 <= float(share) <= 100 for share in shares)
    assert "(--lr-size); activations: values in the outputs of all convolutions" in " ".join(
        ended.err.split()
    )


def test_inspect_of_one_network_names_it_once(command: Command) -> None:
    ended = command("inspect", "--preset", "tiny", "--rounds", "0")
    assert "\nParts, share in % of the whole network\n" in ended.out
