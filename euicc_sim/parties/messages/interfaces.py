"""The interfaces between parties: ES9+, ES11 and ES12 (SGP.22 v2.5 clauses 5.6, 5.8 and 5.9), and
ESipa (SGP.32 clause 6).

Signed objects, certificates and whole ES10 answers are DER exactly as received; signatures are the
plain 64 bytes, key identifiers the plain 20 bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Protocol, runtime_checkable

from euicc_sim.parties.messages.errors import LpaError


class CancelReason(IntEnum):
    """Why a session ends without a Profile: CancelSessionReason, SGP.22 clause 5.7.14."""

    END_USER_REJECTION = 0
    POSTPONED = 1
    TIMEOUT = 2
    PPR_NOT_ALLOWED = 3
    METADATA_MISMATCH = 4
    LOAD_BPP_EXECUTION_ERROR = 5
    UNDEFINED_REASON = 127


TO_BE_TRIED_AGAIN = (CancelReason.POSTPONED, CancelReason.TIMEOUT)
"""Reasons that leave the order unchanged."""


@dataclass(frozen=True, slots=True)
class ServerAuthentication:
    """The answer of InitiateAuthentication, clause 5.6.1: the input of AuthenticateServer.

    `certificate` is CERT.DPauth, or CERT.DSauth of an SM-DS.
    """

    transaction_id: bytes
    server_signed1: bytes
    server_signature1: bytes
    ci_pk_id: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class ClientAuthentication:
    """The answer of AuthenticateClient, clause 5.6.3: the input of PrepareDownload.

    `profile_metadata` is StoreMetadata (BF25), `certificate` is CERT.DPpb; `hash_cc` is present if
    a relaying eIM knows the confirmation code.
    """

    transaction_id: bytes
    profile_metadata: bytes
    smdp_signed2: bytes
    smdp_signature2: bytes
    certificate: bytes
    hash_cc: bytes | None = None


class RspServer(Protocol):
    """An SM-DP+, local or remote. Its refusals are SmdppError."""

    @property
    def address(self) -> str:
        """The name under which LPAs and cards know it."""
        ...

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        """Answer a card's EUICCInfo1 (BF20) and challenge of 16 bytes."""
        ...

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        """Verify an AuthenticateServerResponse (BF38)."""
        ...

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        """Verify a PrepareDownloadResponse (BF21) and bind the Profile (BF36)."""
        ...

    def handle_notification(self, pending: bytes) -> object:
        """Take a PendingNotification: ProfileInstallationResult (BF37) or another (30)."""
        ...

    def cancel_session(self, transaction_id: bytes, response: bytes) -> object:
        """Take a CancelSessionResponse (BF41)."""
        ...


@dataclass(frozen=True, slots=True)
class EventEntry:
    """An event that waits at an SM-DS: its EventID, and the address of the server that has it.

    The server is an SM-DP+, for which the EventID is the matchingId, or another SM-DS.
    """

    event_id: str
    address: str


@dataclass(frozen=True, slots=True)
class EventEntries:
    """The answer of ES11.AuthenticateClient, clause 5.8.2."""

    transaction_id: bytes
    entries: tuple[EventEntry, ...]


@runtime_checkable
class EventServer(Protocol):
    """An SM-DS as LPAs see it (ES11), local or remote. Its refusals are SmdppError."""

    @property
    def address(self) -> str:
        """The name under which LPAs and cards know it."""
        ...

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        """Answer a card's EUICCInfo1 (BF20) and challenge of 16 bytes."""
        ...

    def authenticate_events(self, transaction_id: bytes, response: bytes) -> EventEntries:
        """ES11.AuthenticateClient: verify an AuthenticateServerResponse (BF38).

        The events of that card, or that whose EventID is the matchingId.
        """
        ...


def events_of(server: RspServer) -> EventServer:
    """The same server as an SM-DS. Raises LpaError if there is no way to ask it for events."""
    if not isinstance(server, EventServer):
        raise LpaError(f"{server.address} cannot be asked for events. Use the address of an SM-DS.")
    return server


class EventRegistry(Protocol):
    """An SM-DS as SM-DP+s and other SM-DSs see it (ES12, ES15). Its refusals are SmdppError."""

    def register_event(self, eid: str, event_id: str, address: str, *, forward: bool) -> None:
        """Tell that card's LPA that the server at `address` has something for it.

        `forward` lets an SM-DS register the event at its root SM-DS, too.
        """
        ...

    def delete_event(self, eid: str, event_id: str) -> None:
        """Delete an event that the same server has registered."""
        ...


Registries = Callable[[str], EventRegistry]
"""Returns the SM-DS at an address, to register events there."""


def hash_of_confirmation_code(code: str, transaction_id: bytes) -> bytes:
    """The hashCc of a session, 32 bytes (SGP.22 clause 5.7.5)."""
    return sha256(sha256(code.encode()).digest() + transaction_id).digest()


Servers = Callable[[str], RspServer]
"""Returns the SM-DP+ at an address."""


class Tell(Protocol):
    """Logs one line, `refused` if something was not carried out."""

    def __call__(self, text: str, *, refused: bool = False) -> None:
        """Log the line."""
        ...


class Esipa(Protocol):
    """Carries a message to an eIM and returns its answer, empty where ESipa has none.

    Raises EimUnreachableError, and LpaError for anything that is not an eIM's answer.
    """

    def exchange(self, message: bytes) -> bytes:
        """One message, one answer."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a message of ESipa: the message, empty where there is none, and the HTTP status.

    `why` says in a sentence why it is a refusal.
    """

    body: bytes
    status: int = 200
    why: str = ""
