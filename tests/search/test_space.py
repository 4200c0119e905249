"""Every file of `search_spaces/` is a space whose every value works; wrong ones are named."""

from pathlib import Path

import pytest

from workbench.config.overrides import apply_overrides
from workbench.config.shipped import shipped_folder
from workbench.errors import ConfigError
from workbench.search.space import FOLDER, Integers, find_space, read_space

FILES = sorted(shipped_folder(FOLDER).glob("*.yaml"))


def test_the_shipped_spaces_are_these() -> None:
    assert {path.stem for path in FILES} == {"mdrn-attention", "mdrn-size"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_combination_of_a_shipped_space_is_a_network_of_its_own(path: Path) -> None:
    space = read_space(path)
    assert space.question.endswith("?")
    combinations = list(space.combinations())
    assert len(combinations) == space.size()
    base = space.base_trial()
    networks = {apply_overrides(base, overrides).model for overrides in combinations}
    assert len(networks) == space.size()
    for key, dimension in space.dimensions.items():
        assert len({str(combination[key]) for combination in combinations}) == len(
            dimension.candidates()
        )


def test_the_last_dimension_varies_fastest(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "question: Why?\nbase: tiny\ndimensions:\n"
        "  model.channels: {kind: choice, values: [8, 12]}\n"
        "  model.blocks: {kind: integers, low: 1, high: 4, step: 2}\n"
    )
    space = read_space(path)
    found = [(c["model.channels"], c["model.blocks"]) for c in space.combinations()]
    assert found == [(8, 1), (8, 3), (12, 1), (12, 3)]


@pytest.mark.parametrize(
    ("low", "high", "step", "values"), [(1, 3, 1, (1, 2, 3)), (4, 9, 4, (4, 8)), (5, 5, 2, (5,))]
)
def test_whole_numbers_include_both_ends(
    low: int, high: int, step: int, values: tuple[int, ...]
) -> None:
    assert Integers(low=low, high=high, step=step).candidates() == values


HEAD = "question: Why?\ndimensions:\n"
REFUSED: list[tuple[str, str]] = [
    (HEAD + "  model.chanels: {kind: choice, values: [20]}\n", ":3: unknown key 'model.chanels'"),
    (HEAD + "  model.channels: {kind: choice, values: []}\n", ":3: dimensions.model.channels.valu"),
    (
        HEAD + "  model.channels: {kind: integers, low: 9, high: 8}\n",
        "low must be at most high (8)",
    ),
    (HEAD + "  model.channels: {kind: integers, low: 8, high: 9, step: 0}\n", ":3: "),
    (HEAD + "  model.channels: {kind: integer, low: 8, high: 9}\n", "did you mean 'integers'?"),
    (HEAD + "  model.channels: {kind: choice, valeus: [20]}\n", "did you mean 'values'?"),
    (HEAD + "  model.channels: {kind: choice, values: [20, 2]}\n", ":3: model.channels: should be"),
    (
        HEAD + "  model.blocks: {kind: choice, values: [4]}\n"
        "  model.spatial_attention.levels: {kind: choice, values: [[3, 5, 7], [3, 4, 7]]}\n",
        ":4: model.spatial_attention.levels: must hold odd levels of at least 3, got 4",
    ),
    (
        "question: Why?\nbase: mdrn-z\ndimensions:\n  seed: {kind: choice, values: [1]}\n",
        ":2: unkn",
    ),
    ("question: Why?\ndimensions: {}\n", ":2: dimensions: "),
    ("question: Why?\n", ":1: dimensions: is missing"),
    (
        HEAD + "  seed: {kind: choice, values: [1]}\nlimit: {}\n",
        ":4: limit: unknown key; did you m",
    ),
    (
        HEAD + "  seed: {kind: choice, values: [1]}\nlimits:\n  parameters: 0\n",
        ":5: limits.parameters: should be greater than or equal to 1, got 0",
    ),
    ("", ":1: a search space must be a mapping of keys, got nothing"),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_a_wrong_space_is_refused_with_file_and_line(
    text: str, expected: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.yaml:\d+: ") as refused:
        read_space(path)
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_space_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space, path = find_space("mdrn-size")
    assert path == shipped_folder(FOLDER) / "mdrn-size.yaml"
    assert space == read_space(path)
    with pytest.raises(ConfigError, match="unknown search space 'mdrn-sise'; did you mean 'mdrn-s"):
        find_space("mdrn-sise")
