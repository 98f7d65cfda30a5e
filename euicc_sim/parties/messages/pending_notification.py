"""What a PendingNotification says to who passes it on: whose it is, for whom, and its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apdu import TlvError
from apdu.tlv import whole
from euicc_sim.parties.messages.card_answers import is_result, read_notification, read_result
from euicc_sim.parties.messages.certificates import eid_of
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.refusals import SmdppError

_SIGNED = 0x30


@dataclass(frozen=True, slots=True)
class Pending:
    """A notification as it came, in `message`.

    `eid` is that of the certificate in it, which a ProfileInstallationResult does not have; that
    has the `transaction_id` of its download, and `installed` says how it ended.
    """

    message: bytes
    seq_number: int
    address: str
    eid: str | None = None
    transaction_id: bytes | None = None
    installed: bool | None = None

    @property
    def about(self) -> str:
        """How a person calls it."""
        return f"notification {self.seq_number} for {self.address}"


def read_pending(message: bytes) -> Pending:
    """Read one, without verifying it. Raises EimError, also for the compact forms."""
    try:
        if is_result(message):
            return _result(message)
        if whole(message).tag != _SIGNED:
            raise EimError(
                "This notification is in compact form, which this eIM did not ask for. "
                "Let the IPA send it as the card wrote it."
            )
        value = read_notification(message).value
        return _pending(
            message,
            value["tbsOtherNotification"],
            eid=eid_of(value["euiccCertificate"]),
        )
    except (TlvError, SmdppError, ValueError) as error:
        raise EimError(f"This is no notification: {error}") from error


def _result(message: bytes) -> Pending:
    data = read_result(message).value["profileInstallationResultData"]
    return _pending(
        message,
        data["notificationMetadata"],
        transaction_id=data["transactionId"],
        installed=data["finalResult"][0] == "successResult",
    )


def _pending(message: bytes, metadata: Any, **others: Any) -> Pending:
    return Pending(message, metadata["seqNumber"], metadata["notificationAddress"], **others)
