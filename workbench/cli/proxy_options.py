"""Options of commands that compute proxies."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.help import IMAGES
from workbench.errors import ConfigError

if TYPE_CHECKING:  # loads more than --help needs
    from workbench.experiments.proxies import ProxySpec

CropsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="[NAME=]FOLDER",
        help="With --proxies: images of the crops, by default the training images; repeatable.",
        rich_help_panel=IMAGES,
    ),
]


def proxy_spec(data: Sequence[str] | None, *, wanted: bool) -> "ProxySpec | None":
    """Return which proxies are computed; None if none are.

    Args:
        data: Images of the crops, as typed.
        wanted: Whether `--proxies` is given.

    Raises:
        ConfigError: For images without `--proxies`.
    """
    if data and not wanted:
        raise ConfigError("--data needs --proxies: nothing else is computed on images")
    from workbench.experiments.proxies import ProxySpec

    return ProxySpec(data or ()) if wanted else None
