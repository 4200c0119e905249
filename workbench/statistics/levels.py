"""The levels that hold unless somebody says otherwise. Light: options print them."""

ALPHA = 0.05
"""Error rate of a whole family of comparisons on one data set."""
MARGIN_DB = 0.02
"""Differences of PSNR within it do not matter."""
