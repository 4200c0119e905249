"""How reports print numbers: with as many digits as their uncertainty needs. No torch.

A fixed number of decimals hides small effects: an interval of +0.00002 to +0.00008 would read
"+0.000 [+0.000, +0.000]", and an image that loses 0.000055 dB would read "+0.000".
"""

import math

Interval = tuple[float, float]

FEWEST_DECIMALS, MOST_DECIMALS = 3, 6
"""For dB. A millionth of a dB is below the rounding of any score."""
_GIGA = 1e9
_GIGA_DECIMALS = 4, 9
"""At least, and at most: down to one multiply-add."""


def decimals_of(mean: float, interval: Interval | None = None) -> int:
    """Return the decimals with which a difference and its interval are printed.

    As many as show two significant digits of the interval's half width, or of the mean where there
    is no interval or one without width; more where an end of the interval would be printed as zero
    and so hide on which side of zero it lies. Between `FEWEST_DECIMALS` and `MOST_DECIMALS`.

    Args:
        mean: The difference, dB.
        interval: Its ends, lower first, dB.
    """
    half_width = (interval[1] - interval[0]) / 2 if interval else 0.0
    # Where seeds and images all agree, the width is the rounding of floating point.
    size = half_width if round(half_width, MOST_DECIMALS) else mean
    decimals = _decimals(size, FEWEST_DECIMALS, MOST_DECIMALS)
    ends = [end for end in interval or () if round(end, MOST_DECIMALS)]
    while any(round(end, decimals) == 0 for end in ends):
        decimals += 1
    return decimals


def signed(value: float, decimals: int) -> str:
    """Format a difference with its sign; one that rounds to zero has none: `0.000`."""
    text = f"{value:+,.{decimals}f}"
    return text[1:] if float(text.replace(",", "")) == 0 else text


def difference_text(mean: float, interval: Interval | None = None) -> str:
    """Format a difference with its interval: `-0.823 [-5.130, +3.485]`, `-0.000055`."""
    decimals = decimals_of(mean, interval)
    text = signed(mean, decimals)
    return text if interval is None else f"{text} {_ends_text(interval, decimals)}"


def db_text(mean: float, interval: Interval | None = None) -> str:
    """Format a difference with its unit and interval: `-0.823 dB [-5.130, +3.485]`."""
    mean_part, _, ends = difference_text(mean, interval).partition(" ")
    return f"{mean_part} dB {ends}".rstrip()


def interval_text(mean: float, interval: Interval) -> str:
    """Format an interval alone, with the decimals that `difference_text` gives it."""
    return _ends_text(interval, decimals_of(mean, interval))


def mean_text(mean: float, sd: float | None = None) -> str:
    """Format a mean in dB and the standard deviation around it: `27.512 ± 0.034`.

    With two significant digits of the standard deviation, three decimals at least.
    """
    if sd is None:
        return f"{mean:.{FEWEST_DECIMALS}f}"
    decimals = _decimals(round(sd, MOST_DECIMALS), FEWEST_DECIMALS, MOST_DECIMALS)
    return f"{mean:.{decimals}f} ± {sd:.{decimals}f}"


def sd_text(sd: float) -> str:
    """Format a standard deviation in dB: two significant digits, four decimals at least."""
    return f"{sd:.{_decimals(sd, 4, MOST_DECIMALS)}f}"


def p_text(p: float | None) -> str:
    """Format a p: three decimals, `<.001` below the last of them; nothing for None."""
    if p is None:
        return ""
    return "<.001" if p < 0.001 else f"{p:.3f}"


def giga_text(count: float) -> str:
    """Format a count in billions: four decimals, or more for two significant digits."""
    return f"{count / _GIGA:.{_decimals(count / _GIGA, *_GIGA_DECIMALS)}f}"


def giga_change(count: float) -> str:
    """Format a change of a count in billions, with its sign; no change is `0.0000`."""
    return signed(count / _GIGA, _decimals(count / _GIGA, *_GIGA_DECIMALS))


def count_change(count: float) -> str:
    """Format a change of a whole number with its sign; no change is `0`.

    The mean of several changes need not be whole; below ten it is printed with one decimal.
    """
    return signed(count, 0 if count == round(count) or abs(count) >= 10 else 1)


def ratio_change(value: float) -> str:
    """Format a change of a number without unit, such as SSIM: four decimals, or more."""
    return signed(value, _decimals(value, 4, MOST_DECIMALS))


def percent_text(share: float) -> str:
    """Format a share of 0..1 as whole percent; `0 %` means none and `100 %` means all."""
    return f"{_percent(100 * share)} %"


def percent_change(share: float) -> str:
    """Format a relative change with its sign and one decimal; no change is `0.0%`."""
    return f"{signed(100 * share, 1)}%"


def _percent(percent: float) -> str:
    for decimals in range(3):
        text = f"{percent:.{decimals}f}"
        if (float(text) == 0) == (percent == 0) and (float(text) == 100) == (percent == 100):
            return text
    return "<0.01" if percent < 1 else ">99.99"


def _decimals(size: float, fewest: int, most: int) -> int:
    """Return how many decimals show two significant digits of `size`."""
    if size == 0:
        return fewest
    return min(most, max(fewest, 1 - math.floor(math.log10(abs(size)))))


def _ends_text(interval: Interval, decimals: int) -> str:
    low, high = (signed(end, decimals) for end in interval)
    return f"[{low}, {high}]"
