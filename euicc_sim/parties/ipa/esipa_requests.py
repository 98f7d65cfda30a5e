"""An SM-DP+ behind an eIM, as an IPAd sees it: relayed download (SGP.32 v1.2 clause 3.2.3.2)."""

from __future__ import annotations

from typing import Any

from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.esipa import messages as esipa
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.messages.encoding import answer, with_names
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.messages.interfaces import ClientAuthentication, Esipa, ServerAuthentication


def ask_eim(eim: Esipa, name: str, value: Any) -> tuple[str, Any]:
    """Send a message; the answer's alternative and value, codes by name.

    Raises LpaError for an answer that is none, such as to another message.
    """
    request = esipa.to_eim(name, value)
    data = eim.exchange(request)
    try:
        answered, (form, found) = esipa.from_eim(data)
    except (Asn1Error, ValueError, TypeError) as error:
        raise LpaError(f"The eIM's answer cannot be read: {error}. Look at its log.") from error
    wanted = name.replace("Request", "Response")
    if answered not in (wanted, f"{name}Response"):
        raise LpaError(f"The eIM answered {name} with {answered}. Look at its log.")
    named: tuple[str, Any] = with_names(esipa.answer_type(answered), (form, found))
    return named if isinstance(found, int) else (form, found)


def brought(message: bytes) -> tuple[str, Any]:
    """What a TransferEimPackageRequest brings. Raises LpaError for another message."""
    try:
        name, (form, value) = esipa.from_eim(message)
    except (Asn1Error, ValueError, TypeError) as error:
        raise LpaError(f"What the eIM brings cannot be read: {error}. Look at the eIM.") from error
    if name != "transferEimPackageRequest":
        raise LpaError(f"The eIM brings {name}. It is to bring packages by TransferEimPackage.")
    return form, value


def transfer_answer(form: str, value: Any) -> bytes:
    """A TransferEimPackageResponse."""
    return esipa.to_eim("transferEimPackageResponse", (form, value))


class RelayServer:
    """What `RspServer` says of the SM-DP+ at `address`, by way of an eIM.

    `transaction` is the eimTransactionId of the trigger, None when it has none.
    """

    def __init__(
        self, eim: Esipa, address: str, transaction: bytes | None, wire: Wire = WIRE_1_2
    ) -> None:
        """Nothing is sent yet."""
        self._eim = eim
        self._address = address
        self._transaction = transaction
        self._wire = wire

    @property
    def address(self) -> str:
        """The name under which cards know it."""
        return self._address

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        """ESipa.InitiateAuthentication, clause 6.3.2.1."""
        value: dict[str, Any] = {
            "euiccChallenge": challenge,
            "smdpAddress": address,
            "euiccInfo1": euicc_info1,
        }
        if self._transaction is not None:
            value["eimTransactionId"] = self._transaction
        ok = self._ask("initiateAuthenticationRequestEsipa", value, "OkEsipa")
        signed = answer("ServerSigned1", ok["serverSigned1"], self._wire)
        return ServerAuthentication(
            ok.get("transactionId", signed["transactionId"]),
            ok["serverSigned1"],
            ok["serverSignature1"],
            ok["euiccCiPKIdentifierToBeUsed"],
            ok["serverCertificate"],
        )

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        """ESipa.AuthenticateClient, clause 6.3.2.2."""
        value = {"transactionId": transaction_id, "authenticateServerResponse": response}
        ok = self._ask("authenticateClientRequestEsipa", value, "OkDPEsipa")
        if "profileMetaData" not in ok:
            raise LpaError("The eIM keeps the Profile's metadata to itself. Let it send them.")
        return ClientAuthentication(
            transaction_id,
            ok["profileMetaData"],
            ok["smdpSigned2"],
            ok["smdpSignature2"],
            ok["smdpCertificate"],
            ok.get("hashCc"),
        )

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        """ESipa.GetBoundProfilePackage, clause 6.3.2.3."""
        value = {"transactionId": transaction_id, "prepareDownloadResponse": response}
        ok = self._ask("getBoundProfilePackageRequestEsipa", value, "OkEsipa")
        return bytes(ok["boundProfilePackage"])

    def handle_notification(self, pending: bytes) -> None:
        """ESipa.HandleNotification, clause 6.3.2.4; an eIM that has it answers nothing."""
        self._eim.exchange(notification(pending))

    def cancel_session(self, transaction_id: bytes, response: bytes) -> None:
        """ESipa.CancelSession, clause 6.3.2.5."""
        value = {"transactionId": transaction_id, "cancelSessionResponse": response}
        self._ask("cancelSessionRequestEsipa", value, "Ok")

    def _ask(self, name: str, value: Any, good: str) -> Any:
        form, found = ask_eim(self._eim, name, value)
        if not form.endswith(good):
            raise LpaError(
                f"The eIM, or the SM-DP+ behind it, refused {name.removesuffix('RequestEsipa')}: "
                f"{found if isinstance(found, str) else form}. Look at the eIM's log.",
                found if isinstance(found, str) else None,
            )
        return found


def notification(pending: bytes) -> bytes:
    """The message that gives an eIM a PendingNotification (BF37 or 30) to pass on."""
    form = "profileInstallationResult" if pending[:2] == b"\xbf\x37" else "otherSignedNotification"
    return esipa.to_eim("handleNotificationEsipa", ("pendingNotification", (form, pending)))
