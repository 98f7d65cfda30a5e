"""Results of packages, data requests and downloads at an eIM (SGP.32 v1.2 clause 2.11.2).

Changes the record of one card. A result that cannot be trusted raises, and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
    NOTIFICATIONS,
    About,
    CardRecord,
    Forward,
    Order,
    OrderKind,
    Outcome,
    Result,
    State,
    plain,
)
from euicc_sim.parties.eim.server.orders import RESULTS, data_order
from euicc_sim.parties.messages.encoding import shown, with_names
from euicc_sim.parties.messages.errors import EimError, UnknownFormError
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
    """Takes results for one card at the time `at`; the IPA may remove the `acknowledged` numbers.

    `tell` is called with a line for each result.
    """

    eim: Eim
    record: CardRecord
    at: str
    tell: Tell
    data: DataTaker
    acknowledged: list[int] = field(default_factory=list)

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
        if any(one.message == message for one in self.record.results):
            if found.seq_number is not None:
                self.acknowledged.append(found.seq_number)
            return
        order = self._order(found)
        answered = order or self._earlier(found)
        about = answered.about if answered else About([])
        if self.record.euicc_certificate is None:
            raise EimError(
                "A result came, but the card's certificate is unknown. Let the IPA answer a data "
                "request, or give the certificate."
            )
        answer = verify_result(
            message,
            self.record.euicc_certificate,
            eim_id=self.eim.eim_id,
            token=self.record.token,
            package=about.package,
            wire=self.eim.wire,
        )
        if answer.form is Form.UNSIGNED_ERROR:
            raise EimError(
                "The card did not accept the package and signed no error: it does not know this "
                "eIM, its key or its token. Check with GetEimConfigurationData."
            )
        if answer.seq_number is not None:
            self.acknowledged.append(answer.seq_number)
        if answer.error == "replayError" and order and order.deliveries > 1 and not order.lost:
            self._look_for_lost(order)
            return
        self._finish(order, self._package_result(answer, about, message))

    def notification(self, message: bytes) -> Pending:
        """A PendingNotification, kept until it is delivered to its SM-DP+."""
        found = read_pending(message, self.eim.wire)
        if found.eid not in (None, self.record.eid):
            raise EimError(
                f"This notification is from the card {found.eid}, not of {self.record.eid}."
            )
        waiting = self.record.notifications
        if not any(one.message == message for one in waiting):
            if len(waiting) >= NOTIFICATIONS:
                raise EimError(
                    f"{len(waiting)} notifications are waiting already. Send it again later."
                )
            waiting.append(Forward(address=found.address, message=message))
        if found.transaction_id is not None:
            self._installed(found)
        return found

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
        """The order that a result answers."""
        for one in self.record.queue:
            if one.kind != "package" or one.message is None:
                continue
            if answer.transaction_id is not None and answer.transaction_id == one.transaction_id:
                return one
            if answer.transaction_id is None and answer.counter in (None, one.counter):
                return one
        return None

    def _package_result(self, answer: PackageAnswer, about: About, message: bytes) -> Result:
        return Result(
            order=about.number,
            kind="package",
            words=about.words,
            package=about.package,
            at=self.at,
            state="done" if answer.done else "refused",
            verified=True,
            error=answer.error,
            outcomes=[
                Outcome(operation=one.name, result=one.code, value=plain(one.value))
                for one in answer.outcomes
            ],
            seq_number=answer.seq_number,
            counter=answer.counter,
            transaction_id=answer.transaction_id,
            message=message,
        )

    def _earlier(self, answer: PackageAnswer) -> Result | None:
        """The result that an order has already, such as one from before a rollback."""
        for one in self.record.results:
            if answer.transaction_id and one.transaction_id == answer.transaction_id:
                return one
        return None

    def _look_for_lost(self, order: Order) -> None:
        """The card executed this before and the result was lost: ask for its list of results."""
        order.lost = True
        self.record.add(data_order(RESULTS, self.at), first=True)
        self.tell(f"{order.what}: executed already; asking for the card's results")

    def _data(self, value: IpaEuiccDataResponseValue) -> None:
        order = self._sent("data", None)
        if order is None:
            self.tell("ignored data that was not requested")
            return
        if value[0] != "ipaEuiccData":
            code = shown(value[1]["ipaEuiccDataErrorCode"])
            self._finish(order, self._plain_result("data", order, "failed", code))
            return
        found = value[1]
        self.data.take(self.record, found)
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
        for order in [one for one in self.record.queue if one.lost]:
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
        for order in self.record.queue:
            if pending.transaction_id in order.rsp_transactions:
                self._finish(order, self._installation(order, pending.message))
                return

    def _installation(self, order: Order | None, message: bytes) -> Result:
        wire = self.eim.wire
        pending = read_pending(message, wire)
        signed = read_installation(message, wire)
        certificate = (order and order.rsp_certificate) or self.record.euicc_certificate
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
        transaction = value.get("eimTransactionId")
        order = self.record.waiting(transaction=transaction) or self._sent(None, None)
        code = value["eimPackageResultErrorCode"]
        kind = order.kind if order else "package"
        error = f"the IPA says {code}"
        self._finish(order, self._plain_result(kind, order, "failed", error))

    def _sent(self, kind: str | None, transaction: bytes | None) -> Order | None:
        """The order of that kind that was delivered and has no result yet."""
        found = self.record.waiting(transaction=transaction) if transaction else None
        if found is not None:
            return found
        sent = (one for one in self.record.queue if one.deliveries and kind in (None, one.kind))
        return next(sent, None)

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
            at=self.at,
            state=state,
            error=error,
            transaction_id=order.transaction_id if order else None,
        )

    def _finish(self, order: Order | None, result: Result) -> None:
        if order is not None:
            self.record.finish(order, result)
        elif result.verified:
            self.record.results.append(result)
        else:
            self.tell(f"a {result.kind} result without an order is ignored: {result.error}")
            return
        what = order.what if order else f"a {result.kind} result without an order"
        how = f"{result.state}: {result.error}" if result.error else result.state
        refused = [one for one in result.outcomes if result.kind == "package"]
        shown = ", ".join(f"{one.operation} {one.result}" for one in refused)
        signed = ", verified" if result.verified else ""
        self.tell(f"{what}: {how}{signed}{f'; {shown}' if shown else ''}")


def _text(response: bytes) -> str:
    """An errorResponse as text if it is text, otherwise as hex."""
    try:
        found = response.decode()
    except UnicodeDecodeError:
        found = ""
    return found if found.isprintable() and found else response.hex().upper() or "no more"
