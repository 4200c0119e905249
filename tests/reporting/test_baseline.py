"""Networks that do not beat bicubic interpolation are named, everywhere."""

import pytest

from tests.builders.baselines import against_bicubic, bicubic
from tests.builders.comparisons import scored
from workbench.analysis.baseline import below_bicubic, validation_bicubic
from workbench.analysis.comparison import Comparison, compare
from workbench.reporting.baseline import warning
from workbench.reporting.json_data import comparison_to_dict


@pytest.fixture
def mixed() -> Comparison:
    arms = {"tiny": [29.0, 30.0], "worse": [28.0, 29.9], "good": [30.0, 31.0], "even": [30.0, 30.0]}
    return compare(against_bicubic(arms), {})


def test_a_comparison_has_the_scores_of_bicubic(mixed: Comparison) -> None:
    assert mixed.bicubic == {"Set5": bicubic(30.0)}
    plain = comparison_to_dict(mixed)
    assert plain["bicubic"]["Set5"]["psnr_rgb_db"] == 30.0
    assert plain["below_bicubic_db"] == {"Set5": {"tiny": 0.5, "worse": pytest.approx(1.05)}}


def test_networks_below_it_are_named_with_their_distance(mixed: Comparison) -> None:
    assert below_bicubic(mixed, "Set5") == {"tiny": 0.5, "worse": pytest.approx(1.05)}
    assert warning(mixed, "Set5") == (
        "Set5: 2 networks are below bicubic interpolation (30.000 dB): tiny by 0.500 dB, worse by "
        "1.050 dB. They have not yet learned to beat interpolation: verdicts about them say "
        "little about longer training."
    )


def test_one_network_is_one() -> None:
    one = compare(against_bicubic({"tiny": [29.99995, 30.0], "up": [31.0, 31.0]}), {})
    text = warning(one, "Set5")
    assert "1 network is below bicubic interpolation (30.000 dB): tiny by 0.000025 dB. It" in text


def test_of_many_networks_the_first_five_are_named() -> None:
    arms = {f"v{number}": [29.0 - number / 10, 29.0] for number in range(8)}
    text = warning(compare(against_bicubic(arms), {}), "Set5")
    assert "8 networks are below" in text
    assert "v4 by 1.200 dB, and 3 more by up to 1.350 dB." in text
    assert "v5" not in text


def test_without_scores_of_bicubic_nothing_is_said() -> None:
    old = compare({"tiny": [scored("a", 1, {"Set5": [1.0, 2.0]})]}, {})
    assert (old.bicubic, below_bicubic(old, "Set5"), warning(old, "Set5")) == ({}, {}, "")
    above = compare(against_bicubic({"tiny": [31.0, 32.0]}), {})
    assert warning(above, "Set5") == ""


def test_learning_curves_have_one_line_where_the_validation_images_are_the_same() -> None:
    trial = scored("a", 1, {"Set5": [30.0]})
    seen = [trial.model_copy(update={"validation_bicubic": bicubic(db)}) for db in (28.0, 29.0)]
    assert validation_bicubic({"a": [seen[0]], "b": [seen[0], trial]}) == bicubic(28.0)
    assert validation_bicubic({"a": seen}) is None
    assert validation_bicubic({"a": [trial]}) is None
