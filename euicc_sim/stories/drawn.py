"""An SM-DP+ in a picture: each function call is drawn as an arrow, then passed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from euicc_sim.parties.messages import (
    ClientAuthentication,
    RspServer,
    ServerAuthentication,
    Servers,
    SmdppError,
)
from euicc_sim.stories.sequence import Sequence

T = TypeVar("T")


@dataclass(frozen=True)
class DrawnServer:
    """An `RspServer` that draws arrows from `source` to `target`."""

    server: RspServer
    picture: Sequence
    source: str
    target: str

    @property
    def address(self) -> str:
        """The server's."""
        return self.server.address

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        """ES9+.InitiateAuthentication."""
        return self._drawn(
            "InitiateAuthentication",
            lambda: self.server.initiate_authentication(euicc_info1, challenge, address),
        )

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        """ES9+.AuthenticateClient."""
        return self._drawn(
            "AuthenticateClient", lambda: self.server.authenticate_client(transaction_id, response)
        )

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        """ES9+.GetBoundProfilePackage."""
        return self._drawn(
            "GetBoundProfilePackage",
            lambda: self.server.get_bound_profile_package(transaction_id, response),
        )

    def handle_notification(self, pending: bytes) -> object:
        """ES9+.HandleNotification."""
        return self._drawn("HandleNotification", lambda: self.server.handle_notification(pending))

    def cancel_session(self, transaction_id: bytes, response: bytes) -> object:
        """ES9+.CancelSession."""
        return self._drawn(
            "CancelSession", lambda: self.server.cancel_session(transaction_id, response)
        )

    def _drawn(self, name: str, work: Callable[[], T]) -> T:
        try:
            found = work()
        except SmdppError as error:
            self.picture.say(self.source, self.target, f"{name}: {error}", refused=True)
            raise
        self.picture.say(self.source, self.target, name)
        return found


def drawn(servers: Servers, picture: Sequence, source: str, target: str) -> Servers:
    """The same servers, each one drawn."""
    return lambda address: DrawnServer(servers(address), picture, source, target)
