"""Messages that name options of commands, in the names of Python's arguments."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from workbench.errors import ConfigError

_OPTION = re.compile(r"--([a-z][a-z-]*)")


@contextmanager
def python_names(arguments: Mapping[str, str]) -> Iterator[None]:
    """Let errors of the block name arguments as Python has them.

    Args:
        arguments: Option without its dashes -> argument, where the names differ in more than
            dashes and underscores.

    Raises:
        ConfigError: With `audit_share` in place of `--audit-share`, and so on.
    """

    def argument(option: re.Match[str]) -> str:
        name = option.group(1)
        return arguments.get(name, name.replace("-", "_"))

    try:
        yield
    except ConfigError as error:
        raise ConfigError(_OPTION.sub(argument, str(error))) from None
