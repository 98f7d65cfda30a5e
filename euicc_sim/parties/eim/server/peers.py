"""Which card is at the other end of a line, for messages that do not name it."""

from __future__ import annotations

from dataclasses import dataclass, field

REMEMBERED = 1024


@dataclass
class Peers:
    """Remembers by connection ("host:port") and by host; the oldest are forgotten."""

    _by_peer: dict[str, str] = field(default_factory=dict)

    def saw(self, peer: str, eid: str) -> None:
        """A message from there named that card."""
        self._by_peer.pop(peer, None)
        self._by_peer[peer] = eid
        while len(self._by_peer) > REMEMBERED:
            self._by_peer.pop(next(iter(self._by_peer)))

    def eid(self, peer: str) -> str | None:
        """The card of that connection, or the only one that its host has."""
        if peer in self._by_peer:
            return self._by_peer[peer]
        host = _host(peer)
        found = {eid for other, eid in self._by_peer.items() if host and _host(other) == host}
        return found.pop() if len(found) == 1 else None


def _host(peer: str) -> str:
    return peer.rpartition(":")[0]
