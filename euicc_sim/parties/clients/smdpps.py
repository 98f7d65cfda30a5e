"""The SM-DP+s and SM-DSs that a device talks to, each with a client of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from euicc_sim.parties.clients.es9 import Es9Client, RspClient
from euicc_sim.parties.clients.es11 import Es11Client
from euicc_sim.parties.messages import Address, AddressError, LpaError

CLIENTS = 64
"""The most SM-DP+s to which connections are kept, and the most SM-DSs."""

C = TypeVar("C", bound=RspClient)


@dataclass
class RspServers(Generic[C]):
    """Gives the server at an address, one client for each; the other fields are those of the
    client.

    The client that was used longest ago makes room. Safe to use from several threads.
    """

    kind: type[C]
    trust: list[bytes]
    verify: bool = True
    seconds: float = 60.0
    resolve: Callable[[str, int], str] | None = None
    _known: dict[Address, C] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, address: str) -> C:
        """The server at that address. Raises LpaError for what is not an address."""
        try:
            server = Address.read(address)
        except AddressError as error:
            raise LpaError(str(error)) from error
        with self._lock:
            found = self._known.pop(server, None) or self.kind.at(
                address,
                trust=self.trust,
                verify=self.verify,
                seconds=self.seconds,
                resolve=self.resolve,
            )
            self._known[server] = found
            if len(self._known) > CLIENTS:
                self._known.pop(next(iter(self._known))).close()
        return found

    def close(self) -> None:
        """End all connections."""
        for one in self._known.values():
            one.close()


class Smdpps(RspServers[Es9Client]):
    """Gives the SM-DP+ at an address."""

    def __init__(
        self,
        trust: list[bytes],
        verify: bool = True,
        seconds: float = 60.0,
        resolve: Callable[[str, int], str] | None = None,
    ) -> None:
        """The fields are those of Es9Client."""
        super().__init__(Es9Client, trust, verify, seconds, resolve)


class Smdss(RspServers[Es11Client]):
    """Gives the SM-DS at an address."""

    def __init__(
        self,
        trust: list[bytes],
        verify: bool = True,
        seconds: float = 60.0,
        resolve: Callable[[str, int], str] | None = None,
    ) -> None:
        """The fields are those of Es11Client."""
        super().__init__(Es11Client, trust, verify, seconds, resolve)
