"""Checks the address of a Ray cluster's head before ray is loaded."""

import socket

from workbench.errors import ConfigError

CONNECTION_S = 10.0
"""For the head of a cluster to answer."""


def check_reachable(address: str) -> None:
    """Check that something listens at the address; Ray itself tries for many minutes.

    Raises:
        ConfigError: If not.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise ConfigError(f"--address must be HOST:PORT of a Ray cluster's head, got {address!r}")
    try:
        socket.create_connection((host, int(port)), CONNECTION_S).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(f"--address {address}: no server answers ({error})") from None
