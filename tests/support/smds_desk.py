"""An SM-DS behind its application, and a card on paper that asks it, in JSON."""

from __future__ import annotations

import ssl
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import httpx

from euicc_sim.env import SeededEnv
from euicc_sim.parties.messages.interfaces import ServerAuthentication
from euicc_sim.parties.smds import Smds
from euicc_sim.servers.es9_app import PATH
from euicc_sim.servers.smds_app import ES12_PATH, smds_app
from keys import Curve, Role
from support.es9_desk import coded, content
from support.euiccs import CHALLENGE, PaperEuicc, shared_pki
from support.hexes import hx
from support.web import Lines, ask

ROOT = "testrootsmds.example.com"
HEADER = {"functionRequesterIdentifier": "smdp.example.com", "functionCallIdentifier": "1"}
SMDP = shared_pki().credential(Role.DP_TLS, Curve.NIST).der


@dataclass
class SmdsDesk:
    """An SM-DS behind its application, and a card that asks it."""

    smds: Smds
    euicc: PaperEuicc
    log: Lines

    def __post_init__(self) -> None:
        self.app = smds_app(self.smds, self.log)

    def ask(self, function: str, body: Any = b"", **options: Any) -> httpx.Response:
        """The answer of ES11."""
        return ask(self.app, PATH + function, body, **options)

    def tell(
        self,
        function: str,
        fields: Any,
        certificate: bytes | None = SMDP,
        kind: str = "application/json",
    ) -> httpx.Response:
        """The answer of ES12 to a server that shows that certificate."""
        sent = {"Content-Type": kind}
        body = {"header": HEADER, **fields} if isinstance(fields, dict) else fields
        return ask(_showing(self.app, certificate), ES12_PATH + function, body, headers=sent)

    def register(self, event_id: str, eid: str, address: str = "smdp.example.com") -> None:
        """Register an event, which must be accepted."""
        fields = {
            "eid": eid,
            "rspServerAddress": address,
            "eventId": event_id,
            "forwardingIndicator": False,
        }
        good(self.tell("registerEvent", fields))

    def begin(self) -> ServerAuthentication:
        """InitiateAuthentication."""
        found = good(
            self.ask(
                "initiateAuthentication",
                {
                    "smdpAddress": self.smds.address,
                    "euiccChallenge": coded(CHALLENGE),
                    "euiccInfo1": coded(self.euicc.info1()),
                },
            )
        )
        return ServerAuthentication(
            hx(found["transactionId"]),
            b64decode(found["serverSigned1"]),
            content("5F37", found["serverSignature1"]),
            content("04", found["euiccCiPKIdToBeUsed"]),
            b64decode(found["serverCertificate"]),
        )

    def authenticate(self, matching_id: str | None = None) -> httpx.Response:
        """The answer of AuthenticateClient, after InitiateAuthentication."""
        first = self.begin()
        return self.ask(
            "authenticateClient",
            {
                "transactionId": first.transaction_id.hex().upper(),
                "authenticateServerResponse": coded(self.euicc.authenticate(first, matching_id)),
            },
        )

    def events(self, matching_id: str | None = None) -> list[tuple[str, str]]:
        """EventIDs and addresses that the card gets."""
        found = good(self.authenticate(matching_id))["eventEntries"]
        return [(one["eventId"], one["rspServerAddress"]) for one in found]


def new_smds_desk() -> SmdsDesk:
    """One without events."""
    smds = Smds.of(shared_pki(), address=ROOT, random=SeededEnv(1).random)
    return SmdsDesk(smds, PaperEuicc.below(shared_pki()), Lines())


def good(answer: httpx.Response) -> dict[str, Any]:
    """The fields of a good answer."""
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    header = found.pop("header")
    assert header == {"functionExecutionStatus": {"status": "Executed-Success"}}, header
    return found


def _showing(app: Any, certificate: bytes | None) -> Any:
    """The application as TLS leaves it to a client with that certificate."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if certificate is not None:
            chain = [ssl.DER_cert_to_PEM_cert(certificate)]
            scope = {**scope, "extensions": {"tls": {"client_cert_chain": chain}}}
        await app(scope, receive, send)

    return answer
