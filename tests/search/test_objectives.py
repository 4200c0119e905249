"""Objectives as they are typed."""

import pytest

from tests.builders.comparisons import scored
from workbench.errors import ConfigError
from workbench.results import CurvePoint, MeanScore
from workbench.search.objectives import objectives_named, parse_objectives


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["psnr"], "unknown objective 'psnr'; did you mean 'psnr_y_db'|did you mean 'psnr_rgb_db'"),
        (["Set15/ssim_rgb"], "did you mean 'Set5/ssim_rgb'"),
        (["parameters", "parameters"], "--objective parameters is given twice"),
    ],
)
def test_wrong_objectives_are_refused(texts: list[str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_objectives(texts, ["Set5"])


def test_a_score_without_a_data_set_may_be_that_of_the_validation_images() -> None:
    names = ("psnr_rgb_db", "Set5/psnr_rgb_db", "parameters")
    trial = scored("x", 1, {"Set5": [30.0, 32.0]})
    score = MeanScore(psnr_rgb_db=27.0, ssim_rgb=0.8, psnr_y_db=28.0, ssim_y=0.9)
    point = CurvePoint(step=9, time_s=0.0, loss=0.1, learning_rate=0.1, score=score)
    trial = trial.model_copy(update={"curve": (point,)})
    values = [one.value([trial]) for one in objectives_named(names, "validation")]
    assert values[:2] == [27.0, 31.0]
    assert [one.value([trial]) for one in objectives_named(names, "benchmarks")][:2] == [31.0, 31.0]
    assert [one.direction for one in objectives_named(names, "validation")][-1] == "minimize"
