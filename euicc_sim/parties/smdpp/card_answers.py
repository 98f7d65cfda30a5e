"""What an SM-DP+ reads of a card's answers, and whether the card signed it (SGP.22 clause 5.6).

Signatures are verified over the bytes as received. Remembers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apdu.tlv import children, whole
from euicc_sim.asn1.codec import UNKNOWN, Unknown
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.messages.encoding import shown, with_names
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.messages.euicc_certificates import Euicc
from euicc_sim.parties.messages.notifications import (
    Signed,
    read_message,
    signed_part,
)

_SEQUENCE = 0x30
_EVENTS = ("install", "enable", "disable", "delete")


@dataclass(frozen=True, slots=True)
class NotificationFacts:
    """What a notification says, once its signature was verified.

    `event` is install, enable, disable or delete; `iccid` digits, None when the card knew none.
    The other fields are a ProfileInstallationResult's: `error` names errorReason and is None when
    the Profile was installed under `aid`, `command` the step that failed.
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
        """Whether this says that a Profile was installed by a Bound Profile Package."""
        return self.aid is not None


def read_answer(type_name: str, message: bytes, wire: Wire = WIRE_1_2) -> Signed:
    """The good alternative of AuthenticateServerResponse and its like.

    Raises SmdppError for others, with the card's error code.
    """
    found = read_message(type_name, message, wire)
    form, value = found
    if not form.endswith("Ok"):
        code = _code(with_names(wire.types[type_name], found))
        raise SmdppError(
            Refusal.EUICC_SIGNATURE,
            f"The card refused: its {type_name} says {code}. Look at what it was sent.",
        )
    outer = whole(message)
    inside = children(message, outer.value, outer.end)[0]
    return signed_part(value, message[inside.value : inside.end], _SEQUENCE)


def _code(answer: Any) -> str:
    """What an answer that is not good says: its code, or the last field of what has one."""
    if isinstance(answer, Unknown):
        return shown(answer)
    _, value = answer
    return shown(list(value.values())[-1] if isinstance(value, dict) else value)


def facts(euicc: Euicc, metadata: Mapping[str, Any], **others: Any) -> NotificationFacts:
    """What NotificationMetadata says, and what else is known."""
    events = sorted(metadata["profileManagementOperation"])
    number = metadata.get("iccid")
    return NotificationFacts(
        euicc.eid,
        metadata["seqNumber"],
        " ".join(_EVENTS[one] for one in events if one < len(_EVENTS)),
        metadata["notificationAddress"],
        None if number is None else iccid_digits(number),
        **others,
    )


def result_facts(euicc: Euicc, data: Mapping[str, Any], wire: Wire = WIRE_1_2) -> NotificationFacts:
    """What ProfileInstallationResultData says."""
    ended = with_names(wire.types["FinalResult"], data["finalResult"])
    form, final = ended
    outcome = {}
    if form == UNKNOWN:
        outcome = {"command": UNKNOWN, "error": shown(ended)}
    elif form == "successResult":
        outcome = {"aid": final["aid"], "sima_response": final["simaResponse"]}
    else:
        outcome = {
            "command": final["bppCommandId"],
            "error": final["errorReason"],
            "sima_response": final.get("simaResponse"),
        }
    return facts(
        euicc, data["notificationMetadata"], transaction_id=data["transactionId"], **outcome
    )
