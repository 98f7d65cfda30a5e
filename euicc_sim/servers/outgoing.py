"""Where an eIM may connect to for others: IPAs name the SM-DP+s, and anybody can be an IPA.

Public addresses are reached. Those of this machine only while the eIM itself is reached there
alone; private and link-local ones never, unless a person named them.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from euicc_sim.parties.messages import Address, AddressError, LpaError
from euicc_sim.servers import ServerError
from euicc_sim.servers.browsers import is_loopback

Ip = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Named:
    """HOST or HOST:PORT, as a person names it; without a port every port is meant."""

    host: str
    port: int | None

    @classmethod
    def read(cls, text: str) -> Named:
        """Raises ServerError."""
        try:
            found = Address.read(text)
        except AddressError as error:
            raise ServerError(str(error)) from error
        has_port = text.endswith(f":{found.port}")
        return cls(found.host, found.port if has_port else None)

    def fits(self, host: str, port: int) -> bool:
        """Whether that server is meant."""
        return self.host == host and self.port in (None, port)


@dataclass(frozen=True)
class Outgoing:
    """Resolves hosts to addresses that may be connected to: `loopback` for this machine's own."""

    loopback: bool
    named: tuple[Named, ...] = ()

    @classmethod
    def of(cls, listening: str, allowed: Iterable[str] = ()) -> Outgoing:
        """For a server that listens there, with the servers that a person named."""
        return cls(is_loopback(listening), tuple(Named.read(one) for one in allowed))

    def __call__(self, host: str, port: int) -> str:
        """The address of a host. Raises LpaError if it has none, or none that is allowed."""
        host = host.strip("[]").lower()
        found = list(_addresses(host, port))
        if any(one.fits(host, port) for one in self.named):
            return str(found[0])
        for ip in found:
            if self._may(ip):
                return str(ip)
        raise LpaError(
            f"{host} is {', '.join(map(str, found))}, which is not a public address. If an SM-DP+ "
            f"is there, start the eIM with --smdp-allow {host}:{port}."
        )

    def _may(self, ip: Ip) -> bool:
        real = getattr(ip, "ipv4_mapped", None) or ip
        if real.is_loopback:
            return self.loopback
        return real.is_global and not real.is_multicast


def _addresses(host: str, port: int) -> Iterator[Ip]:
    """The addresses of a host, in the order of the system. Raises LpaError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise LpaError(f"{host} has no address: {why}. Check the name.") from error
    for *_, place in found:
        yield ip_address(str(place[0]).partition("%")[0])
