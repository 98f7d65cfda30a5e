"""The Profiles of a card, and what it remembers about switching between them.

SGP.22 v2.5 clauses 3.1.5, 4.4 and 5.7.15 to 5.7.19, SGP.32 v1.2 clauses 3.3.2, 3.4 and 4.4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

from euicc_sim.model.replacing import replace
from euicc_sim.model.sim import SimState

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
    """An entry of notificationConfigurationInfo: events (bit numbers) and whom to notify."""

    events: frozenset[int]
    address: str


@dataclass(frozen=True, slots=True)
class Operator:
    """An OperatorId: MCC and MNC as three packed bytes, and group identifiers if given."""

    mcc_mnc: bytes
    gid1: bytes | None = None
    gid2: bytes | None = None


@dataclass(frozen=True, slots=True)
class AuthorisationRule:
    """A row of the Rules Authorisation Table: rules (bit numbers), operators, end-user consent."""

    rules: frozenset[int]
    operators: tuple[Operator, ...]
    consent_required: bool = False


_UNCHANGED = SimState()


@dataclass(frozen=True, slots=True)
class Profile:
    """An installed Profile: its metadata, its state and the package it was installed from.

    `iccid` is 10 bytes, coded as in EF.ICCID; `aid` (of the ISD-P) is 16. `package` is the
    unprotected profile package, `connectivity` the httpParams in its header. `ci_pk_id` is the CI
    key of the download session; the card's certificate below it signs the Profile's Notifications.
    `service_data` is the BF22 object as received, `iot_data` the BF64 object of v1.3. An empty
    nickname means that there is none. `sim` is what its SIM has changed since then.
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
    sim: SimState = field(default_factory=SimState, hash=False)
    _metadata: Profile | None = field(default=None, init=False, repr=False, compare=False)

    def with_state(self, enabled: bool) -> Self:
        """Enabled or disabled; the same value if it already is."""
        return self if self.enabled == enabled else replace(self, enabled=enabled)

    @property
    def metadata(self) -> Profile:
        """The same without its package and what its SIM has changed; made once."""
        if self._metadata is None:
            object.__setattr__(self, "_metadata", replace(self, package=b"", sim=_UNCHANGED))
        return self._metadata or self

    @property
    def is_emergency(self) -> bool:
        """Whether it is the Emergency Profile (ecallIndication)."""
        return bool(self.ecall)

    @property
    def size(self) -> int:
        """The memory it takes, in bytes: see `memory_for`."""
        return memory_for(len(self.package), len(self.icon or b""))


ISDP_MEMORY = 1024
"""The memory, in bytes, of an empty ISD-P: keys, metadata, directory."""


def memory_for(package: int, icon: int = 0) -> int:
    """The memory a Profile takes, in bytes, given the size of its package and icon."""
    return ISDP_MEMORY + package + icon


def isdp_aid(number: int) -> bytes:
    """The AID of the ISD-P with that number, 16 bytes (SGP.02 annex H)."""
    return ISDP_PREFIX + number.to_bytes(2) + b"\0"


@dataclass(frozen=True, slots=True)
class Rollback:
    """A rollback to `iccid`, once, that an eUICC Package authorised (SGP.32 clause 3.3.2).

    The other fields describe that package; `seq_number` is that of its result. `signature` is its
    eimSignature, which the result of the rollback covers in versions before v1.1.
    """

    iccid: bytes
    eim_id: str
    counter: int
    transaction_id: bytes | None
    seq_number: int
    signature: bytes = b""


class BppCommand(IntEnum):
    """BppCommandId of SGP.22: the step that a download has reached."""

    INITIALISE_SECURE_CHANNEL = 0
    CONFIGURE_ISDP = 1
    STORE_METADATA = 2
    REPLACE_SESSION_KEYS = 4
    LOAD_PROFILE_ELEMENTS = 5


@dataclass(frozen=True, slots=True)
class Installation:
    """A download whose secure channel is open: what its result needs, however it ends.

    `step` is the BppCommand in progress; `iccid` is None until the metadata has arrived.
    """

    transaction_id: bytes
    address: str
    smdp_oid: str
    ci_pk_id: bytes
    step: int
    iccid: bytes | None = None
