"""The functions of ESipa as an eIM answers them (SGP.32 v1.2 clause 6.3.2).

Every message gets the protocol's own answer, also one that cannot be read. Knows no HTTP beyond
the status that goes with an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from apdu import TlvError
from apdu.tlv import children, whole
from euicc_sim.asn1.esipa import messages as esipa
from euicc_sim.asn1.esipa.messages import Asn1Error, FromIpa
from euicc_sim.asn1.wire import Wire
from euicc_sim.parties.eim.server.card_records import CardRecord, Order, UnknownEidError
from euicc_sim.parties.eim.server.eim_service import EimService
from euicc_sim.parties.eim.server.orders import next_package
from euicc_sim.parties.eim.server.relayed_download import UNDEFINED, RelayError, error_for
from euicc_sim.parties.eim.server.results_of_orders import ResultTaker
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.euicc_certificates import eid_of
from euicc_sim.parties.messages.notifications import Pending, read_pending
from euicc_sim.parties.messages.package_results import read_result
from keys import PkiError, validate_eid

OK, NO_CONTENT, BAD_REQUEST = 200, 204, 400


class EsipaError(EimError):
    """A request that is refused with a code of ESipa's."""

    def __init__(self, code: str, sentence: str) -> None:
        """Say why."""
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reply:
    """What an eIM answers: the message, empty where ESipa has none, and the status of HTTP.

    `eid` is the card's as far as it is known; its notifications may wait to be passed on.
    """

    body: bytes
    status: int = OK
    eid: str | None = None


_EID_TAG, _EID_SIZE = 0x5A, 16
_WITH_EID = ("getEimPackageRequest", "provideEimPackageResult")


class EsipaFunctions:
    """Answers what IPAs send to an eIM."""

    def __init__(self, service: EimService) -> None:
        """Answer for that one."""
        self._service = service
        self._tell = service.tell
        self._functions: dict[str, Callable[[FromIpa, str], Reply]] = {
            "getEimPackageRequest": self._get_package,
            "provideEimPackageResult": self._provide_result,
            "handleNotificationEsipa": self._handle_notification,
            "transferEimPackageResponse": self._transfer_response,
        } | RelayFunctions(service).functions

    def answer(self, data: bytes, peer: str = "") -> Reply:
        """The answer to a message; `peer` is where it came from, "host:port"."""
        name = esipa.name_of(data)
        if name is None:
            self._tell(
                f"refused: {data[:8].hex().upper() or 'nothing'}… begins no message of ESipa",
                refused=True,
            )
            return Reply(b"", BAD_REQUEST)
        try:
            return self._functions[name](_read(name, data), peer)
        except UnknownEidError as error:
            return self._refused(name, "eidNotFound", error)
        except (EsipaError, RelayError) as error:
            return self._refused(name, error.code, error)
        except (Asn1Error, EimError) as error:
            return self._refused(name, UNDEFINED, error)

    def _refused(self, name: str, code: str, error: Exception) -> Reply:
        found = error_for(name, code)
        answered = f"answered {code}" if found else "answered with HTTP status 400"
        self._tell(f"{name} {answered}: {error}", refused=True)
        if found is None:
            return Reply(b"", BAD_REQUEST)
        try:
            return Reply(esipa.to_ipa(*found))
        except Asn1Error:  # a code that this message does not have
            return Reply(esipa.to_ipa(found[0], (found[1][0], UNDEFINED)))

    # -- packages

    def _get_package(self, message: FromIpa, peer: str) -> Reply:
        eid = _eid(message.value)
        with self._service.store.changing(eid) as record:
            self._service.peers.saw(peer, eid)
            record.last_poll = self._service.time()
            found = self._next(record)
        if found is None:
            self._tell(f"{eid}: asked for a package, none waits")
            value: tuple[str, Any] = ("eimPackageError", "noEimPackageAvailable")
        else:
            value, order = found
            times = f", for the {order.deliveries}. time" if order.deliveries > 1 else ""
            self._tell(f"{eid}: given {order.what}{times}")
        return Reply(esipa.to_ipa("getEimPackageResponse", value), eid=eid)

    def _next(self, record: CardRecord) -> tuple[tuple[str, Any], Order] | None:
        return next_package(
            record,
            self._service.eim,
            self._service.random,
            self._service.time(),
            lambda text: self._tell(f"{record.eid}: {text}", refused=True),
        )

    def _provide_result(self, message: FromIpa, peer: str) -> Reply:
        form, value = message.value["eimPackageResult"]
        given = "eidValue" in message.value
        eid = _eid(message.value) if given else self._eid_of_result(form, value, peer)
        self._service.peers.saw(peer, eid)
        numbers = self._take(eid, form, value)
        # Without acknowledgements v1.0 has no emptyResponse, but both know an empty list.
        answer: tuple[str, Any] = ("eimAcknowledgements", numbers)
        if given and not numbers:
            answer = ("emptyResponse", {})
        return Reply(esipa.to_ipa("provideEimPackageResultResponse", answer), eid=eid)

    def _take(self, eid: str, form: str, value: Any) -> list[int]:
        """The numbers to acknowledge. Raises EimError; then the order waits on, and says why."""
        failed: EimError | None = None
        lines: list[str] = []
        with self._service.store.changing(eid) as record:
            before = deepcopy(record)
            taker = ResultTaker(
                self._service.eim, record, self._service.time(), lines.append, self._service.data
            )
            try:
                taker.take(form, value)
            except EimError as error:
                failed = error
                _undo(record, before)
                _note(record, form, str(error))
        if failed is not None:
            raise EsipaError(UNDEFINED, f"{eid}: {failed}") from failed
        for line in lines:
            self._tell(f"{eid}: {line}")
        return taker.acknowledged

    def _eid_of_result(self, form: str, value: Any, peer: str) -> str:
        """The card of a result that does not name it."""
        transaction = None
        if form == "euiccPackageResult":
            transaction = read_result(value, self._service.eim.wire).transaction_id
        elif form == "ePRAndNotifications":
            transaction = read_result(
                value["euiccPackageResult"], self._service.eim.wire
            ).transaction_id
        elif form == "profileDownloadTriggerResult":
            transaction = value.get("eimTransactionId")
        found = self._service.card_of(transaction) or self._service.peers.eid(peer)
        if found is None:
            raise EsipaError(
                "missingEid", "The result does not say of which card it is. Send its eidValue."
            )
        return found

    def _transfer_response(self, message: FromIpa, peer: str) -> Reply:
        """What an IPA says to a package that it was brought by TransferEimPackage."""
        form, value = message.value
        if form == "eimPackageReceived":
            self._tell("TransferEimPackage: the IPA has the package")
            return Reply(b"", NO_CONTENT)
        eid = self._eid_of_result(form, value, peer)
        numbers = self.take_transferred(eid, form, value)
        answer = esipa.to_ipa("transferEimPackageRequest", ("eimAcknowledgements", numbers))
        return Reply(answer, eid=eid)

    def next_for(self, eid: str) -> tuple[str, Any] | None:
        """What to bring a card now, a TransferEimPackageRequest; None when nothing waits."""
        with self._service.store.changing(eid) as record:
            found = self._next(record)
        if found is None:
            return None
        value, order = found
        self._tell(f"{eid}: brought {order.what}")
        return value

    def take_transferred(self, eid: str, form: str, value: Any) -> list[int]:
        """Take a TransferEimPackageResponse: the numbers to acknowledge. Raises EimError."""
        if form == "eimPackageError":
            return self._take(
                eid, "eimPackageResultResponseError", {"eimPackageResultErrorCode": value}
            )
        return self._take(eid, form, value)

    # -- notifications

    def _handle_notification(self, message: FromIpa, peer: str) -> Reply:
        form, value = message.value
        if form == "provideEimPackageResult":
            answered = self._provide_result(FromIpa(message.name, value, message.old), peer)
            return Reply(b"", NO_CONTENT, answered.eid)
        pending = read_pending(value[1], self._service.eim.wire)
        eid = pending.eid or self._eid_of_download(pending, peer)
        if eid is None:
            raise EimError(f"{pending.about} is of a card that is not known here.")
        lines: list[str] = []
        with self._service.store.changing(eid) as record:
            ResultTaker(
                self._service.eim, record, self._service.time(), lines.append, self._service.data
            ).notification(value[1])
        for line in (f"{pending.about} taken", *lines):
            self._tell(f"{eid}: {line}")
        return Reply(b"", NO_CONTENT, eid)

    def _eid_of_download(self, pending: Pending, peer: str) -> str | None:
        download = self._service.relay.downloads.get(pending.transaction_id or b"")
        if download is not None and download.eid is not None:
            return download.eid
        return self._service.signer_of(pending.message) or self._service.peers.eid(peer)


def _read(name: str, data: bytes) -> FromIpa:
    """The message. Raises EsipaError for one without its EID, Asn1Error for what cannot be read."""
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


def _eid(value: dict[str, Any]) -> str:
    eid: str = value["eidValue"].hex()
    try:
        validate_eid(eid)
    except PkiError as error:
        raise EsipaError("invalidEid", f"The eidValue {eid.upper()} is no EID: {error}") from error
    return eid


def _undo(record: CardRecord, before: CardRecord) -> None:
    for name in record.__struct_fields__:
        setattr(record, name, getattr(before, name))


def _note(record: CardRecord, form: str, problem: str) -> None:
    """Say at the order whose result was not taken why it waits on."""
    kinds = {"ipaEuiccDataResponse": "data", "profileDownloadTriggerResult": "download"}
    kind = kinds.get(form, "package")
    for order in record.queue:
        if order.kind == kind and order.deliveries:
            order.problem = problem
            return


class RelayFunctions:
    """Knows which order of which card a download belongs to; the rest is `Relay`'s."""

    def __init__(self, service: EimService) -> None:
        """Answer for that one."""
        self._service = service
        self._tell = service.tell
        self.functions: dict[str, Callable[[FromIpa, str], Reply]] = {
            "initiateAuthenticationRequestEsipa": self._initiate,
            "authenticateClientRequestEsipa": self._authenticate,
            "getBoundProfilePackageRequestEsipa": self._bind,
            "cancelSessionRequestEsipa": self._cancel,
        }

    def _initiate(self, message: FromIpa, peer: str) -> Reply:
        value = message.value
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
        answer = ("initiateAuthenticationOkEsipa", ok)
        return Reply(esipa.to_ipa("initiateAuthenticationResponseEsipa", answer), eid=eid)

    def _authenticate(self, message: FromIpa, _: str) -> Reply:
        with self._noting(message):
            ok = self._service.relay.authenticate(message.value)
        self._keep_certificate(message.value)
        answer = ("authenticateClientOkDPEsipa", ok)
        return self._relayed("AuthenticateClient", "authenticateClientResponseEsipa", answer)

    def _bind(self, message: FromIpa, _: str) -> Reply:
        with self._noting(message):
            ok = self._service.relay.bind(message.value)
        answer = ("getBoundProfilePackageOkEsipa", ok)
        name = "getBoundProfilePackageResponseEsipa"
        return self._relayed("GetBoundProfilePackage", name, answer)

    def _cancel(self, message: FromIpa, _: str) -> Reply:
        self._service.relay.cancel(message.value)
        return self._relayed("CancelSession", "cancelSessionResponseEsipa", ("cancelSessionOk", {}))

    def _relayed(self, function: str, name: str, answer: tuple[str, Any]) -> Reply:
        self._tell(f"{function} relayed")
        return Reply(esipa.to_ipa(name, answer))

    def _keep_certificate(self, value: dict[str, Any]) -> None:
        """Remember the certificate that the SM-DP+ accepted: it verifies how the download ends."""
        transaction: bytes = value["transactionId"]
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
    def _noting(self, message: FromIpa) -> Iterator[None]:
        """What an SM-DP+ refuses in here is said at the order, too."""
        transaction: bytes = message.value["transactionId"]
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
        form, value = wire.read_keeping("AuthenticateServerResponse", response)
    except Asn1Error:
        return None
    if form != "authenticateResponseOk":
        return None
    found: bytes = value["euiccCertificate"]
    return found


def _download_of(record: CardRecord, transaction: bytes | None) -> Order | None:
    """The download that was given out: with that eimTransactionId, or the last one."""
    found = [one for one in record.queue if one.kind == "download" and one.deliveries]
    if transaction is not None:
        found = [one for one in found if one.transaction_id == transaction]
    return found[-1] if found else None
