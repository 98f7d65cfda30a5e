"""Notifications of a card, and the signatures of its answers (SGP.22 v2.5 clause 5.6).

Signatures are verified over the bytes as received.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from apdu import TlvError, tlv
from apdu.tlv import children, whole
from euicc_sim.asn1.codec import Asn1Error, Message
from euicc_sim.asn1.sgp22.notifications import (
    NotificationMetadataValue,
    OtherSignedNotification,
    OtherSignedNotificationValue,
)
from euicc_sim.asn1.sgp22.packages import (
    ProfileInstallationResult,
    ProfileInstallationResultValue,
)
from euicc_sim.asn1.wire import SIGNATURE, WIRE_1_2, Wire
from euicc_sim.crypto.signature import verifies
from euicc_sim.parties.messages.encoding import name_of
from euicc_sim.parties.messages.errors import EimError, Refusal, SmdppError, UnknownFormError
from euicc_sim.parties.messages.euicc_certificates import Euicc, eid_of

_RESULT = b"\xbf\x37"
_RESULT_DATA, _METADATA = 0xBF27, 0xBF2F


V = TypeVar("V")


@dataclass(frozen=True)
class Signed(Generic[V]):
    """A message of a card: its value, and its signed object and signature as received."""

    value: V
    signed: bytes
    signature: bytes

    def check(self, euicc: Euicc, what: str, suffix: bytes = b"") -> None:
        """Raise SmdppError unless the card signed the object followed by `suffix`."""
        if not verifies(euicc.key, self.signature, self.signed + suffix):
            raise SmdppError(
                Refusal.EUICC_SIGNATURE,
                f"{what} is not the signature of the card {euicc.eid} over these bytes. "
                "Pass it on unchanged.",
            )


def read_message(message: Message[V], data: bytes) -> V:
    """The value of a card's message. Raises SmdppError if it is malformed."""
    try:
        return message.read_keeping(data)
    except Asn1Error as error:
        raise SmdppError(
            Refusal.EUICC_MESSAGE,
            f"This is not a valid {name_of(message)}: {error}. Pass it on unchanged.",
        ) from error


def is_result(message: bytes) -> bool:
    """Whether a PendingNotification is a ProfileInstallationResult, by its tag."""
    return message.startswith(_RESULT)


def read_installation(
    message: bytes, wire: Wire = WIRE_1_2
) -> Signed[ProfileInstallationResultValue]:
    """A ProfileInstallationResult (BF37). Raises SmdppError for other bytes."""
    value = read_message(wire[ProfileInstallationResult], message)
    return signed_part(value, _content(message), _RESULT_DATA)


def read_notification(
    message: bytes, wire: Wire = WIRE_1_2
) -> Signed[OtherSignedNotificationValue]:
    """An OtherSignedNotification (30). Raises SmdppError for other bytes."""
    value = read_message(wire[OtherSignedNotification], message)
    return signed_part(value, _content(message), _METADATA)


def signature_object(signature: bytes) -> bytes:
    """A signature in the form that the next signature covers: 5F37 40 and its bytes."""
    return tlv(SIGNATURE, signature)


def _content(message: bytes) -> bytes:
    outer = whole(message)
    return message[outer.value : outer.end]


def signed_part(value: V, content: bytes, tag: int) -> Signed[V]:
    """Split a message into its signed object (with that tag) and its signature."""
    try:
        items = {one.tag: one for one in reversed(children(content))}
        data, signature = items[tag], items[SIGNATURE]
    except (TlvError, KeyError) as error:  # pragma: no cover - the decoder has checked these
        raise SmdppError(Refusal.EUICC_MESSAGE, f"The answer is damaged: {error}.") from error
    return Signed(value, content[data.start : data.end], content[signature.value : signature.end])


_SIGNED, _COMPACT = 0x30, (0xA0, 0xA1)


@dataclass(frozen=True, slots=True)
class Pending:
    """A notification exactly as received, in `message`.

    `eid` is that of the certificate in it. A ProfileInstallationResult has none, but has the
    `transaction_id` of its download, and `installed` is its outcome.
    """

    message: bytes
    seq_number: int
    address: str
    eid: str | None = None
    transaction_id: bytes | None = None
    installed: bool | None = None

    @property
    def about(self) -> str:
        """Its name in messages to people."""
        return f"notification {self.seq_number} for {self.address}"


def read_pending(message: bytes, wire: Wire = WIRE_1_2) -> Pending:
    """Read a notification without verifying it.

    Raises EimError, also for compact forms; UnknownFormError for one of a later version.
    """
    try:
        if is_result(message):
            return _result(message, wire)
        tag = whole(message).tag
        if tag in _COMPACT:
            raise EimError(
                "This notification is in compact form, which this eIM did not ask for. "
                "Let the IPA send it as the card wrote it."
            )
        if tag != _SIGNED:
            raise UnknownFormError(f"a notification ? {tag:X} is none of SGP.32 v{wire.version}")
        value = read_notification(message, wire).value
        pending = _pending(message, value["tbsOtherNotification"])
        return replace(pending, eid=eid_of(value["euiccCertificate"]))
    except (TlvError, SmdppError, ValueError) as error:
        raise EimError(f"This is not a notification: {error}") from error


def _result(message: bytes, wire: Wire) -> Pending:
    data = read_installation(message, wire).value["profileInstallationResultData"]
    return replace(
        _pending(message, data["notificationMetadata"]),
        transaction_id=data["transactionId"],
        installed=data["finalResult"][0] == "successResult",
    )


def _pending(message: bytes, metadata: NotificationMetadataValue) -> Pending:
    return Pending(message, metadata["seqNumber"], metadata["notificationAddress"])
