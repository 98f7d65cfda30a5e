"""The functions of ESipa as an eIM answers them (SGP.32 v1.2 clause 6.3.2).

Every message, even a malformed one, gets the protocol's own answer. Knows nothing of HTTP but the
status that goes with an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass

from apdu import TlvError
from apdu.tlv import children, whole
from euicc_sim.asn1 import esipa
from euicc_sim.asn1.esipa import Asn1Error
from euicc_sim.asn1.esipa.download import (
    AuthenticateClientRequestEsipaValue,
    AuthenticateClientResponseEsipaValue,
    CancelSessionRequestEsipaValue,
    CancelSessionResponseEsipaValue,
    GetBoundProfilePackageRequestEsipaValue,
    GetBoundProfilePackageResponseEsipaValue,
    InitiateAuthenticationRequestEsipaValue,
    InitiateAuthenticationResponseEsipaValue,
)
from euicc_sim.asn1.esipa.functions import (
    EsipaMessageFromEimToIpaValue,
    EsipaMessageFromIpaToEimValue,
    GetEimPackageRequestValue,
    GetEimPackageResponseValue,
    HandleNotificationEsipaValue,
    ProvideEimPackageResultResponseValue,
    ProvideEimPackageResultValue,
    TransferEimPackageRequestValue,
    TransferEimPackageResponseValue,
)
from euicc_sim.asn1.esipa.packages import (
    EimPackageResultResponseErrorValue,
    EimPackageResultValue,
)
from euicc_sim.asn1.sgp22.download import AuthenticateServerResponse
from euicc_sim.asn1.types import Nothing
from euicc_sim.asn1.wire import Wire
from euicc_sim.parties.eim.server.card_records import CardRecord, Order, UnknownEidError
from euicc_sim.parties.eim.server.eim_service import EimService
from euicc_sim.parties.eim.server.orders import Package, next_package
from euicc_sim.parties.eim.server.relayed_download import UNDEFINED, RelayError, error_for
from euicc_sim.parties.eim.server.results_of_orders import ResultTaker
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.euicc_certificates import eid_of
from euicc_sim.parties.messages.notifications import Pending, read_pending
from euicc_sim.parties.messages.package_results import read_result
from keys import PkiError, validate_eid

OK, NO_CONTENT, BAD_REQUEST = 200, 204, 400


class EsipaError(EimError):
    """A request is refused with an ESipa error code."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """An eIM's answer: the message, empty where ESipa has none, and the HTTP status.

    `eid` is the card's, if known; its notifications may be waiting to be passed on.
    """

    body: bytes
    status: int = OK
    eid: str | None = None


_EID_TAG, _EID_SIZE = 0x5A, 16
_WITH_EID = ("getEimPackageRequest", "provideEimPackageResult")


class EsipaFunctions:
    """Answers the messages that IPAs send to an eIM."""

    def __init__(self, service: EimService) -> None:
        self._service = service
        self._tell = service.tell
        self._relay = RelayFunctions(service)

    def answer(self, data: bytes, peer: str = "") -> Reply:
        """The answer to a message; `peer` is where it came from, "host:port"."""
        name = esipa.name_of(data)
        if name is None:
            self._tell(
                f"refused: {data[:8].hex().upper() or 'nothing'}… does not begin an ESipa message",
                refused=True,
            )
            return Reply(b"", BAD_REQUEST)
        try:
            return self._answer(_read(name, data), peer)
        except UnknownEidError as error:
            return self._refused(name, "eidNotFound", error)
        except (EsipaError, RelayError) as error:
            return self._refused(name, error.code, error)
        except (Asn1Error, EimError) as error:
            return self._refused(name, UNDEFINED, error)

    def _answer(self, message: EsipaMessageFromIpaToEimValue, peer: str) -> Reply:
        match message:
            case ("getEimPackageRequest", asked):
                return self._get_package(asked, peer)
            case ("provideEimPackageResult", provided):
                return self._provide_result(provided, peer)
            case ("handleNotificationEsipa", notified):
                return self._handle_notification(notified, peer)
            case ("transferEimPackageResponse", transferred):
                return self._transfer_response(transferred, peer)
            case ("initiateAuthenticationRequestEsipa", initiated):
                return self._relay.initiate(initiated, peer)
            case ("authenticateClientRequestEsipa", authenticated):
                return self._relay.authenticate(authenticated)
            case ("getBoundProfilePackageRequestEsipa", prepared):
                return self._relay.bind(prepared)
            case ("cancelSessionRequestEsipa", cancelled):
                return self._relay.cancel(cancelled)

    def _refused(self, name: str, code: str, error: Exception) -> Reply:
        found = error_for(name, code)
        answered = f"answered {code}" if found else "answered with HTTP status 400"
        self._tell(f"{name} {answered}: {error}", refused=True)
        if found is None:
            return Reply(b"", BAD_REQUEST)
        try:
            return Reply(esipa.refusal_to_ipa(*found))
        except Asn1Error:  # this message does not have that code
            return Reply(esipa.refusal_to_ipa(*found[:2], UNDEFINED))

    # -- packages

    def _get_package(self, asked: GetEimPackageRequestValue, peer: str) -> Reply:
        eid = _eid(asked["eidValue"])
        with self._service.store.changing(eid) as record:
            self._service.peers.saw(peer, eid)
            record.last_poll = self._service.time()
            found = self._next(record)
        if found is None:
            self._tell(f"{eid}: asked for a package, none is queued")
            value: GetEimPackageResponseValue = ("eimPackageError", "noEimPackageAvailable")
        else:
            value, order = found
            times = f", delivery {order.deliveries}" if order.deliveries > 1 else ""
            self._tell(f"{eid}: given {order.what}{times}")
        return Reply(esipa.to_ipa(("getEimPackageResponse", value)), eid=eid)

    def _next(self, record: CardRecord) -> tuple[Package, Order] | None:
        return next_package(
            record,
            self._service.eim,
            self._service.random,
            self._service.time(),
            lambda text: self._tell(f"{record.eid}: {text}", refused=True),
        )

    def _provide_result(self, provided: ProvideEimPackageResultValue, peer: str) -> Reply:
        result = provided["eimPackageResult"]
        given = provided.get("eidValue")
        eid = self._eid_of_result(result, peer) if given is None else _eid(given)
        self._service.peers.saw(peer, eid)
        numbers = self._take(eid, result)
        # Without acknowledgements v1.0 has no emptyResponse, but both know an empty list.
        answer: ProvideEimPackageResultResponseValue = ("eimAcknowledgements", numbers)
        if given is not None and not numbers:
            answer = ("emptyResponse", Nothing())
        return Reply(esipa.to_ipa(("provideEimPackageResultResponse", answer)), eid=eid)

    def _take(self, eid: str, result: EimPackageResultValue) -> list[int]:
        """The numbers to acknowledge. On EimError the order stays queued and records why."""
        failed: EimError | None = None
        lines: list[str] = []
        with self._service.store.changing(eid) as record:
            before = deepcopy(record)
            taker = ResultTaker(
                self._service.eim, record, self._service.time(), lines.append, self._service.data
            )
            try:
                taker.take(result)
            except EimError as error:
                failed = error
                _undo(record, before)
                _note(record, result[0], str(error))
        if failed is not None:
            raise EsipaError(UNDEFINED, f"{eid}: {failed}") from failed
        for line in lines:
            self._tell(f"{eid}: {line}")
        return taker.acknowledged

    def _eid_of_result(
        self, result: EimPackageResultValue | TransferEimPackageResponseValue, peer: str
    ) -> str:
        """The card of a result without an eidValue."""
        transaction = None
        match result:
            case ("euiccPackageResult", message):
                transaction = self._transaction(message)
            case ("ePRAndNotifications", both):
                transaction = self._transaction(both["euiccPackageResult"])
            case ("profileDownloadTriggerResult", download):
                transaction = download.get("eimTransactionId")
        found = self._service.card_of(transaction) or self._service.peers.eid(peer)
        if found is None:
            raise EsipaError("missingEid", "The result does not name its card. Send the eidValue.")
        return found

    def _transaction(self, result: bytes) -> bytes | None:
        return read_result(result, self._service.eim.wire).transaction_id

    def _transfer_response(self, transferred: TransferEimPackageResponseValue, peer: str) -> Reply:
        """Take an IPA's answer to a package delivered with TransferEimPackage."""
        if transferred[0] == "eimPackageReceived":
            self._tell("TransferEimPackage: the IPA has the package")
            return Reply(b"", NO_CONTENT)
        eid = self._eid_of_result(transferred, peer)
        numbers = self.take_transferred(eid, transferred)
        answer: TransferEimPackageRequestValue = ("eimAcknowledgements", numbers)
        return Reply(esipa.to_ipa(("transferEimPackageRequest", answer)), eid=eid)

    def next_for(self, eid: str) -> Package | None:
        """The next TransferEimPackageRequest for a card; None when nothing is waiting."""
        with self._service.store.changing(eid) as record:
            found = self._next(record)
        if found is None:
            return None
        value, order = found
        self._tell(f"{eid}: delivered {order.what}")
        return value

    def take_transferred(self, eid: str, answer: TransferEimPackageResponseValue) -> list[int]:
        """Take a TransferEimPackageResponse: the numbers to acknowledge. Raises EimError."""
        if answer[0] == "eimPackageReceived":
            return []
        if answer[0] == "eimPackageError":
            error: EimPackageResultResponseErrorValue = {"eimPackageResultErrorCode": answer[1]}
            return self._take(eid, ("eimPackageResultResponseError", error))
        return self._take(eid, answer)

    # -- notifications

    def _handle_notification(self, notified: HandleNotificationEsipaValue, peer: str) -> Reply:
        if notified[0] == "provideEimPackageResult":
            answered = self._provide_result(notified[1], peer)
            return Reply(b"", NO_CONTENT, answered.eid)
        _, message = notified[1]
        pending = read_pending(message, self._service.eim.wire)
        eid = pending.eid or self._eid_of_download(pending, peer)
        if eid is None:
            raise EimError(f"{pending.about} is from an unknown card.")
        lines: list[str] = []
        with self._service.store.changing(eid) as record:
            ResultTaker(
                self._service.eim, record, self._service.time(), lines.append, self._service.data
            ).notification(message)
        for line in (f"{pending.about} taken", *lines):
            self._tell(f"{eid}: {line}")
        return Reply(b"", NO_CONTENT, eid)

    def _eid_of_download(self, pending: Pending, peer: str) -> str | None:
        download = self._service.relay.downloads.get(pending.transaction_id or b"")
        if download is not None and download.eid is not None:
            return download.eid
        return self._service.signer_of(pending.message) or self._service.peers.eid(peer)


def _read(name: str, data: bytes) -> EsipaMessageFromIpaToEimValue:
    """The message. Raises EsipaError if its EID is missing, Asn1Error if it is malformed."""
    try:
        return esipa.from_ipa(data)
    except Asn1Error as error:
        if name == "getEimPackageRequest" and not _has_eid(data):
            raise EsipaError("missingEid", "The request has no eidValue. Send the EID.") from error
        raise


def _has_eid(data: bytes) -> bool:
    try:
        outer = whole(data)
        return any(one.tag == _EID_TAG for one in children(data, outer.value, outer.end))
    except TlvError:
        return True


def _eid(value: bytes) -> str:
    eid = value.hex()
    try:
        validate_eid(eid)
    except PkiError as error:
        raise EsipaError(
            "invalidEid", f"The eidValue {eid.upper()} is not an EID: {error}"
        ) from error
    return eid


def _undo(record: CardRecord, before: CardRecord) -> None:
    for name in record.__struct_fields__:
        setattr(record, name, getattr(before, name))


def _note(record: CardRecord, form: str, problem: str) -> None:
    """Record in the order why its result was not accepted."""
    kinds = {"ipaEuiccDataResponse": "data", "profileDownloadTriggerResult": "download"}
    kind = kinds.get(form, "package")
    for order in record.queue:
        if order.kind == kind and order.deliveries:
            order.problem = problem
            return


class RelayFunctions:
    """Finds the card and the order of a download; the rest is done by `Relay`."""

    def __init__(self, service: EimService) -> None:
        self._service = service
        self._tell = service.tell

    def initiate(self, value: InitiateAuthenticationRequestEsipaValue, peer: str) -> Reply:
        """ESipa.InitiateAuthentication."""
        given = value.get("eimTransactionId")
        eid = self._service.card_of(given) or self._service.peers.eid(peer)
        record = None if eid is None else self._service.store.card(eid)
        order = None if record is None else _download_of(record, given)
        if given is not None and order is None:
            raise RelayError(
                "invalidEimTransactionId",
                f"No download has the eimTransactionId {given.hex().upper()}. "
                "Ask for a package again.",
            )
        info1 = record.euicc_info1 if record else None
        transaction, ok = self._service.relay.initiate(value, eid, order, info1)
        if eid is not None and order is not None:
            with self._service.store.changing(eid) as changed:
                waiting = changed.waiting(order.number)
                if waiting is not None:
                    waiting.rsp_transactions.append(transaction)
        about = f"{eid or 'a card'}: InitiateAuthentication"
        self._tell(f"{about} relayed, transaction {transaction.hex().upper()}")
        answer: InitiateAuthenticationResponseEsipaValue = ("initiateAuthenticationOkEsipa", ok)
        message = esipa.to_ipa(("initiateAuthenticationResponseEsipa", answer))
        return Reply(message, eid=eid)

    def authenticate(self, value: AuthenticateClientRequestEsipaValue) -> Reply:
        """ESipa.AuthenticateClient."""
        with self._noting(value["transactionId"]):
            ok = self._service.relay.authenticate(value)
        self._keep_certificate(value)
        answer: AuthenticateClientResponseEsipaValue = ("authenticateClientOkDPEsipa", ok)
        return self._relayed("AuthenticateClient", ("authenticateClientResponseEsipa", answer))

    def bind(self, value: GetBoundProfilePackageRequestEsipaValue) -> Reply:
        """ESipa.GetBoundProfilePackage."""
        with self._noting(value["transactionId"]):
            ok = self._service.relay.bind(value)
        answer: GetBoundProfilePackageResponseEsipaValue = ("getBoundProfilePackageOkEsipa", ok)
        message: EsipaMessageFromEimToIpaValue = ("getBoundProfilePackageResponseEsipa", answer)
        return self._relayed("GetBoundProfilePackage", message)

    def cancel(self, value: CancelSessionRequestEsipaValue) -> Reply:
        """ESipa.CancelSession."""
        self._service.relay.cancel(value)
        answer: CancelSessionResponseEsipaValue = ("cancelSessionOk", Nothing())
        return self._relayed("CancelSession", ("cancelSessionResponseEsipa", answer))

    def _relayed(self, function: str, message: EsipaMessageFromEimToIpaValue) -> Reply:
        self._tell(f"{function} relayed")
        return Reply(esipa.to_ipa(message))

    def _keep_certificate(self, value: AuthenticateClientRequestEsipaValue) -> None:
        """Store the certificate that the SM-DP+ accepted: it verifies the download's result."""
        transaction = value["transactionId"]
        download = self._service.relay.downloads.get(transaction)
        certificate = _certificate(value["authenticateServerResponse"], self._service.eim.wire)
        if download is None or download.eid is None or certificate is None:
            return
        with self._service.store.changing(download.eid) as record:
            if eid_of(certificate) != record.eid:
                return
            for order in record.queue:
                if transaction in order.rsp_transactions:
                    order.rsp_certificate = certificate

    @contextmanager
    def _noting(self, transaction: bytes) -> Iterator[None]:
        """Record a refusal by the SM-DP+ in the order, too."""
        download = self._service.relay.downloads.get(transaction)
        try:
            yield
        except RelayError as error:
            if download is not None and download.eid is not None:
                with self._service.store.changing(download.eid) as record:
                    for order in record.queue:
                        if transaction in order.rsp_transactions:
                            order.problem = str(error)
            raise


def _certificate(response: bytes, wire: Wire) -> bytes | None:
    """The eUICC certificate in an AuthenticateServerResponse."""
    try:
        found = wire[AuthenticateServerResponse].read_keeping(response)
    except Asn1Error:
        return None
    return found[1]["euiccCertificate"] if found[0] == "authenticateResponseOk" else None


def _download_of(record: CardRecord, transaction: bytes | None) -> Order | None:
    """The delivered download with that eimTransactionId, or the last one."""
    found = [one for one in record.queue if one.kind == "download" and one.deliveries]
    if transaction is not None:
        found = [one for one in found if one.transaction_id == transaction]
    return found[-1] if found else None
