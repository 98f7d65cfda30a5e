"""Reads a card's answers for an SM-DP+ and verifies their signatures (SGP.22 clause 5.6).

Signatures are verified over the bytes as received. Keeps no state.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from apdu.tlv import children, whole
from euicc_sim.asn1.codec import UNKNOWN
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.sgp22.download import (
    AuthenticateResponseOkValue,
    AuthenticateServerResponse,
    CancelSessionResponse,
    CancelSessionResponseOkValue,
    PrepareDownloadResponse,
    PrepareDownloadResponseOkValue,
)
from euicc_sim.asn1.sgp22.notifications import NotificationMetadataValue
from euicc_sim.asn1.sgp22.packages import ProfileInstallationResultDataValue
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.messages.encoding import shown
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.messages.euicc_certificates import Euicc
from euicc_sim.parties.messages.notifications import (
    Signed,
    read_message,
    signed_part,
)

_SEQUENCE = 0x30
V = TypeVar("V")

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


def read_authentication(
    message: bytes, wire: Wire = WIRE_1_2
) -> Signed[AuthenticateResponseOkValue]:
    """The ok alternative of AuthenticateServerResponse (BF38).

    Raises SmdppError for others, with the card's error code.
    """
    found = read_message(wire[AuthenticateServerResponse], message)
    match found:
        case ("authenticateResponseOk", value):
            return _signed(value, message)
        case ("authenticateResponseError", error):
            raise _refused("AuthenticateServerResponse", error["authenticateErrorCode"])
    raise _refused("AuthenticateServerResponse", found)


def read_preparation(
    message: bytes, wire: Wire = WIRE_1_2
) -> Signed[PrepareDownloadResponseOkValue]:
    """The ok alternative of PrepareDownloadResponse (BF21). Raises SmdppError for others."""
    found = read_message(wire[PrepareDownloadResponse], message)
    match found:
        case ("downloadResponseOk", value):
            return _signed(value, message)
        case ("downloadResponseError", error):
            raise _refused("PrepareDownloadResponse", error["downloadErrorCode"])
    raise _refused("PrepareDownloadResponse", found)


def read_cancelling(message: bytes, wire: Wire = WIRE_1_2) -> Signed[CancelSessionResponseOkValue]:
    """The ok alternative of CancelSessionResponse (BF41). Raises SmdppError for others."""
    found = read_message(wire[CancelSessionResponse], message)
    match found:
        case ("cancelSessionResponseOk", value):
            return _signed(value, message)
        case ("cancelSessionResponseError", code):
            raise _refused("CancelSessionResponse", code)
    raise _refused("CancelSessionResponse", found)


def _signed(value: V, message: bytes) -> Signed[V]:
    """The ok alternative of an answer: its signed object and the signature."""
    outer = whole(message)
    inside = children(message, outer.value, outer.end)[0]
    return signed_part(value, message[inside.value : inside.end], _SEQUENCE)


def _refused(name: str, code: object) -> SmdppError:
    return SmdppError(
        Refusal.EUICC_SIGNATURE,
        f"The card refused: {name} has {shown(code)}. Check what it was sent.",
    )


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
