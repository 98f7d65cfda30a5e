"""Results of packages, data requests and downloads at an eIM (SGP.32 v1.2 clause 2.11.2).

Changes a card in a transaction of the caller. A result that cannot be trusted raises, and nothing
is changed. What the card has not signed is noted: it ends no package, and changes no token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from euicc_sim.asn1.codec import Unknown
from euicc_sim.asn1.esipa.packages import (
    EimPackageResultResponseErrorValue,
    EimPackageResultValue,
    EprAndNotificationsValue,
    IpaEuiccDataResponseValue,
    ProfileDownloadTriggerResultValue,
)
from euicc_sim.asn1.sgp22.packages import FinalResult
from euicc_sim.asn1.types import ListOf
from euicc_sim.crypto.signature import verifies
from euicc_sim.parties.eim.eim import Eim
from euicc_sim.parties.eim.server.card_data import DataTaker
from euicc_sim.parties.eim.server.card_records import (
    STORED_BITS,
    About,
    CardDraft,
    Forward,
    Order,
    OrderKind,
    Outcome,
    Result,
    State,
    plain,
)
from euicc_sim.parties.eim.server.orders import (
    RESULTS,
    data_order,
    postpone,
    sign_again,
    stamp,
    token_for,
)
from euicc_sim.parties.messages.encoding import shown, with_names
from euicc_sim.parties.messages.errors import EimError, NotGenuineError, UnknownFormError
from euicc_sim.parties.messages.euicc_certificates import euicc_public_key
from euicc_sim.parties.messages.notifications import Pending, read_installation, read_pending
from euicc_sim.parties.messages.package_results import (
    Form,
    PackageAnswer,
    read_result,
    verify_result,
)

Tell = Callable[[str], None]
T = TypeVar("T")


@dataclass
class ResultTaker:
    """Takes results for one card at the time `now`; the IPA may remove the `acknowledged` numbers.

    `tell` is called with a line for each result. `to_forward` says that a notification waits for
    its SM-DP+.
    """

    eim: Eim
    card: CardDraft
    now: datetime
    tell: Tell
    data: DataTaker
    acknowledged: list[int] = field(default_factory=list)
    to_forward: bool = False

    def take(self, result: EimPackageResultValue) -> None:
        """An EimPackageResult. Raises EimError."""
        match result:
            case ("euiccPackageResult", message):
                self.package_result(message)
            case ("ePRAndNotifications", both):
                self._with_notifications(both)
            case ("ipaEuiccDataResponse", response):
                self._data(response)
            case ("profileDownloadTriggerResult", download):
                self._download(download)
            case ("eimPackageResultResponseError", error):
                self._ipa_error(error)

    def package_result(self, message: bytes) -> None:
        """An EuiccPackageResult (BF51)."""
        found = read_result(message, self.eim.wire)
        if self.card.has_result(message):
            if found.seq_number is not None:
                self.acknowledged.append(found.seq_number)
            return
        order = self._order(found)
        if found.form is Form.UNSIGNED_ERROR:
            self._unsigned_error(found, order)
            return
        answered = order or self._earlier(found)
        about = answered.about if answered else About([])
        answer = self._verified(message, about)
        if order is not None and answer.transaction_id not in order.earlier:
            # The card accepted its signature. Results of v1.0 do not cover the token themselves.
            self.card.record.token = order.token
        if answer.seq_number is not None:
            self.acknowledged.append(answer.seq_number)
        if answer.error == "replayError" and order and order.deliveries > 1 and not order.lost:
            self._look_for_lost(order)
            return
        self._finish(order, self._package_result(answer, about, message))

    def notification(self, message: bytes) -> Pending:
        """A PendingNotification, kept until it is delivered to its SM-DP+."""
        found = read_pending(message, self.eim.wire)
        eid = self.card.record.eid
        if found.eid not in (None, eid):
            raise EimError(f"This notification is from the card {found.eid}, not of {eid}.")
        self.card.forward(Forward(address=found.address, message=message, sender=eid))
        self.to_forward = True
        if found.transaction_id is not None:
            self._installed(found)
        return found

    def _verified(self, message: bytes, about: About) -> PackageAnswer:
        """The answer, signed by the card: with the token believed or the one reported."""
        record = self.card.record
        if record.euicc_certificate is None:
            raise EimError(
                "A result came, but the card's certificate is unknown. Let the IPA answer a data "
                "request, or give the certificate."
            )

        def verify(token: int | None) -> PackageAnswer:
            return verify_result(
                message,
                record.euicc_certificate or b"",
                eim_id=self.eim.eim_id,
                token=token,
                package=about.package,
                wire=self.eim.wire,
            )

        try:
            answer = verify(record.token)
        except NotGenuineError:
            if record.token_said in (None, record.token):
                raise
            answer = verify(record.token_said)
            record.token = record.token_said
        record.proven = record.token_proven = True
        return answer

    def _unsigned_error(self, answer: PackageAnswer, order: Order | None) -> None:
        """Note that the card did not recognise the signature of a package."""
        if answer.eim_id != self.eim.eim_id:
            raise EimError(f"This answers a package of {answer.eim_id!r}, not of this eIM.")
        record = self.card.record
        record.token_said = answer.token or record.token_said
        why = (
            "the card did not accept the package and signed no error: it does not know this eIM, "
            "its key or its token. Check with GetEimConfigurationData."
        )
        if order is not None:
            order.problem = why
            order.unknown_signer = True
            # At once only with another token, and only once: two tokens could alternate for ever.
            if order.earlier or token_for(record, order) == order.token:
                postpone(order, self.now, why)
        self.tell(f"{order.what if order else 'a package'}: {why}")

    def _with_notifications(self, value: EprAndNotificationsValue) -> None:
        self._known(self.package_result, value["euiccPackageResult"])
        self._notifications(value["notificationList"])

    def _notifications(self, messages: ListOf[bytes]) -> None:
        for message in messages:
            taken = self._known(self.notification, message)
            if taken is not None:
                self.acknowledged.append(taken.seq_number)

    def _known(self, take: Callable[[bytes], T], message: bytes) -> T | None:
        """Take one of several messages; one of an unknown form stays with the card."""
        try:
            return take(message)
        except UnknownFormError as error:
            self.tell(f"not taken, and not acknowledged: {error}")
            return None

    def _order(self, answer: PackageAnswer) -> Order | None:
        """The package that a result answers."""
        if answer.transaction_id is not None:
            found = self.card.order(transaction=answer.transaction_id)
        elif answer.counter is not None:
            found = self.card.order(counter=_stored(answer.counter))
        else:
            found = self.card.delivered("package")
        if found is None and answer.transaction_id is not None:
            first = self.card.delivered("package")
            found = first if first and answer.transaction_id in first.earlier else None
        return found if found is not None and found.kind == "package" else None

    def _package_result(self, answer: PackageAnswer, about: About, message: bytes) -> Result:
        return Result(
            order=about.number,
            kind="package",
            words=about.words,
            package=about.package,
            at=stamp(self.now),
            state="done" if answer.done else "refused",
            verified=True,
            error=answer.error,
            outcomes=[
                Outcome(operation=one.name, result=one.code, value=plain(one.value))
                for one in answer.outcomes
            ],
            seq_number=_stored(answer.seq_number),
            counter=_stored(answer.counter),
            transaction_id=answer.transaction_id,
            message=message,
        )

    def _earlier(self, answer: PackageAnswer) -> Result | None:
        """The result that an order has already, such as one from before a rollback."""
        if answer.transaction_id is None:
            return None
        return self.card.result(answer.transaction_id)

    def _look_for_lost(self, order: Order) -> None:
        """The card executed this before and the result was lost: ask for its list of results."""
        order.lost = True
        self.card.add(data_order(RESULTS, stamp(self.now)), first=True)
        self.tell(f"{order.what}: executed already; asking for the card's results")

    def _data(self, value: IpaEuiccDataResponseValue) -> None:
        order = self._sent("data", value[1].get("eimTransactionId"))
        if order is None:
            self.tell("ignored data that was not requested")
            return
        if value[0] != "ipaEuiccData":
            code = shown(value[1]["ipaEuiccDataErrorCode"])
            self._finish(order, self._plain_result("data", order, "failed", code))
            return
        found = value[1]
        self.data.take(self.card.record, found)
        result = self._plain_result("data", order, "done")
        result.outcomes = [
            Outcome(operation=name, result="ok", value=one)
            for name, one in self.data.shown(found).items()
        ]
        self._finish(order, result)
        self._notifications(found.get("notificationsList", []))
        for message in found.get("euiccPackageResultList", []):
            self._known(self._own_result, message)
        self._give_up_lost()

    def _own_result(self, message: bytes) -> None:
        if read_result(message, self.eim.wire).eim_id == self.eim.eim_id:
            self.package_result(message)

    def _give_up_lost(self) -> None:
        for order in self.card.lost():
            if order.counter is not None and order.counter < self.card.record.counter:
                # A later package overtook it while it was postponed: the card never ran it.
                sign_again(order)
                self.tell(f"{order.what}: overtaken by a later package; signed again")
                continue
            self._finish(order, self._plain_result("package", order, "refused", "replayError"))

    def _download(self, value: ProfileDownloadTriggerResultValue) -> None:
        order = self._sent("download", value.get("eimTransactionId"))
        ended = value["profileDownloadTriggerResultData"]
        if ended[0] == "profileInstallationResult":
            self._finish(order, self._installation(order, ended[1]))
            return
        data = ended[1]
        error = shown(data["profileDownloadErrorReason"])
        if "errorResponse" in data:
            error = f"{error}, {_text(data['errorResponse'])}"
        self._finish(order, self._plain_result("download", order, "failed", error))

    def _installed(self, pending: Pending) -> None:
        """A relayed download has ended."""
        download = self.card.relayed(pending.transaction_id or b"")
        if download is None or download.order is None:
            return
        order = self.card.order(number=download.order)
        if order is not None:
            result = self._installation(order, pending.message, download.certificate)
            self._finish(order, result)

    def _installation(
        self, order: Order | None, message: bytes, relayed: bytes | None = None
    ) -> Result:
        """The result of a download; `relayed` is the certificate that the SM-DP+ accepted."""
        wire = self.eim.wire
        pending = read_pending(message, wire)
        signed = read_installation(message, wire)
        certificate = relayed or self.card.record.euicc_certificate
        if certificate is not None and not verifies(
            euicc_public_key(certificate, wire), signed.signature, signed.signed
        ):
            raise EimError(
                "The ProfileInstallationResult is not signed by the card's key. "
                "Let the IPA send it as the card wrote it."
            )
        result = self._plain_result("download", order, "done" if pending.installed else "refused")
        final = signed.value["profileInstallationResultData"]["finalResult"]
        result.verified = certificate is not None
        if isinstance(final, Unknown):
            result.error = shown(final)
        elif final[0] == "errorResult":
            result.error = shown(final[1]["errorReason"])
        named = with_names(wire[FinalResult].spec, final)
        content = named[1] if isinstance(named, tuple) else named
        result.outcomes = [Outcome(operation=final[0], result="-", value=plain(content))]
        result.seq_number, result.message = pending.seq_number, message
        return result

    def _ipa_error(self, value: EimPackageResultResponseErrorValue) -> None:
        """An error of the IPA, which nobody signed: a package is only postponed for it."""
        order = self._sent(None, value.get("eimTransactionId"))
        error = f"the IPA says {value['eimPackageResultErrorCode']}"
        if order is not None and order.kind == "package":
            order.problem = error
            postpone(order, self.now, error)
            self.tell(f"{order.what} is postponed: {error}")
            return
        kind = order.kind if order else "package"
        self._finish(order, self._plain_result(kind, order, "failed", error))

    def _sent(self, kind: OrderKind | None, transaction: bytes | None) -> Order | None:
        """The delivered order with that eimTransactionId, or without one the first of its kind."""
        if transaction is None:
            return self.card.delivered(kind)
        found = self.card.order(transaction=transaction)
        return found if found is not None and kind in (None, found.kind) else None

    def _plain_result(
        self,
        kind: OrderKind,
        order: Order | None,
        state: State,
        error: str | None = None,
    ) -> Result:
        return Result(
            order=order.number if order else None,
            kind=kind,
            words=order.words if order else [],
            at=stamp(self.now),
            state=state,
            error=error,
            transaction_id=order.transaction_id if order else None,
        )

    def _finish(self, order: Order | None, result: Result) -> None:
        if order is not None:
            self.card.remove(order)
            self.card.keep(result)
        elif result.verified:
            self.card.keep(result)
        else:
            self.tell(f"a {result.kind} result without an order is ignored: {result.error}")
            return
        what = order.what if order else f"a {result.kind} result without an order"
        how = f"{result.state}: {result.error}" if result.error else result.state
        refused = [one for one in result.outcomes if result.kind == "package"]
        shown = ", ".join(f"{one.operation} {one.result}" for one in refused)
        signed = ", verified" if result.verified else ""
        self.tell(f"{what}: {how}{signed}{f'; {shown}' if shown else ''}")


def _stored(number: int | None) -> int | None:
    """A number that can be stored; None for a larger one, which is in the message."""
    return number if number is None or number.bit_length() < STORED_BITS else None


def _text(response: bytes) -> str:
    """An errorResponse as text if it is text, otherwise as hex."""
    try:
        found = response.decode()
    except UnicodeDecodeError:
        found = ""
    return found if found.isprintable() and found else response.hex().upper() or "no more"
