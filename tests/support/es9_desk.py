"""An SM-DP+ behind its application, and a card on paper that asks it, in JSON."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

import httpx

from euicc_sim.env import SeededEnv
from euicc_sim.parties.messages.interfaces import ClientAuthentication, ServerAuthentication
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.smdpp import Smdpp
from euicc_sim.servers.es9_app import PATH, es9_app
from support.bsp import BSP
from support.eims import objects
from support.euiccs import ADDRESS, CHALLENGE, PaperEuicc, shared_pki
from support.hexes import hx
from support.web import Lines, ask

UPP = hx(BSP["upp"])
DIGITS = "89000123456789012341"


@dataclass
class Desk:
    """An SM-DP+ behind its application, and a card that asks it."""

    smdpp: Smdpp
    euicc: PaperEuicc
    log: Lines

    def __post_init__(self) -> None:
        self.app = es9_app(self.smdpp, self.log)

    def ask(self, function: str, body: Any = b"", **options: Any) -> httpx.Response:
        """The answer to a request."""
        return ask(self.app, PATH + function, body, **options)

    def do(self, function: str, **fields: str) -> dict[str, Any]:
        """The fields of a good answer."""
        answer = self.ask(function, fields)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        header = found.pop("header")
        assert header == {"functionExecutionStatus": {"status": "Executed-Success"}}
        return found

    def begin(self) -> ServerAuthentication:
        """InitiateAuthentication."""
        found = self.do(
            "initiateAuthentication",
            smdpAddress=ADDRESS,
            euiccChallenge=coded(CHALLENGE),
            euiccInfo1=coded(self.euicc.info1()),
        )
        return ServerAuthentication(
            hx(found["transactionId"]),
            b64decode(found["serverSigned1"]),
            content("5F37", found["serverSignature1"]),
            content("04", found["euiccCiPKIdToBeUsed"]),
            b64decode(found["serverCertificate"]),
        )

    def offer(self, matching_id: str = "A") -> ClientAuthentication:
        """As far as AuthenticateClient."""
        first = self.begin()
        found = self.do(
            "authenticateClient",
            transactionId=first.transaction_id.hex(),
            authenticateServerResponse=coded(self.euicc.authenticate(first, matching_id)),
        )
        return ClientAuthentication(
            hx(found["transactionId"]),
            b64decode(found["profileMetadata"]),
            b64decode(found["smdpSigned2"]),
            content("5F37", found["smdpSignature2"]),
            b64decode(found["smdpCertificate"]),
        )

    def package(self, offer: ClientAuthentication, hash_cc: bytes | None = None) -> dict[str, Any]:
        """The fields of GetBoundProfilePackage."""
        return {
            "transactionId": offer.transaction_id.hex().upper(),
            "prepareDownloadResponse": coded(self.euicc.prepare(offer, hash_cc=hash_cc)),
        }


def new_desk() -> Desk:
    """One with orders A, C (with a confirmation code) and ONCE."""
    orders = [
        Order(UPP, "A"),
        Order(UPP, "C", confirmation_code="Secret-1"),
        Order(UPP, "ONCE", single_use=True),
    ]
    smdpp = Smdpp.of(shared_pki(), orders, random=SeededEnv(1).random)
    return Desk(smdpp, PaperEuicc.below(shared_pki()), Lines())


def coded(data: bytes) -> str:
    """In base64."""
    return b64encode(data).decode()


def content(tag: str, text: str) -> bytes:
    """What is in an object with that tag, which came in base64."""
    ((found, _, inside),) = objects(b64decode(text))
    assert found == tag
    return inside


def refused(answer: httpx.Response, subject: str, reason: str, status: int = 200) -> str:
    """The message of a refusal with these codes."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    found = answer.json()
    assert list(found) == ["header"]
    execution = found["header"]["functionExecutionStatus"]
    assert execution["status"] == "Failed"
    data = execution["statusCodeData"]
    assert (data["subjectCode"], data["reasonCode"]) == (subject, reason)
    message: str = data["message"]
    assert len(message.encode()) <= 128
    return message
