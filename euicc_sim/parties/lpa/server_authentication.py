"""Mutual authentication with a server, from the LPA's side (SGP.22 v2.5 clause 3.1.2).

    server = begin(exchange, smdpp)
    check_address(server, smdpp.address)
    response = authenticate(exchange, server, matching_id="CODE-1")

SM-DP+ and SM-DS are authenticated alike: the certificate says which of them the server is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from euicc_sim.asn1.codec import Unknown
from euicc_sim.asn1.sgp22.common import GetEuiccChallengeResponse
from euicc_sim.asn1.sgp22.download import AuthenticateServerResponse, ServerSigned1
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.lpa.es10_messages import authenticate_server
from euicc_sim.parties.messages.address import same_server
from euicc_sim.parties.messages.encoding import answer, shown
from euicc_sim.parties.messages.errors import LpaError, SmdppError
from euicc_sim.parties.messages.interfaces import ServerAuthentication

Exchange = Callable[[bytes], bytes]
"""Takes an ES10 request and returns its answer."""


class AnyServer(Protocol):
    """An SM-DP+ or SM-DS, as far as it authenticates itself."""

    @property
    def address(self) -> str:
        """The name under which LPAs and cards know it."""
        ...

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        """Answer a card's EUICCInfo1 (BF20) and challenge of 16 bytes."""
        ...


def begin(exchange: Exchange, server: AnyServer, wire: Wire = WIRE_1_2) -> ServerAuthentication:
    """Let the server answer the card's challenge. Raises LpaError."""
    challenge = answer(wire[GetEuiccChallengeResponse], exchange(b"\xbf\x2e\x00"))
    info = exchange(b"\xbf\x20\x00")
    with refusals("to authenticate itself"):
        return server.initiate_authentication(info, challenge["euiccChallenge"], server.address)


def check_address(server: ServerAuthentication, address: str, wire: Wire = WIRE_1_2) -> None:
    """Raise LpaError if another server has answered (clauses 3.0.1 and 3.1.3)."""
    said = answer(wire[ServerSigned1], server.server_signed1)["serverAddress"]
    if not same_server(said, address):
        raise LpaError(
            f"The server calls itself {said[:80]!r}, not {address}. Use the address that it has."
        )


def authenticate(
    exchange: Exchange, server: ServerAuthentication, matching_id: str, wire: Wire = WIRE_1_2
) -> bytes:
    """The card's AuthenticateServerResponse (BF38). Raises LpaError if it refuses."""
    response = exchange(authenticate_server(server, matching_id, wire))
    found = answer(wire[AuthenticateServerResponse], response)
    if found[0] != "authenticateResponseOk":
        unknown = isinstance(found, Unknown)
        code = shown(found if unknown else found[1]["authenticateErrorCode"])
        raise refused_by_card(f"{code} in AuthenticateServerResponse", code)
    return response


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn a refusal by the server into an LpaError."""
    try:
        yield
    except SmdppError as error:
        raise LpaError(
            f"The server refused {what}: {error}", f"{error.subject}/{error.reason}"
        ) from error


def refused_by_card(what: str, code: str) -> LpaError:
    """The LpaError for a card that does not believe a server."""
    return LpaError(
        f"The card refused the server: {what}. Check that both have certificates below one CI.",
        code,
    )
