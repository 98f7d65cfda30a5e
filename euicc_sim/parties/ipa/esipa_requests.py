"""An SM-DP+ behind an eIM, as an IPAd sees it: relayed download (SGP.32 v1.2 clause 3.2.3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from apdu import TlvError
from apdu.tlv import children, whole
from euicc_sim.asn1 import esipa
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.esipa.download import (
    AuthenticateClientRequestEsipaValue,
    AuthenticateClientResponseEsipaValue,
    CancelSessionRequestEsipaValue,
    GetBoundProfilePackageRequestEsipaValue,
    InitiateAuthenticationRequestEsipaValue,
)
from euicc_sim.asn1.esipa.functions import (
    EsipaMessageFromEimToIpaValue,
    EsipaMessageFromIpaToEimValue,
    GetEimPackageRequestValue,
    GetEimPackageResponseValue,
    TransferEimPackageRequestValue,
    TransferEimPackageResponseValue,
)
from euicc_sim.asn1.esipa.packages import EimPackageErrorName, PendingNotificationEsipaValue
from euicc_sim.asn1.sgp22.download import ServerSigned1
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError
from euicc_sim.parties.messages.encoding import answer
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.messages.interfaces import (
    ClientAuthentication,
    Esipa,
    EventEntries,
    EventEntry,
    ServerAuthentication,
)

_PACKAGES = (0xBF51, 0xBF52, 0xBF54, 0x02)
_GET_EIM_PACKAGE_RESPONSE, _TRANSFER_EIM_PACKAGE_REQUEST = 0xBF4F, 0xBF4E


class PackageFormatError(LpaError):
    """What an eIM gave is not an eIM Package; `code` is that of EimPackageError for the eIM."""

    code: EimPackageErrorName

    def __init__(self, sentence: str, code: EimPackageErrorName) -> None:
        super().__init__(sentence, code)


def ask_for_package(
    eim: Esipa, eid: str, add: Callable[[GetEimPackageRequestValue], None] = lambda _: None
) -> GetEimPackageResponseValue:
    """ESipa.GetEimPackage, clause 6.3.2.6; `add` may put a notice in the request.

    Raises PackageFormatError, LpaError.
    """
    name: Literal["getEimPackageRequest"] = "getEimPackageRequest"
    value: GetEimPackageRequestValue = {"eidValue": bytes.fromhex(eid)}
    add(value)
    data = eim.exchange(esipa.to_eim((name, value)))
    try:
        answered = esipa.from_eim(data)
    except (Asn1Error, ValueError, TypeError) as error:
        raise _unreadable(data, _GET_EIM_PACKAGE_RESPONSE, error) from error
    if answered[0] != "getEimPackageResponse":
        raise other_answer(name, answered)
    return answered[1]


def _unreadable(data: bytes, tag: int, error: Exception) -> LpaError:
    """The error for bytes that cannot be read: a PackageFormatError if they have that tag."""
    sentence = f"The eIM's package cannot be read: {error}. Check the eIM's log."
    try:
        outer = whole(data)
        inside = children(data, outer.value, outer.end)
    except TlvError:
        return LpaError(sentence)
    if outer.tag != tag:
        return LpaError(sentence)
    known = not inside or inside[0].tag in _PACKAGES
    return PackageFormatError(sentence, "invalidPackageFormat" if known else "unknownPackage")


def ask_eim(eim: Esipa, message: EsipaMessageFromIpaToEimValue) -> EsipaMessageFromEimToIpaValue:
    """Send a message and read the answer. Raises LpaError for a malformed answer."""
    data = eim.exchange(esipa.to_eim(message))
    try:
        return esipa.from_eim(data)
    except (Asn1Error, ValueError, TypeError) as error:
        raise LpaError(f"The eIM's answer cannot be read: {error}. Check its log.") from error


def other_answer(name: str, answered: EsipaMessageFromEimToIpaValue) -> LpaError:
    """The LpaError for an answer that belongs to a message of another name."""
    return LpaError(f"The eIM answered {name} with {answered[0]}. Check its log.")


def transferred(message: bytes) -> TransferEimPackageRequestValue:
    """The contents of a TransferEimPackageRequest.

    Raises PackageFormatError for one that cannot be read, LpaError for any other message.
    """
    try:
        found = esipa.from_eim(message)
    except (Asn1Error, ValueError, TypeError) as error:
        raise _unreadable(message, _TRANSFER_EIM_PACKAGE_REQUEST, error) from error
    if found[0] != "transferEimPackageRequest":
        raise LpaError(f"The eIM sends {found[0]}. It has to use TransferEimPackage.")
    return found[1]


def transfer_answer(value: TransferEimPackageResponseValue) -> bytes:
    """A TransferEimPackageResponse."""
    return esipa.to_eim(("transferEimPackageResponse", value))


class RelayServer:
    """An `RspServer` for the SM-DP+ at `address`, relayed by an eIM.

    `transaction` is the eimTransactionId of the trigger, None if it has none.
    """

    def __init__(
        self, eim: Esipa, address: str, transaction: bytes | None, wire: Wire = WIRE_1_2
    ) -> None:
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
        value: InitiateAuthenticationRequestEsipaValue = {
            "euiccChallenge": challenge,
            "smdpAddress": address,
            "euiccInfo1": euicc_info1,
        }
        if self._transaction is not None:
            value["eimTransactionId"] = self._transaction
        name: Literal["initiateAuthenticationRequestEsipa"] = "initiateAuthenticationRequestEsipa"
        found = ask_eim(self._eim, (name, value))
        if found[0] != "initiateAuthenticationResponseEsipa":
            raise other_answer(name, found)
        answered = found[1]
        if answered[0] != "initiateAuthenticationOkEsipa":
            raise _refused(name, answered)
        ok = answered[1]
        signed = answer(self._wire[ServerSigned1], ok["serverSigned1"])
        return ServerAuthentication(
            ok.get("transactionId", signed["transactionId"]),
            ok["serverSigned1"],
            ok["serverSignature1"],
            ok["euiccCiPKIdentifierToBeUsed"],
            ok["serverCertificate"],
        )

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        """ESipa.AuthenticateClient, clause 6.3.2.2."""
        name: Literal["authenticateClientRequestEsipa"] = "authenticateClientRequestEsipa"
        answered = self._authenticated(transaction_id, response)
        if answered[0] != "authenticateClientOkDPEsipa":
            raise _refused(name, answered)
        ok = answered[1]
        if "profileMetaData" not in ok:
            raise LpaError("The eIM did not send the Profile's metadata. Make it send them.")
        return ClientAuthentication(
            transaction_id,
            ok["profileMetaData"],
            ok["smdpSigned2"],
            ok["smdpSignature2"],
            ok["smdpCertificate"],
            ok.get("hashCc"),
        )

    def authenticate_events(self, transaction_id: bytes, response: bytes) -> EventEntries:
        """ESipa.AuthenticateClient, when the server behind the eIM is an SM-DS.

        The eIM answers with the trigger for one event, and keeps others for itself (3.2.3.2).
        """
        answered = self._authenticated(transaction_id, response)
        if answered[0] != "authenticateClientOkDSEsipa":
            raise _refused("authenticateClientRequestEsipa", answered)
        trigger = answered[1].get("profileDownloadTrigger")
        data = None if trigger is None else trigger.get("profileDownloadData")
        if data is None:
            return EventEntries(transaction_id, ())
        if data[0] != "activationCode":
            raise LpaError(f"The eIM answers with the trigger {data[0]}. Check its log.")
        try:
            code = ActivationCode.parse(data[1])
        except ActivationCodeError as error:
            raise LpaError(f"The eIM's trigger cannot be read: {error}") from error
        return EventEntries(transaction_id, (EventEntry(code.matching_id, code.address),))

    def _authenticated(
        self, transaction_id: bytes, response: bytes
    ) -> AuthenticateClientResponseEsipaValue:
        name: Literal["authenticateClientRequestEsipa"] = "authenticateClientRequestEsipa"
        value: AuthenticateClientRequestEsipaValue = {
            "transactionId": transaction_id,
            "authenticateServerResponse": response,
        }
        found = ask_eim(self._eim, (name, value))
        if found[0] != "authenticateClientResponseEsipa":
            raise other_answer(name, found)
        return found[1]

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        """ESipa.GetBoundProfilePackage, clause 6.3.2.3."""
        name: Literal["getBoundProfilePackageRequestEsipa"] = "getBoundProfilePackageRequestEsipa"
        value: GetBoundProfilePackageRequestEsipaValue = {
            "transactionId": transaction_id,
            "prepareDownloadResponse": response,
        }
        found = ask_eim(self._eim, (name, value))
        if found[0] != "getBoundProfilePackageResponseEsipa":
            raise other_answer(name, found)
        answered = found[1]
        if answered[0] != "getBoundProfilePackageOkEsipa":
            raise _refused(name, answered)
        return answered[1]["boundProfilePackage"]

    def handle_notification(self, pending: bytes) -> None:
        """ESipa.HandleNotification, clause 6.3.2.4; the eIM's answer is empty."""
        self._eim.exchange(notification(pending))

    def cancel_session(self, transaction_id: bytes, response: bytes) -> None:
        """ESipa.CancelSession, clause 6.3.2.5."""
        name: Literal["cancelSessionRequestEsipa"] = "cancelSessionRequestEsipa"
        value: CancelSessionRequestEsipaValue = {
            "transactionId": transaction_id,
            "cancelSessionResponse": response,
        }
        found = ask_eim(self._eim, (name, value))
        if found[0] != "cancelSessionResponseEsipa":
            raise other_answer(name, found)
        if found[1][0] != "cancelSessionOk":
            raise _refused(name, found[1])


def _refused(name: str, answered: tuple[str, object]) -> LpaError:
    """The LpaError for an error code, or for an alternative that does not belong here."""
    form, value = answered
    code = str(value) if isinstance(value, str | int) else None
    return LpaError(
        f"The eIM, or the SM-DP+ behind it, refused {name.removesuffix('RequestEsipa')}: "
        f"{code or form}. Check the eIM's log.",
        code,
    )


def notification(pending: bytes) -> bytes:
    """The message with a PendingNotification (BF37 or 30) for an eIM to pass on."""
    value: PendingNotificationEsipaValue = ("otherSignedNotification", pending)
    if pending[:2] == b"\xbf\x37":
        value = ("profileInstallationResult", pending)
    return esipa.to_eim(("handleNotificationEsipa", ("pendingNotification", value)))
