"""The functions of ESipa as an eIM answers them (SGP.32 v1.2 clause 6.3.2).

Every message gets the protocol's own answer, also one that cannot be read. Knows no HTTP beyond
the status that goes with an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apdu import TlvError
from apdu.tlv import children, whole
from euicc_sim.asn1.esipa import messages as esipa
from euicc_sim.asn1.esipa.messages import Asn1Error, FromIpa
from euicc_sim.parties.eim.server.codes import UNDEFINED, error_for
from euicc_sim.parties.eim.server.delivery import next_package
from euicc_sim.parties.eim.server.record import CardRecord, Order
from euicc_sim.parties.eim.server.relay import RelayError
from euicc_sim.parties.eim.server.relay_functions import RelayFunctions
from euicc_sim.parties.eim.server.reply import BAD_REQUEST, NO_CONTENT, EsipaError, Reply
from euicc_sim.parties.eim.server.results import ResultTaker
from euicc_sim.parties.eim.server.service import EimService
from euicc_sim.parties.eim.server.store import UnknownEidError
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.package_results import read_result
from euicc_sim.parties.messages.pending_notification import Pending, read_pending
from keys import PkiError, validate_eid

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
            before = record.model_copy(deep=True)
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
            transaction = read_result(value).transaction_id
        elif form == "ePRAndNotifications":
            transaction = read_result(value["euiccPackageResult"]).transaction_id
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
        pending = read_pending(value[1])
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
    for name in type(record).model_fields:
        setattr(record, name, getattr(before, name))


def _note(record: CardRecord, form: str, problem: str) -> None:
    """Say at the order whose result was not taken why it waits on."""
    kinds = {"ipaEuiccDataResponse": "data", "profileDownloadTriggerResult": "download"}
    kind = kinds.get(form, "package")
    for order in record.queue:
        if order.kind == kind and order.deliveries:
            order.problem = problem
            return
