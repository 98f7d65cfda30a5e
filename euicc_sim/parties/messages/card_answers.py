"""What an SM-DP+ reads of a card's answers, and whether the card signed it (SGP.22 clause 5.6).

Signatures are verified over the bytes as received. Remembers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apdu import TlvError, tlv
from apdu.tlv import children, whole
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.wire import SIGNATURE, WIRE_1_2
from euicc_sim.crypto.signature import verifies
from euicc_sim.parties.messages.code_names import with_names
from euicc_sim.parties.messages.euicc_chain import Euicc
from euicc_sim.parties.messages.refusals import Refusal, SmdppError

_RESULT = b"\xbf\x37"
_SEQUENCE, _RESULT_DATA, _METADATA = 0x30, 0xBF27, 0xBF2F
_EVENTS = ("install", "enable", "disable", "delete")


@dataclass(frozen=True, slots=True)
class Signed:
    """A message of a card: its values, and its signed object and signature as received."""

    value: Mapping[str, Any]
    signed: bytes
    signature: bytes

    def check(self, euicc: Euicc, what: str, suffix: bytes = b"") -> None:
        """Raise SmdppError unless the card signed the object with that `suffix`."""
        if not verifies(euicc.key, self.signature, self.signed + suffix):
            raise SmdppError(
                Refusal.EUICC_SIGNATURE,
                f"{what} is not the signature of the card {euicc.eid} over these bytes. "
                "Pass the card's answer on as it came.",
            )


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


def read_message(type_name: str, message: bytes) -> Any:
    """The value of a card's message. Raises SmdppError when it cannot be read."""
    try:
        return WIRE_1_2.decode(type_name, message)
    except Asn1Error as error:
        raise SmdppError(
            Refusal.EUICC_MESSAGE,
            f"This is no {type_name}: {error}. Pass the card's answer on as it came.",
        ) from error


def read_answer(type_name: str, message: bytes) -> Signed:
    """The good alternative of AuthenticateServerResponse and its like.

    Raises SmdppError for others, with the card's error code.
    """
    form, value = read_message(type_name, message)
    if not form.endswith("Ok"):
        _, named = with_names(WIRE_1_2.types[type_name], (form, value))
        code = named if isinstance(named, str) else list(named.values())[-1]
        raise SmdppError(
            Refusal.EUICC_SIGNATURE,
            f"The card refused: its {type_name} says {code}. Look at what it was sent.",
        )
    outer = whole(message)
    inside = children(message, outer.value, outer.end)[0]
    return _signed(value, message[inside.value : inside.end], _SEQUENCE)


def is_result(message: bytes) -> bool:
    """Whether a PendingNotification is a ProfileInstallationResult, by its tag."""
    return message.startswith(_RESULT)


def read_result(message: bytes) -> Signed:
    """A ProfileInstallationResult (BF37). Raises SmdppError for other bytes."""
    value = read_message("ProfileInstallationResult", message)
    return _signed(value, _content(message), _RESULT_DATA)


def read_notification(message: bytes) -> Signed:
    """An OtherSignedNotification (30). Raises SmdppError for other bytes."""
    value = read_message("OtherSignedNotification", message)
    return _signed(value, _content(message), _METADATA)


def signature_object(signature: bytes) -> bytes:
    """A signature as the next signature covers it: 5F37 40 and its bytes."""
    return tlv(SIGNATURE, signature)


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


def result_facts(euicc: Euicc, data: Mapping[str, Any]) -> NotificationFacts:
    """What ProfileInstallationResultData says."""
    form, final = data["finalResult"]
    spec = WIRE_1_2.types["FinalResult"]
    _, named = with_names(spec, (form, final))
    outcome = (
        {"aid": named["aid"]}
        if form == "successResult"
        else {"command": named["bppCommandId"], "error": named["errorReason"]}
    )
    return facts(
        euicc,
        data["notificationMetadata"],
        transaction_id=data["transactionId"],
        sima_response=named.get("simaResponse"),
        **outcome,
    )


def _content(message: bytes) -> bytes:
    outer = whole(message)
    return message[outer.value : outer.end]


def _signed(value: Mapping[str, Any], content: bytes, tag: int) -> Signed:
    """The message whose content has the signed object, with that tag, and the signature."""
    try:
        items = {one.tag: one for one in reversed(children(content))}
        data, signature = items[tag], items[SIGNATURE]
    except (TlvError, KeyError) as error:  # pragma: no cover - the decoder has read these
        raise SmdppError(Refusal.EUICC_MESSAGE, f"The answer is damaged: {error}.") from error
    return Signed(value, content[data.start : data.end], content[signature.value : signature.end])
