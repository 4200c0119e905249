"""Objectives as they are typed."""

import pytest

from workbench.errors import ConfigError
from workbench.search.objectives import parse_objectives


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
