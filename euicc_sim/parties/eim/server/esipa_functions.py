"""The functions of ESipa as an eIM answers them (SGP.32 v1.2 clause 6.3.2).

Every message, even a malformed one, gets the protocol's own answer. Knows nothing of HTTP but the
status that goes with an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from apdu import TlvError
from apdu.tlv import children, whole
from apdu.words import plural
from euicc_sim.asn1 import esipa
from euicc_sim.asn1.esipa import Asn1Error
from euicc_sim.asn1.esipa.download import (
    AuthenticateClientOkDSEsipaValue,
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
    CorrelationIdValue,
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
    ProfileDownloadTriggerRequestValue,
)
from euicc_sim.asn1.sgp22.download import AuthenticateServerResponse, CancelSessionResponse
from euicc_sim.asn1.types import Nothing
from euicc_sim.asn1.wire import Wire
from euicc_sim.parties.eim.server.card_records import (
    CardDraft,
    CardRecord,
    Forward,
    Order,
    OrderKind,
    Relayed,
    StorageError,
    UnknownEidError,
)
from euicc_sim.parties.eim.server.change_notices import state_change
from euicc_sim.parties.eim.server.eim_service import EimService, host_of
from euicc_sim.parties.eim.server.orders import Package, next_package, stamp
from euicc_sim.parties.eim.server.relayed_download import RelayError
from euicc_sim.parties.eim.server.results_of_orders import ResultTaker
from euicc_sim.parties.messages.activation_code import ActivationCode
from euicc_sim.parties.messages.errors import EimError, NotGenuineError
from euicc_sim.parties.messages.esipa_refusals import UNDEFINED, error_for
from euicc_sim.parties.messages.euicc_certificates import eid_of, is_smds
from euicc_sim.parties.messages.interfaces import TO_BE_TRIED_AGAIN, CancelReason, Reply
from euicc_sim.parties.messages.notifications import read_pending
from euicc_sim.parties.messages.package_results import read_result
from keys import PkiError, validate_eid

NOBODY = "0" * 32
"""The EID of no card: its check digits are wrong."""
NO_CONTENT, BAD_REQUEST, UNAVAILABLE = 204, 400, 503

POLLS_NOTED = timedelta(minutes=1)
"""How often the time of a poll is kept at most if nothing else changes."""


class EsipaError(EimError):
    """A request is refused with an ESipa error code."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


_EID_TAG, _EID_SIZE = 0x5A, 16
_WITH_EID = ("getEimPackageRequest", "provideEimPackageResult")


_RELAYED = (
    "initiateAuthenticationRequestEsipa",
    "authenticateClientRequestEsipa",
    "getBoundProfilePackageRequestEsipa",
    "cancelSessionRequestEsipa",
)


def relayed(data: bytes) -> bool:
    """Whether a message is passed on to an SM-DP+ before it is answered."""
    return esipa.name_of(data) in _RELAYED


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
            why = f"{data[:8].hex().upper() or 'nothing'}… does not begin an ESipa message"
            self._tell(f"refused: {why}", refused=True)
            return Reply(b"", BAD_REQUEST, why)
        try:
            return self._answer(_read(name, data), peer)
        except UnknownEidError as error:
            return self._refused(name, "eidNotFound", error)
        except StorageError as error:
            self._tell(f"{name} answered with HTTP status 503: {error}", refused=True)
            return Reply(b"", UNAVAILABLE)
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
            return Reply(b"", BAD_REQUEST, str(error))
        try:
            return Reply(esipa.refusal_to_ipa(*found), why=str(error))
        except Asn1Error:  # this message does not have that code
            return Reply(esipa.refusal_to_ipa(*found[:2], UNDEFINED), why=str(error))

    # -- packages

    def _get_package(self, asked: GetEimPackageRequestValue, peer: str) -> Reply:
        eid = _eid(asked["eidValue"])
        now, store = self._service.now(), self._service.store
        idle = store.idle(eid, stamp(now))
        self._service.connections.saw(peer, eid)
        found, change = None, state_change(asked, stamp(now))
        if idle is None or change or _worth_noting(idle, host_of(peer), now):
            with store.changing(eid) as card:
                card.record.state_change = change or card.record.state_change
                card.record.last_poll, card.record.host = stamp(now), host_of(peer) or None
                found = self._next(card, now)
        if change is not None:
            self._tell(f"{eid}: the enabled Profile has changed: {change.what}")
        if found is None:
            self._tell(f"{eid}: asked for a package, none is queued")
            value: GetEimPackageResponseValue = ("eimPackageError", "noEimPackageAvailable")
        else:
            value, order = found
            times = f", delivery {order.deliveries}" if order.deliveries > 1 else ""
            self._tell(f"{eid}: given {order.what}{times}")
        return Reply(esipa.to_ipa(("getEimPackageResponse", value)))

    def _next(self, card: CardDraft, now: datetime) -> tuple[Package, Order] | None:
        return next_package(
            card,
            self._service.eim,
            self._service.random,
            now,
            lambda text: self._tell(f"{card.record.eid}: {text}", refused=True),
        )

    def _provide_result(self, provided: ProvideEimPackageResultValue, peer: str) -> Reply:
        result = provided["eimPackageResult"]
        given = provided.get("eidValue")
        eid = self._eid_of_result(result, peer) if given is None else _eid(given)
        numbers = self._take(eid, result)
        self._service.connections.saw(peer, eid)
        # Without acknowledgements v1.0 has no emptyResponse, but both know an empty list.
        answer: ProvideEimPackageResultResponseValue = ("eimAcknowledgements", numbers)
        if given is not None and not numbers:
            answer = ("emptyResponse", Nothing())
        return Reply(esipa.to_ipa(("provideEimPackageResultResponse", answer)))

    def _take(self, eid: str, result: EimPackageResultValue) -> list[int]:
        """The numbers to acknowledge. On EimError the order stays queued and records why."""
        service = self._service
        lines: list[str] = []
        try:
            with service.store.changing(eid) as card:
                taker = ResultTaker(service.eim, card, service.now(), lines.append, service.data)
                taker.take(result)
        except (StorageError, UnknownEidError):
            raise
        except EimError as error:
            with service.store.changing(eid) as card:
                _note(card, result[0], error)
            raise EsipaError(UNDEFINED, f"{eid}: {error}") from error
        if taker.to_forward:
            service.forwarder.wake()
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
            case ("ipaEuiccDataResponse", (_, data)):
                transaction = data.get("eimTransactionId")
            case ("profileDownloadTriggerResult", download):
                transaction = download.get("eimTransactionId")
            case ("eimPackageResultResponseError", error):
                transaction = error.get("eimTransactionId")
            case ("eimPackageReceivedWithCid" | "eimPackageErrorWithCid", with_cid):
                match with_cid.get("correlationId"):
                    case ("eidValue", eid):
                        return _eid(eid)
                    case ("eimTransactionId", transaction):
                        pass
        found = self._service.card_of(transaction, peer)
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
        if transferred[0] == "eimPackageReceivedWithCid":
            self._tell(f"{eid}: the IPA has the package")
            return Reply(b"", NO_CONTENT)
        numbers = self.take_transferred(eid, transferred)
        answer: TransferEimPackageRequestValue = ("eimAcknowledgements", numbers)
        return Reply(esipa.to_ipa(("transferEimPackageRequest", answer)))

    def next_for(self, eid: str) -> Package | None:
        """The next TransferEimPackageRequest for a card; None when nothing is waiting."""
        with self._service.store.changing(eid) as card:
            found = self._next(card, self._service.now())
        if found is None:
            return None
        value, order = found
        self._tell(f"{eid}: {order.what} is sent")
        return value

    def take_transferred(self, eid: str, answer: TransferEimPackageResponseValue) -> list[int]:
        """Take a TransferEimPackageResponse: the numbers to acknowledge. Raises EimError."""
        error: EimPackageResultResponseErrorValue
        match answer:
            case ("eimPackageReceived", _):
                return []
            case ("eimPackageReceivedWithCid", received):
                self._check_correlation(eid, received.get("correlationId"))
                return []
            case ("eimPackageError", code):
                error = {"eimPackageResultErrorCode": code}
                return self._take(eid, ("eimPackageResultResponseError", error))
            case ("eimPackageErrorWithCid", refused):
                correlation = refused.get("correlationId")
                self._check_correlation(eid, correlation)
                error = {"eimPackageResultErrorCode": refused["eimPackageError"]}
                if correlation is not None and correlation[0] == "eimTransactionId":
                    error["eimTransactionId"] = correlation[1]
                return self._take(eid, ("eimPackageResultResponseError", error))
            case result:
                return self._take(eid, result)

    def _check_correlation(self, eid: str, correlation: CorrelationIdValue | None) -> None:
        """Raise EimError for the answer to a package of another card."""
        match correlation:
            case None:
                return
            case ("eidValue", value):
                found: str | None = value.hex()
            case ("eimTransactionId", value):
                found = self._service.store.card_of(value)
        if found != eid:
            raise EimError(
                f"The IPA of {eid} answered for the {correlation[0]} {value.hex().upper()}, which "
                "is not of its package. Check the IPA."
            )

    # -- notifications

    def _handle_notification(self, notified: HandleNotificationEsipaValue, peer: str) -> Reply:
        """Keep a notification for its SM-DP+; its card need not be known here."""
        if notified[0] == "provideEimPackageResult":
            self._provide_result(notified[1], peer)
            return Reply(b"", NO_CONTENT)
        _, message = notified[1]
        pending = read_pending(message, self._service.eim.wire)
        service, lines = self._service, list[str]()
        download = service.store.relayed(pending.transaction_id or b"")
        eid = pending.eid or (download and download.eid) or service.connections.eid(peer)
        try:
            with service.store.changing(eid or NOBODY) as card:
                ResultTaker(
                    service.eim, card, service.now(), lines.append, service.data
                ).notification(message)
        except UnknownEidError:
            sender = eid or host_of(peer) or "a card"
            service.store.forward(Forward(address=pending.address, message=message, sender=sender))
        service.forwarder.wake()
        for line in (f"{pending.about} taken", *lines):
            self._tell(f"{eid or 'a card'}: {line}")
        return Reply(b"", NO_CONTENT)


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


def _worth_noting(record: CardRecord, host: str, now: datetime) -> bool:
    """Whether the time of this poll is to be kept."""
    if record.last_poll is None or (record.host or "") != host:
        return True
    return now - datetime.fromisoformat(record.last_poll) >= POLLS_NOTED


_KINDS: dict[str, OrderKind] = {
    "ipaEuiccDataResponse": "data",
    "profileDownloadTriggerResult": "download",
}


def _note(card: CardDraft, form: str, error: EimError) -> None:
    """Record in the order why its result was not accepted.

    A certificate that has never verified anything is not believed any longer: it is asked for
    again.
    """
    order = card.delivered(_KINDS.get(form, "package"))
    if order is not None:
        order.problem = str(error)
    if isinstance(error, NotGenuineError) and not card.record.proven:
        card.record.euicc_certificate, card.record.asked = None, False


class RelayFunctions:
    """Finds the card and the order of a download; the rest is done by `Relay`."""

    def __init__(self, service: EimService) -> None:
        self._service = service
        self._tell = service.tell

    def initiate(self, value: InitiateAuthenticationRequestEsipaValue, peer: str) -> Reply:
        """ESipa.InitiateAuthentication."""
        service, given = self._service, value.get("eimTransactionId")
        eid = service.card_of(given, peer)
        order, info1 = self._order(eid, given)
        if given is not None and order is None:
            raise RelayError(
                "invalidEimTransactionId",
                f"No download has the eimTransactionId {given.hex().upper()}. "
                "Ask for a package again.",
            )
        address, ok = service.relay.initiate(value, order, info1)
        service.store.relay(
            Relayed(
                transaction_id=ok["transactionId"],
                address=address,
                begun_at=service.now().isoformat(),
                sender=eid or host_of(peer),
                eid=eid,
                order=order.number if order else None,
                smds=is_smds(ok["serverCertificate"]),
            )
        )
        about = f"{eid or 'a card'}: InitiateAuthentication"
        self._tell(f"{about} relayed, transaction {ok['transactionId'].hex().upper()}")
        answer: InitiateAuthenticationResponseEsipaValue = ("initiateAuthenticationOkEsipa", ok)
        return Reply(esipa.to_ipa(("initiateAuthenticationResponseEsipa", answer)))

    def authenticate(self, value: AuthenticateClientRequestEsipaValue) -> Reply:
        """ESipa.AuthenticateClient."""
        download = self._service.relay.download(value["transactionId"])
        if download.smds:
            return self._events(download, value)
        with self._noting(download):
            code = self._confirmation_code(download)
            ok = self._service.relay.authenticate(download, value, code)
        self._keep_certificate(download, value)
        answer: AuthenticateClientResponseEsipaValue = ("authenticateClientOkDPEsipa", ok)
        return self._relayed("AuthenticateClient", ("authenticateClientResponseEsipa", answer))

    def _events(self, download: Relayed, value: AuthenticateClientRequestEsipaValue) -> Reply:
        """ESipa.AuthenticateClient at an SM-DS: the first event is a trigger, others are orders."""
        with self._noting(download):
            events = self._service.relay.events(download, value)
        codes = [ActivationCode(one.address, one.event_id) for one in events]
        ok: AuthenticateClientOkDSEsipaValue = {"transactionId": value["transactionId"]}
        if codes:
            trigger: ProfileDownloadTriggerRequestValue = {
                "profileDownloadData": ("activationCode", codes[0].bare)
            }
            number = self._transaction_of(download)
            if number is not None:
                trigger["eimTransactionId"] = number
            ok["profileDownloadTrigger"] = trigger
        if download.eid is not None and codes[1:]:
            self._queue(download.eid, codes[1:])
        answer: AuthenticateClientResponseEsipaValue = ("authenticateClientOkDSEsipa", ok)
        self._tell(
            f"{download.sender}: {plural(len(codes), 'event')} at the SM-DS {download.address}"
        )
        return self._relayed("AuthenticateClient", ("authenticateClientResponseEsipa", answer))

    def _queue(self, eid: str, codes: Sequence[ActivationCode]) -> None:
        """Order the downloads of events, but for those that wait already."""
        service = self._service
        waiting = {one.activation_code for one in service.store.queue(eid)}
        for code in codes:
            if str(code) not in waiting:
                service.order_download(eid, code)

    def _transaction_of(self, download: Relayed) -> bytes | None:
        """The eimTransactionId of its order."""
        if download.eid is None or download.order is None:
            return None
        with self._service.store.changing(download.eid) as card:
            order = card.order(number=download.order)
            return order.transaction_id if order else None

    def bind(self, value: GetBoundProfilePackageRequestEsipaValue) -> Reply:
        """ESipa.GetBoundProfilePackage."""
        download = self._service.relay.download(value["transactionId"])
        with self._noting(download):
            ok = self._service.relay.bind(download, value)
        answer: GetBoundProfilePackageResponseEsipaValue = ("getBoundProfilePackageOkEsipa", ok)
        message: EsipaMessageFromEimToIpaValue = ("getBoundProfilePackageResponseEsipa", answer)
        return self._relayed("GetBoundProfilePackage", message)

    def cancel(self, value: CancelSessionRequestEsipaValue) -> Reply:
        """ESipa.CancelSession."""
        download = self._service.relay.download(value["transactionId"])
        self._service.relay.cancel(download, value)
        self._hold(download, value["cancelSessionResponse"])
        answer: CancelSessionResponseEsipaValue = ("cancelSessionOk", Nothing())
        return self._relayed("CancelSession", ("cancelSessionResponseEsipa", answer))

    def _hold(self, download: Relayed, response: bytes) -> None:
        """Hold the order of a download that was cancelled, unless it is to be tried again.

        An IPA may say nothing more of it; a result that comes still ends the order.
        """
        reason = _cancel_reason(response, self._service.eim.wire)
        if reason in TO_BE_TRIED_AGAIN or download.eid is None or download.order is None:
            return
        with self._service.store.changing(download.eid) as card:
            order = card.order(number=download.order)
            if order is not None:
                said = "without a reason" if reason is None else reason.name.lower()
                order.held = True
                order.problem = f"the download was cancelled: {said.replace('_', ' ')}"

    def _relayed(self, function: str, message: EsipaMessageFromEimToIpaValue) -> Reply:
        self._tell(f"{function} relayed")
        return Reply(esipa.to_ipa(message))

    def _order(self, eid: str | None, given: bytes | None) -> tuple[Order | None, bytes | None]:
        """The delivered download with that eimTransactionId, or any; the card's EUICCInfo1."""
        if eid is None:
            return None, None
        with self._service.store.changing(eid) as card:
            order = card.delivered("download") if given is None else card.order(transaction=given)
            if order is not None and (order.kind != "download" or not order.deliveries):
                order = None
            return order, card.record.euicc_info1

    def _confirmation_code(self, download: Relayed) -> str | None:
        if download.eid is None or download.order is None:
            return None
        with self._service.store.changing(download.eid) as card:
            order = card.order(number=download.order)
            return order.confirmation_code if order else None

    def _keep_certificate(
        self, download: Relayed, value: AuthenticateClientRequestEsipaValue
    ) -> None:
        """Keep the certificate that the SM-DP+ accepted: it verifies the download's result."""
        certificate = _certificate(value["authenticateServerResponse"], self._service.eim.wire)
        if certificate is not None and eid_of(certificate) == download.eid:
            download.certificate = certificate
            self._service.store.relay(download)

    @contextmanager
    def _noting(self, download: Relayed) -> Iterator[None]:
        """Record a refusal by the SM-DP+ in the order, too."""
        try:
            yield
        except RelayError as error:
            if download.eid is not None and download.order is not None:
                with self._service.store.changing(download.eid) as card:
                    order = card.order(number=download.order)
                    if order is not None:
                        order.problem = str(error)
            raise


def _cancel_reason(response: bytes, wire: Wire) -> CancelReason | None:
    """The reason in a CancelSessionResponse."""
    try:
        found = wire[CancelSessionResponse].read_keeping(response)
    except Asn1Error:
        return None
    if found[0] != "cancelSessionResponseOk":
        return None
    reason = found[1]["euiccCancelSessionSigned"]["reason"]
    return CancelReason(reason) if reason in set(CancelReason) else None


def _certificate(response: bytes, wire: Wire) -> bytes | None:
    """The eUICC certificate in an AuthenticateServerResponse."""
    try:
        found = wire[AuthenticateServerResponse].read_keeping(response)
    except Asn1Error:
        return None
    return found[1]["euiccCertificate"] if found[0] == "authenticateResponseOk" else None
