"""An IPAd downloads Profiles that an eIM triggers, and delivers notifications to SM-DP+s.

SGP.32 v1.2 clauses 3.2.3.1 (direct), 3.2.3.2 (relayed) and 3.7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from apdu.words import plural
from euicc_sim.asn1.esipa.packages import (
    ContactSmdsValue,
    EimPackageResultResponseErrorValue,
    EimPackageResultValue,
    ProfileDownloadDataValue,
    ProfileDownloadErrorValue,
    ProfileDownloadTriggerRequestValue,
    ProfileDownloadTriggerResultDataValue,
    ProfileDownloadTriggerResultValue,
)
from euicc_sim.parties.ipa.es10b import IpaCard
from euicc_sim.parties.ipa.esipa_requests import PackageFormatError, RelayServer
from euicc_sim.parties.lpa.event_discovery import SERVERS_AT_MOST, SmdsError
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError
from euicc_sim.parties.messages.address import Address, AddressError
from euicc_sim.parties.messages.errors import EimError, EimUnreachableError, LpaError, SmdppError
from euicc_sim.parties.messages.interfaces import Esipa, RspServer, Servers, events_of
from euicc_sim.parties.messages.notifications import read_pending

Provide = Callable[[EimPackageResultValue], None]
"""Delivers an EimPackageResult, given by alternative and value, to the eIM."""


class EmergencyError(LpaError):
    """The Emergency Profile is enabled: no server is asked."""


class DownloadMode(StrEnum):
    """Who talks to SM-DP+s: the IPA itself, or the eIM for it."""

    DIRECT = "direct"
    RELAYED = "relayed"


class EnableAtOnce(StrEnum):
    """After which downloads the card is asked to enable the new Profile at once.

    The card does so only if it is configured for that SM-DP+ (clause 3.4.4).
    """

    DEFAULT_SMDP = "default-smdp"
    ALWAYS = "always"
    NEVER = "never"


@dataclass
class Downloads:
    """Downloads for one card; see `Ipa` for the fields.

    `enabled` is called after ImmediateEnable.
    `refused` counts the downloads that failed, `kept` has the numbers of the notifications that
    stay on the card.
    """

    card: IpaCard
    eim: Esipa
    servers: Servers | None
    mode: DownloadMode
    tell: Callable[[str], None]
    enable_at_once: EnableAtOnce = EnableAtOnce.DEFAULT_SMDP
    remains: Callable[[str], None] = lambda _: None
    enabled: Callable[[], None] = lambda: None
    refused: int = 0
    kept: set[int | None] = field(default_factory=set)
    _away: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """A poll begins: every notification and every server may be tried once again."""
        self.refused = 0
        self.kept.clear()
        self._away.clear()

    def run(self, trigger: ProfileDownloadTriggerRequestValue, provide: Provide) -> None:
        """Carry out a ProfileDownloadTriggerRequest and report its result.

        Raises LpaError if the eIM does not accept the result.
        """
        transaction = trigger.get("eimTransactionId")
        waiting = [trigger.get("profileDownloadData", ("contactDefaultSmdp", None))]
        tried: list[ProfileDownloadDataValue] = []
        done = False
        while waiting:
            wanted = waiting.pop(0)
            if wanted in tried:
                continue
            if len(tried) >= SERVERS_AT_MOST:
                error = f"More than {SERVERS_AT_MOST} events wait. Trigger the download again."
                self._failed(LpaError(error), transaction, provide)
                return
            tried.append(wanted)
            following = self._run(wanted, transaction, provide)
            waiting[:0] = following
            done = done or not following
        if not done:
            error = "The SM-DSs point to each other, and to no SM-DP+. Look at their events."
            self._failed(LpaError(error), transaction, provide)

    def _run(
        self, wanted: ProfileDownloadDataValue, transaction: bytes | None, provide: Provide
    ) -> list[ProfileDownloadDataValue]:
        """Carry out one download; what an SM-DS has instead is what is to follow.

        Raises LpaError if the eIM does not accept the result.
        """
        data: ProfileDownloadTriggerResultDataValue
        installed = None
        try:
            self._check_emergency()
            if wanted[0] == "contactSmds":
                return self._events(self._smds(wanted[1]), "", transaction)
            code = self._code(wanted)
            try:
                result, installed = self._downloaded(code, transaction)
            except SmdsError:
                return self._events(code.address, code.matching_id, transaction)
        except PackageFormatError as error:
            self.refused += 1
            self.tell(f"no download: {error}")
            wrong: EimPackageResultResponseErrorValue = {"eimPackageResultErrorCode": error.code}
            if transaction is not None:
                wrong["eimTransactionId"] = transaction
            provide(("eimPackageResultResponseError", wrong))
            return []
        except EmergencyError as error:
            self.refused += 1
            self.tell(f"no download: {error}")
            active: ProfileDownloadErrorValue = {"profileDownloadErrorReason": "ecallActive"}
            data = ("profileDownloadError", active)
        except (LpaError, SmdppError) as error:
            self._failed(error, transaction, provide)
            return []
        else:
            self.bring(result, self._server(code.address, transaction))
            data = ("profileInstallationResult", result)
        if self.mode is DownloadMode.DIRECT or data[0] == "profileDownloadError":
            _report(data, transaction, provide)
        if installed is not None and self._to_enable(wanted[0]):
            self._enable(installed)
        return []

    def _failed(self, error: Exception, transaction: bytes | None, provide: Provide) -> None:
        self.refused += 1
        self.tell(f"no download: {error}")
        failed: ProfileDownloadErrorValue = {
            "profileDownloadErrorReason": "undefinedError",
            "errorResponse": str(error).encode(),
        }
        _report(("profileDownloadError", failed), transaction, provide)

    def _smds(self, contact: ContactSmdsValue) -> str:
        """The SM-DS of a trigger, by default the card's root (clause 3.2.3.1)."""
        return contact.get("smdsAddress") or self.card.addresses()["rootDsAddress"]

    def _events(
        self, address: str, event_id: str, transaction: bytes | None
    ) -> list[ProfileDownloadDataValue]:
        """The downloads that wait at an SM-DS: all for this card, or that of an EventID."""
        server = self._server(address, transaction)
        lpa = Lpa(self.card.transmit, self.card.wire)
        found: list[ProfileDownloadDataValue] = [
            ("activationCode", f"1${one.address}${one.event_id}")
            for one in lpa.discover(events_of(server), event_id)
        ]
        if not found:
            raise LpaError(f"No event waits at the SM-DS {address} for this card.")
        self.tell(f"{plural(len(found), 'event')} at the SM-DS {address}")
        return found

    def _to_enable(self, form: str) -> bool:
        """Whether to ask the card to enable a Profile that was triggered in that form."""
        if self.enable_at_once is EnableAtOnce.DEFAULT_SMDP:
            return form == "contactDefaultSmdp"
        return self.enable_at_once is EnableAtOnce.ALWAYS

    def _enable(self, iccid: str) -> None:
        """ImmediateEnable, clause 5.9.15, when the eIM knows that the Profile is installed."""
        code = self.card.immediate_enable()
        if code == "ok":
            self.card.settle()
            self.tell(f"{iccid} enabled at once")
            self.enabled()
        elif code != "immediateEnableNotAvailable":
            self.tell(f"{iccid} not enabled at once: {code}")

    def bring(self, message: bytes, server: RspServer | None = None) -> None:
        """Deliver a notification to its SM-DP+ and remove it from the card; on failure it stays.

        If the SM-DP+ does not answer, the eIM is asked to pass the notification on. It is not
        tried again in this poll, nor a server that did not answer. Raises EimUnreachableError.
        """
        try:
            pending = read_pending(message, self.card.wire)
        except EimError as error:
            self.kept.add(None)
            self.remains(f"a notification remains on the card: {error}")
            return
        if pending.seq_number in self.kept:
            return
        try:
            how = self._hand_over(message, pending.address, server)
        except EimUnreachableError:
            raise
        except (LpaError, SmdppError) as error:
            self.kept.add(pending.seq_number)
            self.remains(f"{pending.about} remains on the card: {error}")
            return
        self.card.remove(pending.seq_number)
        self.tell(f"{pending.about} {how}")

    def _hand_over(self, message: bytes, address: str, server: RspServer | None) -> str:
        """Give a notification to its SM-DP+, or to the eIM for it: who has taken it.

        Raises EimUnreachableError, LpaError, SmdppError.
        """
        try:
            (server or self._notified(address)).handle_notification(message)
        except LpaError as away:
            self._away.add(address)
            if self.mode is DownloadMode.RELAYED or not _is_address(address):
                raise
            try:
                RelayServer(self.eim, address, None, self.card.wire).handle_notification(message)
            except LpaError as error:
                raise LpaError(f"{away} Nor does the eIM take it: {error}") from error
            return f"given to the eIM: {away}"
        return "delivered"

    def _downloaded(
        self, code: ActivationCode, transaction: bytes | None
    ) -> tuple[bytes, str | None]:
        """The ProfileInstallationResult, and the ICCID of the Profile that the card installed."""
        server = self._server(code.address, transaction)
        try:
            done = Lpa(self.card.transmit, self.card.wire).download(
                server, matching_id=code.matching_id, oid=code.oid
            )
        except LpaError as error:
            if error.result is None:
                raise
            self.refused += 1
            self.tell(f"not installed: {error}")
            return error.result, None
        self.tell(f"{done.iccid} installed")
        return done.result, done.iccid

    def _code(self, data: ProfileDownloadDataValue) -> ActivationCode:
        if data[0] == "activationCode":
            try:
                return ActivationCode.parse(data[1])
            except ActivationCodeError as error:
                raise PackageFormatError(str(error), "invalidPackageFormat") from error
        address = self.card.addresses().get("defaultDpAddress")
        if not address:
            raise PackageFormatError(
                "The card has no default SM-DP+. Order setDefaultDpAddress first.",
                "invalidPackageFormat",
            )
        return ActivationCode(address)

    def _check_emergency(self) -> None:
        if self.card.emergency():
            raise EmergencyError("The Emergency Profile is enabled. Disable it first.")

    def _notified(self, address: str) -> RspServer:
        """The server for a notification. Raises LpaError for one that was silent in this poll."""
        if address in self._away:
            raise LpaError(f"{address} did not answer a moment ago.")
        return self._server(address)

    def _server(self, address: str, transaction: bytes | None = None) -> RspServer:
        if self.mode is DownloadMode.RELAYED:
            return RelayServer(self.eim, address, transaction, self.card.wire)
        if self.servers is None:
            raise LpaError(f"This IPA cannot reach the SM-DP+ {address}. Download through the eIM.")
        return self.servers(address)


def _report(
    data: ProfileDownloadTriggerResultDataValue, transaction: bytes | None, provide: Provide
) -> None:
    """Provide a ProfileDownloadTriggerResult."""
    value: ProfileDownloadTriggerResultValue = {"profileDownloadTriggerResultData": data}
    if transaction is not None:
        value["eimTransactionId"] = transaction
    provide(("profileDownloadTriggerResult", value))


def _is_address(text: str) -> bool:
    try:
        Address.read(text)
    except AddressError:
        return False
    return True
