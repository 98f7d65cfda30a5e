"""The SM-DP+s that a device talks to, each with a client of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.messages import Address, AddressError, LpaError

CLIENTS = 64
"""The most SM-DP+s to which connections are kept."""


@dataclass
class Smdpps:
    """Gives the SM-DP+ at an address, one client for each; the other fields are those of Es9Client.

    The client that was used longest ago makes room. Safe to use from several threads.
    """

    trust: list[bytes]
    verify: bool = True
    seconds: float = 60.0
    resolve: Callable[[str, int], str] | None = None
    _known: dict[Address, Es9Client] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, address: str) -> Es9Client:
        """The SM-DP+ at that address. Raises LpaError for what is not an address."""
        try:
            server = Address.read(address)
        except AddressError as error:
            raise LpaError(str(error)) from error
        with self._lock:
            found = self._known.pop(server, None) or Es9Client.at(
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
