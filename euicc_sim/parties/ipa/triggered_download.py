"""An IPAd downloads Profiles that an eIM triggers, and delivers notifications to SM-DP+s.

SGP.32 v1.2 clauses 3.2.3.1 (direct), 3.2.3.2 (relayed) and 3.7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from euicc_sim.asn1.esipa.packages import (
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
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError
from euicc_sim.parties.messages.errors import EimError, EimUnreachableError, LpaError, SmdppError
from euicc_sim.parties.messages.interfaces import Esipa, RspServer, Servers
from euicc_sim.parties.messages.notifications import read_pending

Provide = Callable[[EimPackageResultValue], None]
"""Delivers an EimPackageResult, given by alternative and value, to the eIM."""


class EmergencyError(LpaError):
    """The Emergency Profile is enabled: no server is asked."""


class DownloadMode(StrEnum):
    """Who talks to SM-DP+s: the IPA itself, or the eIM for it."""

    DIRECT = "direct"
    RELAYED = "relayed"


@dataclass
class Downloads:
    """Downloads for one card; see `Ipa` for the fields.

    `refused` counts the downloads that failed, `kept` has the numbers of the notifications that
    stay on the card.
    """

    card: IpaCard
    eim: Esipa
    servers: Servers | None
    mode: DownloadMode
    tell: Callable[[str], None]
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
        data: ProfileDownloadTriggerResultDataValue
        try:
            self._check_emergency()
            code = self._code(trigger.get("profileDownloadData", ("contactDefaultSmdp", None)))
            result = self._downloaded(code, transaction)
        except PackageFormatError as error:
            self.refused += 1
            self.tell(f"no download: {error}")
            wrong: EimPackageResultResponseErrorValue = {"eimPackageResultErrorCode": error.code}
            if transaction is not None:
                wrong["eimTransactionId"] = transaction
            provide(("eimPackageResultResponseError", wrong))
            return
        except EmergencyError as error:
            self.refused += 1
            self.tell(f"no download: {error}")
            active: ProfileDownloadErrorValue = {"profileDownloadErrorReason": "ecallActive"}
            data = ("profileDownloadError", active)
        except (LpaError, SmdppError) as error:
            self.refused += 1
            self.tell(f"no download: {error}")
            failed: ProfileDownloadErrorValue = {
                "profileDownloadErrorReason": "undefinedError",
                "errorResponse": str(error).encode(),
            }
            data = ("profileDownloadError", failed)
        else:
            self.bring(result, self._server(code.address, transaction))
            if self.mode is DownloadMode.RELAYED:
                return
            data = ("profileInstallationResult", result)
        result_of: ProfileDownloadTriggerResultValue = {"profileDownloadTriggerResultData": data}
        if transaction is not None:
            result_of["eimTransactionId"] = transaction
        provide(("profileDownloadTriggerResult", result_of))

    def bring(self, message: bytes, server: RspServer | None = None) -> None:
        """Deliver a notification to its SM-DP+ and remove it from the card; on failure it stays.

        It is not tried again in this poll, nor a server that did not answer. Raises
        EimUnreachableError.
        """
        try:
            pending = read_pending(message, self.card.wire)
        except EimError as error:
            self.kept.add(None)
            self.tell(f"a notification remains on the card: {error}")
            return
        if pending.seq_number in self.kept:
            return
        try:
            (server or self._notified(pending.address)).handle_notification(message)
        except EimUnreachableError:
            raise
        except (LpaError, SmdppError) as error:
            self.kept.add(pending.seq_number)
            if isinstance(error, LpaError):
                self._away.add(pending.address)
            self.tell(f"{pending.about} remains on the card: {error}")
            return
        self.card.remove(pending.seq_number)
        self.tell(f"{pending.about} delivered")

    def _downloaded(self, code: ActivationCode, transaction: bytes | None) -> bytes:
        """The ProfileInstallationResult, even if the card did not install the Profile."""
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
            return error.result
        self.tell(f"{done.iccid} installed")
        return done.result

    def _code(self, data: ProfileDownloadDataValue) -> ActivationCode:
        if data[0] == "activationCode":
            try:
                return ActivationCode.parse(data[1])
            except ActivationCodeError as error:
                raise PackageFormatError(str(error), "invalidPackageFormat") from error
        if data[0] == "contactSmds":
            raise LpaError(
                "This IPA does not support SM-DS. Order the download by activation code."
            )
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
