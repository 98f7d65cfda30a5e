"""An SM-DS as SM-DP+s see it: ES12 over HTTPS (SGP.22 v2.5 clauses 5.9 and 6.5).

    with Es12Client("https://smds.example.com", "smdp.example.com", identify=identify) as smds:
        smds.register_event(eid, "CODE-1", "smdp.example.com", forward=False)

An SM-DS speaks the same to its root (ES15). The client shows a TLS certificate, which `identify`
gives. Needs httpx, from the extra `servers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from ssl import SSLContext
from threading import Lock
from typing import Self

from euicc_sim.parties.clients import https
from euicc_sim.parties.clients.rsp_client import fields_of
from euicc_sim.parties.messages.address import Address
from euicc_sim.parties.messages.errors import LpaError

PATH = "/gsma/rsp2/es12/"
HEADERS = {
    "User-Agent": "gsma-rsp-smdp",
    "X-Admin-Protocol": "gsma/rsp/v2.5.0",
    "Content-Type": "application/json",
}
SECONDS = 10.0
"""How long to wait for an answer."""
CLIENTS = 64
"""The most SM-DSs to which connections are kept."""


@dataclass
class EventRegistries:
    """Gives the SM-DS at an address, one client for each; the fields are those of Es12Client.

    The client that was used longest ago makes room. Safe to use from several threads.
    """

    requester: str
    trust: list[bytes]
    identify: Callable[[SSLContext], None] = lambda _: None
    verify: bool = True
    seconds: float = SECONDS
    _known: dict[Address, Es12Client] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, address: str) -> Es12Client:
        """The SM-DS at that address. Raises LpaError for what is not an address."""
        server = https.address_read(address)
        with self._lock:
            found = self._known.pop(server, None) or Es12Client(
                server.url,
                self.requester,
                trust=self.trust,
                verify=self.verify,
                identify=self.identify,
                seconds=self.seconds,
            )
            self._known[server] = found
            if len(self._known) > CLIENTS:
                self._known.pop(next(iter(self._known))).close()
        return found

    def close(self) -> None:
        """End all connections."""
        for one in self._known.values():
            one.close()


class Es12Client:
    """The `EventRegistry` at `url`; connection errors are LpaError, refusals SmdppError.

    `requester` is the functionRequesterIdentifier. `trust` are the CI certificates (DER) to which
    its TLS certificate must chain, with `verify` False any is accepted. `identify` gives the TLS
    context the certificate of the client.
    """

    def __init__(
        self,
        url: str,
        requester: str,
        *,
        trust: Iterable[bytes] = (),
        verify: bool = True,
        identify: Callable[[SSLContext], None] = lambda _: None,
        seconds: float = SECONDS,
    ) -> None:
        """Does not connect yet. Raises LpaError for a malformed URL."""
        self._url, self._client = https.connection(
            url, trust=trust, verify=verify, seconds=seconds, headers=HEADERS, identify=identify
        )
        self._requester = requester
        self._calls = count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def register_event(self, eid: str, event_id: str, address: str, *, forward: bool) -> None:
        """ES12.RegisterEvent, clause 5.9.1."""
        self._ask(
            "registerEvent",
            {
                "eid": eid,
                "rspServerAddress": address,
                "eventId": event_id,
                "forwardingIndicator": forward,
            },
        )

    def delete_event(self, eid: str, event_id: str) -> None:
        """ES12.DeleteEvent, clause 5.9.2."""
        self._ask("deleteEvent", {"eid": eid, "eventId": event_id})

    def _ask(self, function: str, fields: Mapping[str, object]) -> None:
        header = {
            "functionRequesterIdentifier": self._requester,
            "functionCallIdentifier": str(next(self._calls)),
        }
        answer = https.post(
            self._client,
            self._url.join(PATH + function),
            lambda error: LpaError(https.unreachable(self._url, error, "CI", "SM-DS")),
            json={"header": header, **fields},
        )
        fields_of(answer, str(self._url), "an SM-DS")
