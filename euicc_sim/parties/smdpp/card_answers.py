"""Reads a card's answers for an SM-DP+ and verifies their signatures (SGP.22 clause 5.6).

Signatures are verified over the bytes as received. Keeps no state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from euicc_sim.asn1.codec import UNKNOWN
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.sgp22.download import (
    CancelSessionResponse,
    CancelSessionResponseOkValue,
    PrepareDownloadResponse,
    PrepareDownloadResponseOkValue,
)
from euicc_sim.asn1.sgp22.notifications import NotificationMetadataValue
from euicc_sim.asn1.sgp22.packages import ProfileInstallationResultDataValue
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.authentication import refused_by_card, signed_answer
from euicc_sim.parties.messages.encoding import shown
from euicc_sim.parties.messages.euicc_certificates import Euicc
from euicc_sim.parties.messages.notifications import Signed, read_message

_EVENTS = ("install", "enable", "disable", "delete")


@dataclass(frozen=True, slots=True)
class NotificationFacts:
    """The contents of a verified notification.

    `event` is install, enable, disable or delete; `iccid` is digits, None if the card had none. The
    other fields are for a ProfileInstallationResult: `error` is the name of errorReason, None if
    the Profile was installed as `aid`; `command` is the step that failed.
    """

    eid: str
    seq_number: int
    event: str
    address: str
    iccid: str | None
    transaction_id: bytes | None = None
    aid: bytes | None = None
    command: str | None = None
    error: str | None = None
    sima_response: bytes | None = None

    @property
    def installed(self) -> bool:
        """Whether this reports that a Bound Profile Package was installed."""
        return self.aid is not None


def read_preparation(
    message: bytes, wire: Wire = WIRE_1_2
) -> Signed[PrepareDownloadResponseOkValue]:
    """The ok alternative of PrepareDownloadResponse (BF21). Raises SmdppError for others."""
    found = read_message(wire[PrepareDownloadResponse], message)
    match found:
        case ("downloadResponseOk", value):
            return signed_answer(value, message)
        case ("downloadResponseError", error):
            raise refused_by_card("PrepareDownloadResponse", error["downloadErrorCode"])
    raise refused_by_card("PrepareDownloadResponse", found)


def read_cancelling(message: bytes, wire: Wire = WIRE_1_2) -> Signed[CancelSessionResponseOkValue]:
    """The ok alternative of CancelSessionResponse (BF41). Raises SmdppError for others."""
    found = read_message(wire[CancelSessionResponse], message)
    match found:
        case ("cancelSessionResponseOk", value):
            return signed_answer(value, message)
        case ("cancelSessionResponseError", code):
            raise refused_by_card("CancelSessionResponse", code)
    raise refused_by_card("CancelSessionResponse", found)


def facts(euicc: Euicc, metadata: NotificationMetadataValue) -> NotificationFacts:
    """The facts in NotificationMetadata."""
    events = sorted(metadata["profileManagementOperation"])
    number = metadata.get("iccid")
    return NotificationFacts(
        euicc.eid,
        metadata["seqNumber"],
        " ".join(_EVENTS[one] for one in events if one < len(_EVENTS)),
        metadata["notificationAddress"],
        None if number is None else iccid_digits(number),
    )


def result_facts(euicc: Euicc, data: ProfileInstallationResultDataValue) -> NotificationFacts:
    """The facts in ProfileInstallationResultData."""
    found = replace(
        facts(euicc, data["notificationMetadata"]), transaction_id=data["transactionId"]
    )
    final = data["finalResult"]
    match final:
        case ("successResult", ended):
            return replace(found, aid=ended["aid"], sima_response=ended["simaResponse"])
        case ("errorResult", failed):
            return replace(
                found,
                command=shown(failed["bppCommandId"]),
                error=shown(failed["errorReason"]),
                sima_response=failed.get("simaResponse"),
            )
    return replace(found, command=UNKNOWN, error=shown(final))
