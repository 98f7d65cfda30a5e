"""An IPAd: polls an eIM and carries out its orders on the card (SGP.32 v1.2 clause 3).

    Ipa(card.transmit, EsipaClient("https://eim.example.com")).poll()

Downloads from the SM-DP+ directly, or relayed by the eIM. Knows no network beyond `Esipa`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from euicc_sim.asn1 import esipa
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.esipa.functions import (
    CorrelationIdValue,
    EimPackageErrorWithCidValue,
    EimPackageReceivedWithCidValue,
    GetEimPackageResponseValue,
    ProvideEimPackageResultValue,
)
from euicc_sim.asn1.esipa.packages import (
    EimPackageResultResponseErrorValue,
    EimPackageResultValue,
    EprAndNotificationsValue,
)
from euicc_sim.asn1.sgp32.packages import EuiccPackageRequest, Psmo
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.ipa.es10b import IpaCard, TrustedEim
from euicc_sim.parties.ipa.esipa_requests import (
    PackageFormatError,
    ask_eim,
    ask_for_package,
    other_answer,
    transfer_answer,
    transferred,
)
from euicc_sim.parties.ipa.euicc_data import data_response
from euicc_sim.parties.ipa.state_changes import Memory, StateChanges, switched
from euicc_sim.parties.ipa.triggered_download import DownloadMode, Downloads, EnableAtOnce
from euicc_sim.parties.messages.apdus import Transmit
from euicc_sim.parties.messages.errors import EimUnreachableError, LpaError
from euicc_sim.parties.messages.interfaces import Esipa, Servers
from euicc_sim.parties.messages.package_results import PackageAnswer, read_result

PACKAGES_AT_MOST = 100
"""The most packages per poll, so that an eIM cannot keep an IPA busy forever."""


def _at_once(bring: Callable[[], None]) -> None:
    bring()


def _nobody(_: str) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Poll:
    """The outcome of a poll: the packages executed, and whether the card went back to a Profile.

    `refused` is how many packages were refused or failed in part, `kept` how many notifications and
    results stay on the card. `asked` is whether the eIM was asked, rather than stopped before.
    """

    packages: int
    rolled_back: bool = False
    refused: int = 0
    kept: int = 0
    asked: bool = True

    @property
    def done(self) -> bool:
        """Whether everything was done and delivered."""
        return not self.refused and not self.kept


@dataclass(eq=False)
class Ipa:
    """An IPA with one card and one eIM; all errors are LpaError.

    `servers` returns the SM-DP+ at an address, for direct downloads. `eim_id` names which of the
    card's eIMs this is, by default the only one. An unreachable eIM is tried `tries` times, `pause`
    seconds apart. `tell` is called with each step. `wire` is the version of SGP.32 that the card
    speaks. `enable_at_once` says when to use ImmediateEnable. `remains` is called with what remains
    on the card at the end of a poll, by default `tell`; a poll fetches no further package when
    `go_on` says so. With a `memory` the eIM is told of changes of the enabled Profile, and of the
    `network`: see `StateChanges`. `reset` resets the card: some wait for it after a change.
    `network`: see `StateChanges`. With `is_embedded` it is an IPAe, with the wire habits of one
    that was seen: it names the card in GetEimPackage alone, and reports what came of a download by
    HandleNotification.
    """

    transmit: Transmit
    eim: Esipa
    servers: Servers | None = None
    mode: DownloadMode = DownloadMode.DIRECT
    eim_id: str | None = None
    tries: int = 3
    pause: float = 2.0
    tell: Callable[[str], None] = _nobody
    wire: Wire = WIRE_1_2
    enable_at_once: EnableAtOnce = EnableAtOnce.DEFAULT_SMDP
    remains: Callable[[str], None] | None = None
    go_on: Callable[[], bool] = lambda: True
    memory: Memory | None = None
    network: Callable[[], bytes | None] = lambda: None
    reset: Callable[[], object] | None = None
    is_embedded: bool = False
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    card: IpaCard = field(init=False, repr=False)
    _downloads: Downloads = field(init=False, repr=False)
    _still: Callable[[str], None] = field(init=False, repr=False)
    _changes: StateChanges = field(init=False, repr=False)
    _late: bool = field(default=False, init=False, repr=False)
    _asked: bool = field(default=False, init=False, repr=False)
    _refused: int = field(default=0, init=False, repr=False)
    _kept: set[int | None] = field(default_factory=set, init=False, repr=False)

    def __post_init__(self) -> None:
        self.card = IpaCard(self.transmit, self.wire, self.reset)
        self._still = self.remains or self.tell
        self._changes = StateChanges(self.card, self.memory, self.network)
        self._downloads = Downloads(
            self.card,
            self.eim,
            self.servers,
            self.mode,
            self.tell,
            self.enable_at_once,
            self._still,
            lambda: self._changes.immediately_enabled(self.card.eid()),
        )

    def poll(self) -> Poll:
        """Deliver what waits for the eIM, then carry out its packages until there are no more.

        The eIM comes first, notifications for SM-DP+s last: one that does not answer delays
        nothing. Raises EimUnreachableError, also if the result of a rollback could not be
        delivered; it then stays on the card for the next poll. Raises LpaError.
        """
        if not self.is_embedded:
            self.card.begin()
        self._downloads.begin()
        self._refused, self._late, self._asked = 0, False, False
        self._kept.clear()
        eid, trusted = self.card.eid(), self._trusted()
        self._bring_results(eid, trusted)
        count, rolled_back = self._carry_out(eid, trusted)
        self._bring_notifications()
        refused = self._refused + self._downloads.refused
        kept = self._still_kept() + len(self._downloads.kept)
        return Poll(count, rolled_back or self._late, refused, kept, self._asked)

    def _still_kept(self) -> int:
        """How many of the results that the eIM did not take are still on the card."""
        if not self._kept:
            return 0
        found = {read_result(one, self.wire).seq_number for one in self.card.results()}
        return len(self._kept & (found | {None}))

    def _carry_out(self, eid: str, trusted: TrustedEim) -> tuple[int, bool]:
        """Carry out all packages: how many, and whether the card went back to a Profile."""
        for count in range(PACKAGES_AT_MOST):
            if not self.go_on():
                return count, False
            try:
                package = self._ask(eid, trusted)
            except PackageFormatError as error:
                self._not_understood(eid, error)
                continue
            if package[0] == "eimPackageError":
                if package[1] == "noEimPackageAvailable":
                    return count, False
                code = str(package[1])
                raise LpaError(
                    f"The eIM has nothing for {eid}: {code}. Make the card known to it.", code
                )
            if self._do(eid, trusted, package):
                return count + 1, True
        raise LpaError(f"The eIM had {PACKAGES_AT_MOST} packages and more. Poll it again.")

    def _ask(self, eid: str, trusted: TrustedEim) -> GetEimPackageResponseValue:
        """GetEimPackage, with a notice if the enabled Profile has changed."""
        self._asked = True
        changes = self._changes
        notice = changes.notice(eid, trusted.eim_id)
        if notice is None:
            return ask_for_package(self.eim, eid)
        package = ask_for_package(self.eim, eid, lambda asked: changes.add_to(asked, notice))
        if package[0] != "eimPackageError" or package[1] == "noEimPackageAvailable":
            self.tell(f"the eIM was told that the enabled Profile has changed: {notice.cause}")
            changes.told(eid, trusted.eim_id, notice)
        return package

    def _not_understood(self, eid: str, error: PackageFormatError) -> None:
        """Report a package that is not one."""
        self._refused += 1
        self.tell(f"a package is not understood: {error}")
        value: EimPackageResultResponseErrorValue = {"eimPackageResultErrorCode": error.code}
        self._provide(eid, ("eimPackageResultResponseError", value))

    def transferred(self, message: bytes) -> bytes:
        """Carry out a TransferEimPackage of an eIM; the answer is empty for acknowledgements.

        What is not a package is answered with eimPackageError. Since SGP.32 v1.3 an answer without
        a result says for which package it is, by its eimTransactionId or the card's EID. Raises
        LpaError for any other message. A download follows with the next poll.
        """
        try:
            return self._transferred(message)
        except PackageFormatError as error:
            self.tell(f"a package is not understood: {error}")
            if not self.wire.since("1.3"):
                return transfer_answer(("eimPackageError", error.code))
            value: EimPackageErrorWithCidValue = {
                "correlationId": self._correlation(None),
                "eimPackageError": error.code,
            }
            return transfer_answer(("eimPackageErrorWithCid", value))

    def _received(self, transaction: bytes | None) -> bytes:
        """The answer to a package whose result follows later."""
        if not self.wire.since("1.3"):
            return transfer_answer(("eimPackageReceived", None))
        value: EimPackageReceivedWithCidValue = {"correlationId": self._correlation(transaction)}
        return transfer_answer(("eimPackageReceivedWithCid", value))

    def _correlation(self, transaction: bytes | None) -> CorrelationIdValue:
        if transaction is not None:
            return "eimTransactionId", transaction
        self.card.begin()
        return "eidValue", bytes.fromhex(self.card.eid())

    def _transferred(self, message: bytes) -> bytes:
        package = transferred(message)
        if package[0] == "eimAcknowledgements":
            for number in package[1]:
                self.card.remove(number)
            return b""
        if package[0] == "profileDownloadTriggerRequest":
            self.tell("the eIM triggers a download; it is done with the next poll")
            return self._received(package[1].get("eimTransactionId"))
        self.card.begin()
        if package[0] == "ipaEuiccDataRequest":
            direct = self.mode is DownloadMode.DIRECT
            response = data_response(self.card, self._trusted(), package[1], direct=direct)
            return transfer_answer(("ipaEuiccDataResponse", response))
        self._check_format(package[1])
        result, found = self.card.load_package(package[1])
        self._settle(found)
        if self.memory is not None:
            self._changes.packaged(self.card.eid(), found.eim_id, found)
        self.tell(f"package done: {_summary(found)}")
        return transfer_answer(("euiccPackageResult", result))

    def _do(self, eid: str, trusted: TrustedEim, package: GetEimPackageResponseValue) -> bool:
        """Carry out a package; return whether the card went back to the previous Profile."""
        if package[0] == "euiccPackageRequest":
            return self._package(eid, trusted, package[1])
        if package[0] == "ipaEuiccDataRequest":
            self.tell("the eIM asks for data of the card")
            direct = self.mode is DownloadMode.DIRECT
            response = data_response(self.card, trusted, package[1], direct=direct)
            self._provide(eid, ("ipaEuiccDataResponse", response))
        elif package[0] == "profileDownloadTriggerRequest":
            self._downloads.run(package[1], lambda result: self._provide(eid, result))
        return False

    # -- packages

    def _package(self, eid: str, trusted: TrustedEim, package: bytes) -> bool:
        try:
            self._check_format(package)
        except PackageFormatError as error:
            self._not_understood(eid, error)
            return False
        result, found = self.card.load_package(package)
        self._settle(found)
        self._changes.packaged(eid, trusted.eim_id, found)
        self.tell(f"package done: {_summary(found)}")
        self._refused += not found.done
        try:
            self._patiently(lambda: self._provide_result(eid, result, found))
        except EimUnreachableError as error:
            if not self._may_go_back(package, found):
                raise
            self.tell(f"the eIM cannot be reached over the new Profile: {error}")
            self._go_back(eid, trusted)
            return True
        return False

    def _settle(self, found: PackageAnswer) -> None:
        """Let the card settle if its package changed the enabled Profile."""
        if switched(found):
            self.card.settle()

    def _check_format(self, package: bytes) -> None:
        """Raise PackageFormatError for what is not an eUICC Package; the card would say 6A80."""
        try:
            self.wire[EuiccPackageRequest].read_keeping(package)
        except Asn1Error as error:
            sentence = f"The eUICC Package cannot be read: {error}. Check the eIM's log."
            raise PackageFormatError(sentence, "invalidPackageFormat") from error

    def _provide_result(self, eid: str, result: bytes, found: PackageAnswer) -> None:
        waiting = [] if self.mode is DownloadMode.DIRECT else self.card.notifications()
        if found.seq_number is None or not waiting:
            self._provide(eid, ("euiccPackageResult", result))
            return
        value: EprAndNotificationsValue = {
            "euiccPackageResult": result,
            "notificationList": waiting,
        }
        self._provide(eid, ("ePRAndNotifications", value))

    def _back_late(self, eid: str, trusted: TrustedEim, error: EimUnreachableError) -> bool:
        """Go back although the IPA has ended since the package; False if the card does not."""
        try:
            result = self.card.rollback()
        except LpaError:
            return False
        self.tell(f"the eIM cannot be reached over the new Profile: {error}")
        self._late = True
        self._went_back(eid, trusted, result)
        return True

    def _go_back(self, eid: str, trusted: TrustedEim) -> None:
        """Perform ProfileRollback, clause 3.3.2, and deliver its result."""
        self._went_back(eid, trusted, self.card.rollback())

    def _went_back(self, eid: str, trusted: TrustedEim, result: bytes) -> None:
        self.tell("the card went back to the previous Profile")
        self.card.settle()
        found = self.card.package_answer(result)
        self._changes.packaged(eid, trusted.eim_id, found)
        self._patiently(lambda: self._provide_result(eid, result, found))

    def _patiently(self, bring: Callable[[], None]) -> None:
        for _ in range(self.tries - 1):
            try:
                bring()
            except EimUnreachableError as error:
                self.tell(str(error))
                self.sleep(self.pause)
            else:
                return
        bring()

    def _provide(self, eid: str, result: EimPackageResultValue) -> None:
        """Send ProvideEimPackageResult and remove what the eIM acknowledges from the card."""
        given: ProvideEimPackageResultValue = {"eimPackageResult": result}
        if not self.is_embedded:
            given["eidValue"] = bytes.fromhex(eid)
        elif result[0] == "profileDownloadTriggerResult":
            message = esipa.to_eim(("handleNotificationEsipa", ("provideEimPackageResult", given)))
            self.eim.exchange(message)
            return
        answered = ask_eim(self.eim, ("provideEimPackageResult", given))
        if answered[0] != "provideEimPackageResultResponse":
            raise other_answer("provideEimPackageResult", answered)
        match answered[1]:
            case ("provideEimPackageResultError", code):
                raise LpaError(
                    f"The eIM did not take the result: {code}. It remains on the card; check the "
                    "eIM's log.",
                    str(code),
                )
            case ("eimAcknowledgements", numbers):
                for number in numbers:
                    self.card.remove(number)

    def _may_go_back(self, package: bytes, found: PackageAnswer) -> bool:
        """Whether the card enabled a Profile and the package permits a rollback."""
        if not any(one.name == "enable" and one.done for one in found.outcomes):
            return False
        try:
            signed = self.wire[EuiccPackageRequest].read_keeping(package)["euiccPackageSigned"]
            form, operations = signed["euiccPackage"]
            given = operations if form == "psmoList" else ()
            psmos = [self.wire[Psmo].read_keeping(one) for one in given]
        except Asn1Error:
            return False
        return any(one[0] == "enable" and "rollbackFlag" in one[1] for one in psmos)

    # -- what waits on the card

    def _trusted(self) -> TrustedEim:
        eims = self.card.eims()
        if not eims:
            raise LpaError(
                "The card trusts no eIM. Give it one, with: euicc-sim eim initial FILE | "
                "euicc-sim apdu es10 -"
            )
        found = [one for one in eims if self.eim_id in (None, one.eim_id)]
        if len(found) != 1:
            names = ", ".join(one.eim_id for one in eims)
            raise LpaError(f"The card trusts {names}. Name the one that this eIM is.")
        return found[0]

    def _bring_notifications(self) -> None:
        if self.card.emergency():
            return
        for message in self.card.notifications():
            self._downloads.bring(message)

    def _bring_results(self, eid: str, trusted: TrustedEim) -> None:
        for result in self.card.results():
            try:
                found = self.card.package_answer(result)
            except LpaError as error:
                self._kept.add(None)
                self._still(f"a result remains on the card: {error}")
                continue
            if found.eim_id != trusted.eim_id:
                continue
            enabled = any(one.name == "enable" and one.done for one in found.outcomes)
            bring = self._patiently if enabled else _at_once
            try:
                bring(partial(self._provide, eid, ("euiccPackageResult", result)))
            except EimUnreachableError as error:
                if not (enabled and self._back_late(eid, trusted, error)):
                    raise
            except LpaError as error:
                self._kept.add(found.seq_number)
                self._still(f"result {found.seq_number} remains on the card: {error}")
            else:
                self.tell(f"result {found.seq_number} was still on the card")
                self._changes.delivered(eid, trusted.eim_id, found)


def _summary(found: PackageAnswer) -> str:
    if not found.outcomes:
        return found.error or found.form
    return ", ".join(f"{one.name} {one.code}" for one in found.outcomes)
