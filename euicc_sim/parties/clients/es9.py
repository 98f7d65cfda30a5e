"""A remote SM-DP+: ES9+ over HTTPS (SGP.22 v2.5 clauses 5.6 and 6.5).

    with Es9Client("https://smdp.example.com", trust=[ci_certificate]) as smdp:
        Lpa(card.transmit).download(smdp, matching_id="CODE-1")

Needs httpx, from the extra `servers`.
"""

from __future__ import annotations

from euicc_sim.asn1.wire import SIGNATURE
from euicc_sim.parties.clients.es11 import Es11Client
from euicc_sim.parties.clients.rsp_client import base64_of
from euicc_sim.parties.messages.interfaces import ClientAuthentication


class Es9Client(Es11Client):
    """The `RspServer` at `url`.

    Of a server that turns out to be an SM-DS, which has the same paths, it is the `EventServer`.
    """

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        """ES9+.AuthenticateClient, clause 5.6.3."""
        found = self._go_on(
            "authenticateClient", transaction_id, "authenticateServerResponse", response
        )
        return ClientAuthentication(
            transaction_id,
            found.data("profileMetadata"),
            found.data("smdpSigned2"),
            found.content("smdpSignature2", SIGNATURE),
            found.data("smdpCertificate"),
        )

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        """ES9+.GetBoundProfilePackage, clause 5.6.2."""
        found = self._go_on(
            "getBoundProfilePackage", transaction_id, "prepareDownloadResponse", response
        )
        return found.data("boundProfilePackage")

    def handle_notification(self, pending: bytes) -> None:
        """ES9+.HandleNotification, clause 5.6.4."""
        given = {"pendingNotification": base64_of(pending)}
        self._ask("handleNotification", given, empty=True)

    def cancel_session(self, transaction_id: bytes, response: bytes) -> None:
        """ES9+.CancelSession, clause 5.6.5."""
        self._go_on("cancelSession", transaction_id, "cancelSessionResponse", response)
