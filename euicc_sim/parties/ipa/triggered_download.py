"""An IPAd downloads Profiles that an eIM triggers, and delivers notifications to SM-DP+s.

SGP.32 v1.2 clauses 3.2.3.1 (direct), 3.2.3.2 (relayed) and 3.7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from euicc_sim.asn1.esipa.packages import (
    EimPackageResultValue,
    ProfileDownloadDataValue,
    ProfileDownloadErrorValue,
    ProfileDownloadTriggerRequestValue,
    ProfileDownloadTriggerResultDataValue,
    ProfileDownloadTriggerResultValue,
)
from euicc_sim.parties.ipa.es10b import IpaCard
from euicc_sim.parties.ipa.esipa_requests import RelayServer
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError
from euicc_sim.parties.messages.errors import EimError, EimUnreachableError, LpaError, SmdppError
from euicc_sim.parties.messages.interfaces import Esipa, RspServer, Servers
from euicc_sim.parties.messages.notifications import read_pending

Provide = Callable[[EimPackageResultValue], None]
"""Delivers an EimPackageResult, given by alternative and value, to the eIM."""


class DownloadMode(StrEnum):
    """Who talks to SM-DP+s: the IPA itself, or the eIM for it."""

    DIRECT = "direct"
    RELAYED = "relayed"


@dataclass(frozen=True)
class Downloads:
    """Downloads for one card; see `Ipa` for the fields."""

    card: IpaCard
    eim: Esipa
    servers: Servers | None
    mode: DownloadMode
    tell: Callable[[str], None]

    def run(self, trigger: ProfileDownloadTriggerRequestValue, provide: Provide) -> None:
        """Carry out a ProfileDownloadTriggerRequest and report its result.

        Raises LpaError if the eIM does not accept the result.
        """
        transaction = trigger.get("eimTransactionId")
        data: ProfileDownloadTriggerResultDataValue
        try:
            code = self._code(trigger.get("profileDownloadData", ("contactDefaultSmdp", None)))
            result = self._downloaded(code, transaction)
        except (LpaError, SmdppError) as error:
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

        Raises EimUnreachableError.
        """
        try:
            pending = read_pending(message, self.card.wire)
        except EimError as error:
            self.tell(f"a notification remains on the card: {error}")
            return
        try:
            (server or self._server(pending.address)).handle_notification(message)
        except EimUnreachableError:
            raise
        except (LpaError, SmdppError) as error:
            self.tell(f"{pending.about} remains on the card: {error}")
            return
        self.card.remove(pending.seq_number)
        self.tell(f"{pending.about} delivered")

    def _downloaded(self, code: ActivationCode, transaction: bytes | None) -> bytes:
        """The ProfileInstallationResult, even if the card did not install the Profile."""
        server = self._server(code.address, transaction)
        try:
            done = Lpa(self.card.transmit, self.card.wire).download(
                server, matching_id=code.matching_id
            )
        except LpaError as error:
            if error.result is None:
                raise
            self.tell(f"not installed: {error}")
            return error.result
        self.tell(f"{done.iccid} installed")
        return done.result

    def _code(self, data: ProfileDownloadDataValue) -> ActivationCode:
        if data[0] == "activationCode":
            try:
                return ActivationCode.parse(data[1])
            except ActivationCodeError as error:
                raise LpaError(str(error)) from error
        if data[0] == "contactSmds":
            raise LpaError(
                "This IPA does not support SM-DS. Order the download by activation code."
            )
        address = self.card.addresses().get("defaultDpAddress")
        if not address:
            raise LpaError("The card has no default SM-DP+. Order setDefaultDpAddress first.")
        return ActivationCode(address)

    def _server(self, address: str, transaction: bytes | None = None) -> RspServer:
        if self.mode is DownloadMode.RELAYED:
            return RelayServer(self.eim, address, transaction, self.card.wire)
        if self.servers is None:
            raise LpaError(f"This IPA cannot reach the SM-DP+ {address}. Download through the eIM.")
        return self.servers(address)
