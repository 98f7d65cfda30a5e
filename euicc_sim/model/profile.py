"""Profiles of a card, and what it remembers about switching them.

SGP.22 v2.5 clauses 3.1.5, 4.4 and 5.7.15 to 5.7.19, SGP.32 v1.2 clauses 3.3.2, 3.4 and 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Self

ISDP_PREFIX = bytes.fromhex("A0000005591010FFFFFFFF8900")
FIRST_ISDP, LAST_ISDP = 0x0010, 0xFFFF


class ProfileClass(IntEnum):
    """What a Profile is for."""

    TEST = 0
    PROVISIONING = 1
    OPERATIONAL = 2


class ProfileEvent(IntEnum):
    """Bits of NotificationEvent."""

    INSTALL = 0
    ENABLE = 1
    DISABLE = 2
    DELETE = 3


class Rule(IntEnum):
    """Bits of PprIds."""

    UPDATE_CONTROL = 0
    PPR1_NO_DISABLE = 1
    PPR2_NO_DELETE = 2


@dataclass(frozen=True, slots=True)
class Recipient:
    """An entry of notificationConfigurationInfo: events (bit numbers) and whom they are told to."""

    events: frozenset[int]
    address: str


@dataclass(frozen=True, slots=True)
class Operator:
    """An OperatorId: MCC and MNC as three packed bytes, and group identifiers where given."""

    mcc_mnc: bytes
    gid1: bytes | None = None
    gid2: bytes | None = None


@dataclass(frozen=True, slots=True)
class AuthorisationRule:
    """A row of the Rules Authorisation Table: rules (bit numbers), operators, end-user consent."""

    rules: frozenset[int]
    operators: tuple[Operator, ...]
    consent_required: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """An installed Profile: its metadata, its state and the package it was made of.

    `iccid` has 10 bytes as in EF.ICCID, `aid` (of the ISD-P) 16; `package` is the unprotected
    profile package, `connectivity` the httpParams in its header. `ci_pk_id` names the CI key of
    the session it came in, whose certificate signs its Notifications. `service_data` is the
    BF22 object as received, `iot_data` that of v1.3's BF64. A nickname of no length is none.
    """

    iccid: bytes
    aid: bytes
    service_provider: str
    name: str
    ci_pk_id: bytes
    package: bytes = field(repr=False)
    profile_class: int = ProfileClass.OPERATIONAL
    enabled: bool = False
    nickname: str = ""
    icon_type: int | None = None
    icon: bytes | None = field(default=None, repr=False)
    recipients: tuple[Recipient, ...] = ()
    owner: Operator | None = None
    dp_oid: str | None = None
    rules: frozenset[int] = frozenset()
    service_data: bytes | None = None
    ecall: bool | None = None
    fallback_allowed: bool | None = None
    connectivity: bytes | None = None
    iot_data: bytes | None = None
    preloaded: bool = False

    def with_state(self, enabled: bool) -> Self:
        """Enabled or disabled; the same value when it is so already."""
        return self if self.enabled == enabled else replace(self, enabled=enabled)

    @property
    def is_emergency(self) -> bool:
        """Whether it is the Emergency Profile (ecallIndication)."""
        return bool(self.ecall)

    @property
    def size(self) -> int:
        """Bytes of memory that it takes: see `memory_for`."""
        return memory_for(len(self.package), len(self.icon or b""))


ISDP_MEMORY = 1024
"""Bytes that an ISD-P takes before anything is loaded into it: keys, metadata, directory."""


def memory_for(package: int, icon: int = 0) -> int:
    """Bytes of memory that a Profile takes, by the bytes of its package and icon."""
    return ISDP_MEMORY + package + icon


def isdp_aid(number: int) -> bytes:
    """The AID of the ISD-P of that number, 16 bytes (SGP.02 annex H)."""
    return ISDP_PREFIX + number.to_bytes(2) + b"\0"


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a package has authorised: to go back to `iccid`, once (SGP.32 clause 3.3.2).

    The other fields are of the package that did, `seq_number` of its result; `signature` is its
    eimSignature, which the result of the rollback covers before v1.1.
    """

    iccid: bytes
    eim_id: str
    counter: int
    transaction_id: bytes | None
    seq_number: int
    signature: bytes = b""


class BppCommand(IntEnum):
    """BppCommandId of SGP.22: the step that a download has come to."""

    INITIALISE_SECURE_CHANNEL = 0
    CONFIGURE_ISDP = 1
    STORE_METADATA = 2
    REPLACE_SESSION_KEYS = 4
    LOAD_PROFILE_ELEMENTS = 5


@dataclass(frozen=True, slots=True)
class Installation:
    """A download whose secure channel is open: what its result will have to say, come what may.

    `step` is the BppCommand that has begun; `iccid` is known from the metadata on.
    """

    transaction_id: bytes
    address: str
    smdp_oid: str
    ci_pk_id: bytes
    step: int
    iccid: bytes | None = None
