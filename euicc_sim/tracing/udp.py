"""GSMTAP messages sent to a socket, whether or not anything listens."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from euicc_sim.tracing.errors import TraceError
from euicc_sim.tracing.gsmtap import PORT

MAX_PORT = 0xFFFF

_TARGET = re.compile(r"(?:\[(?P<ipv6>[^]]+)]|(?P<host>[^]:[]+))(?::(?P<port>[0-9]{1,5}))?")


class GsmtapSocket:
    """Sends to `target`, HOST or HOST:PORT; it is not an error if nothing listens there.

    Unless `anywhere`, the address must be of this machine. Raises TraceError.
    """

    def __init__(self, target: str, *, anywhere: bool = False) -> None:
        host, port = _parts(target)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except OSError as error:
            raise TraceError(f"{host} cannot be found ({error.strerror or error}).") from error
        family, kind, protocol, _, address = found[0]
        self._address: Any = address
        if not anywhere and not _is_here(str(address[0])):
            raise TraceError(
                f"{host} is not this machine, and GSMTAP is neither encrypted nor authenticated; "
                "to send it anyway, add --gsmtap-anywhere."
            )
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)

    def write(self, at: float, payload: bytes) -> None:
        """Send a datagram; what cannot be sent at once is lost."""
        with suppress(OSError):
            self._socket.sendto(payload, self._address)

    def flush(self) -> None:
        """Do nothing: every message was sent at once."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def _parts(target: str) -> tuple[str, int]:
    found = _TARGET.fullmatch(target)
    port = int(found["port"] or PORT) if found else 0
    if found is None or not 0 < port <= MAX_PORT:
        raise TraceError(f"{target!r} is not an address; use HOST:PORT, such as 127.0.0.1:{PORT}.")
    return found["ipv6"] or found["host"], port


def _is_here(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_loopback
