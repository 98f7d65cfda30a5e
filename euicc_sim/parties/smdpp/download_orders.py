"""The orders of an SM-DP+: each a Profile, who may download it, and how far that has come.

An order has the states of ES2+ (SGP.22 v2.5 clauses 3.1.1, 5.3 and 5.6). What changes is in its
record, which is frozen and holds plain values alone: a row. Each method of a record that says what
happened returns the record from then on. `order_book` says who keeps them. Knows no messages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Annotated, Self

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Meta
from msgspec.structs import replace

from apdu import TlvError
from apdu.tlv import children, whole
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.crypto.agreement import KeyPair, make_pair
from euicc_sim.crypto.signature import public_key
from euicc_sim.parties.messages.errors import Refusal, SmdppError
from euicc_sim.parties.messages.euicc_certificates import Euicc
from euicc_sim.parties.smdpp.binding import SessionKeys
from euicc_sim.parties.smdpp.metadata import Metadata, MetadataError, read_metadata
from euicc_sim.parties.smdpp.profile_packages import metadata_of

CONFIRMATION_TRIES = 3
"""The number of consecutive wrong confirmation codes that ends an order."""


class OrderState(Enum):
    """The state of a Profile on an SM-DP+, as ES2+ has it.

    Ordered (allocated, or linked to an EID), confirmed, released for download, downloaded by a
    card, and installed there; error when the download has failed for good.
    """

    AVAILABLE = "available"
    ALLOCATED = "allocated"
    LINKED = "linked"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    DOWNLOADED = "downloaded"
    INSTALLED = "installed"
    ERROR = "error"
    UNAVAILABLE = "unavailable"


BEFORE_RELEASE = (
    OrderState.AVAILABLE,
    OrderState.ALLOCATED,
    OrderState.LINKED,
    OrderState.CONFIRMED,
)
_ICCID = 0x5A
_DOWNLOADABLE = (OrderState.RELEASED, OrderState.DOWNLOADED)


@dataclass(frozen=True)
class Order:
    """A Profile to download: `package` is the unprotected Profile Package, DER.

    Without a `matching_id`, a card gets it only with the order's EID (32 digits); otherwise the EID
    is a restriction. `metadata` is StoreMetadata as values or as BF25 of any content; by default it
    is made from the package. A `single_use` order is for the first card that fetches it, and ends
    when the Profile was installed or finally refused; others can be downloaded again and by others.
    It can be fetched until `expires`, and in at most `tries` attempts. Cards are told that they
    cannot have it unless it is `eligible`. `state` is that in which it begins; `name` is for
    people, `profile_type` is what ES2+ orders by. `smds` is the address of the SM-DS where its card
    finds it.
    """

    package: bytes = field(repr=False)
    matching_id: str = ""
    confirmation_code: str | None = field(default=None, repr=False)
    metadata: Metadata | bytes | None = None
    eid: str | None = None
    single_use: bool = False
    state: OrderState = OrderState.RELEASED
    expires: datetime | None = None
    tries: int | None = None
    eligible: bool = True
    name: str = ""
    profile_type: str = ""
    smds: str = ""

    def store_metadata(self, address: str, wire: Wire = WIRE_1_2) -> bytes:
        """StoreMetadata (BF25); `address` is the SM-DP+'s own.

        Raises SmdppError if it cannot be made from the order.
        """
        if isinstance(self.metadata, bytes):
            return self.metadata
        try:
            return (self.metadata or metadata_of(self.package, address)).encoded(wire)
        except MetadataError as error:
            raise SmdppError(Refusal.PROFILE_NOT_PREPARED, str(error)) from error

    @property
    def iccid(self) -> str | None:
        """The ICCID of the Profile in digits without a filler; None if it has none."""
        try:
            if isinstance(self.metadata, bytes):
                return _iccid_in(self.metadata)
            said = (self.metadata or metadata_of(self.package, "")).iccid
            return said.upper().rstrip("F")
        except (MetadataError, TlvError):
            return None

    def policy_rules(self, wire: Wire = WIRE_1_2) -> frozenset[int]:
        """The policy rules of the Profile; none if its metadata cannot be read."""
        if isinstance(self.metadata, bytes):
            try:
                found = read_metadata(self.metadata, wire).get("profilePolicyRules")
            except MetadataError:
                found = None
        else:
            found = self.metadata.policy_rules if self.metadata else None
        return frozenset() if found is None else frozenset(int(one) for one in found)


def _iccid_in(metadata: bytes) -> str | None:
    """The ICCID in StoreMetadata. Raises TlvError."""
    outer = whole(metadata)
    inside = children(metadata, outer.value, outer.end)
    found = [metadata[one.value : one.end] for one in inside if one.tag == _ICCID]
    return iccid_digits(found[0]) if found else None


class _Part(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename="camel",
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """The common settings of what is kept."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Prepared(_Part, frozen=True, kw_only=True):
    """The one-time keys of a Bound Profile Package, for a retry by the same card.

    `keys` are those of ReplaceSessionKeys, 48 bytes, None if the package has none.
    """

    euicc_otpk: bytes
    curve: str
    public: bytes
    private: bytes
    keys: bytes | None = None

    @classmethod
    def make(
        cls, euicc_otpk: bytes, curve: str, random: Callable[[int], bytes], *, replace_keys: bool
    ) -> Self:
        """New ones for a card's one-time key."""
        pair = make_pair(curve, random)
        keys = b"".join(SessionKeys.make(random)) if replace_keys else None
        return cls(
            euicc_otpk=euicc_otpk,
            curve=curve,
            public=pair.public,
            private=pair.private,
            keys=keys,
        )

    @property
    def one_time_key(self) -> KeyPair:
        """The SM-DP+'s key pair."""
        return KeyPair(self.curve, self.public, self.private)

    @property
    def session_keys(self) -> SessionKeys | None:
        """The keys of ReplaceSessionKeys."""
        if self.keys is None:
            return None
        third = len(self.keys) // 3
        return SessionKeys(*(self.keys[at : at + third] for at in range(0, 3 * third, third)))


class Delivery(_Part, frozen=True, kw_only=True):
    """To which card a package was given out, and all that its result is verified with.

    `key` is the card's public key (SubjectPublicKeyInfo), `ci_pk_id` the CI key above it, `oid`
    that of this SM-DP+. `prepared` is kept until the Profile is installed or refused.
    """

    eid: str
    transaction_id: bytes
    key: bytes
    ci_pk_id: bytes
    oid: str
    prepared: Prepared | None = None

    @classmethod
    def to(cls, euicc: Euicc, transaction_id: bytes, oid: str, prepared: Prepared) -> Self:
        """That to a card."""
        return cls(
            eid=euicc.eid,
            transaction_id=transaction_id,
            key=euicc.key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            ci_pk_id=euicc.ci_pk_id,
            oid=oid,
            prepared=prepared,
        )

    @property
    def euicc(self) -> Euicc:
        """The card. Raises UnusableKeyError if `key` is none."""
        return Euicc(self.eid, public_key(self.key, in_certificate=False), self.ci_pk_id)


class Announcement(_Part, frozen=True, kw_only=True):
    """An event that is registered at the SM-DS at `smds`: which card finds which matchingId.

    `address` is that of the SM-DP+ there.
    """

    smds: str
    eid: str
    event_id: str
    address: str = ""


class OrderRecord(_Part, frozen=True, kw_only=True):
    """An order as it is now: a row.

    `number` is its own for ever, `revision` counts its changes. `iccid` to `eligible` are those of
    the Order, until ES2+ changes them. `wrong_codes` are the wrong confirmation codes since the
    last right one, `downloads` the attempts, counted if they are limited. `delivery` is the last
    one, and `seq_number` the number of the notification that told of its installation. `smds` is
    where its card is to find it, `event` what is registered at an SM-DS now, or may be.
    """

    number: int
    revision: int = 0
    name: str = ""
    iccid: str | None = None
    profile_type: str = ""
    matching_id: str = ""
    eid: str | None = None
    confirmation_code: str | None = None
    single_use: bool = False
    expires: datetime | None = None
    tries: int | None = None
    eligible: bool = True
    state: OrderState = OrderState.RELEASED
    wrong_codes: Annotated[int, Meta(ge=0)] = 0
    downloads: Annotated[int, Meta(ge=0)] = 0
    delivery: Delivery | None = None
    seq_number: int | None = None
    smds: str = ""
    event: Announcement | None = None

    def __repr__(self) -> str:
        return f"OrderRecord({self.number}, {self.matching_id!r}, {self.state.value})"

    @classmethod
    def of(cls, order: Order, number: int) -> Self:
        """The first record of an order."""
        return cls(
            number=number,
            name=order.name or order.matching_id,
            iccid=order.iccid,
            profile_type=order.profile_type,
            matching_id=order.matching_id,
            eid=order.eid,
            confirmation_code=order.confirmation_code,
            single_use=order.single_use,
            expires=order.expires,
            tries=order.tries,
            eligible=order.eligible,
            state=order.state,
            smds=order.smds,
        )

    @property
    def what(self) -> str:
        """Its name in messages to cards and people."""
        return f"matchingId {self.matching_id!r}" if self.matching_id else f"EID {self.eid}"

    @property
    def open(self) -> bool:
        """Whether its state allows a download."""
        return self.state in _DOWNLOADABLE or (
            self.state is OrderState.INSTALLED and not self.single_use
        )

    @property
    def card(self) -> str | None:
        """The EID of the only card that may have it: the order's, or the first that fetched it."""
        if self.eid is None and self.single_use and self.delivery is not None:
            return self.delivery.eid
        return self.eid

    def wanted_event(self, now: datetime, address: str, smds: str = "") -> Announcement | None:
        """What the SM-DP+ at `address` should register at an SM-DS: its own, or that at `smds`.

        That is an order that its card can fetch by its matchingId, and has not installed yet; None
        for others.
        """
        where, expired = self.smds or smds, self.expires is not None and now >= self.expires
        if self.state not in _DOWNLOADABLE or expired or not (where and self.eid):
            return None
        if not self.matching_id:
            return None
        return Announcement(smds=where, eid=self.eid, event_id=self.matching_id, address=address)

    def prepared_for(self, eid: str) -> Prepared | None:
        """The keys of an earlier attempt of that card."""
        found = self.delivery
        return found.prepared if found is not None and found.eid == eid else None

    def check_offer(self, eid: str, now: datetime) -> None:
        """Raise SmdppError unless that card may begin a download now (clause 5.6.3)."""
        if self.state in (OrderState.INSTALLED, OrderState.UNAVAILABLE) and not self.open:
            raise nothing_waits(self.matching_id, eid, self.state)
        if self.card not in (None, eid):
            raise SmdppError(
                Refusal.OTHER_EID,
                f"The order is for the card {self.card}, not for {eid}. Use that card.",
            )
        if self.expires is not None and now >= self.expires:
            raise SmdppError(
                Refusal.ORDER_EXPIRED,
                f"The order for the {self.what} expired at {self.expires:%Y-%m-%d %H:%M} UTC. "
                "Place a new one.",
            )
        if self.tries is not None and self.downloads >= self.tries:
            raise SmdppError(
                Refusal.DOWNLOAD_TRIES,
                f"The {self.what} was tried {self.downloads} times, and no more are allowed. "
                "Place a new order.",
            )
        if self.state is OrderState.ERROR:
            raise nothing_waits(self.matching_id, eid, self.state)
        if not self.open:
            raise SmdppError(
                Refusal.NOT_RELEASED,
                f"The Profile of the {self.what} is not released: it is {self.state.value}. "
                "Release it with ES2+.ReleaseProfile.",
            )
        if not self.eligible:
            raise SmdppError(
                Refusal.NOT_ELIGIBLE,
                f"The card {eid} is not eligible for the Profile of the {self.what}. Order another "
                "for it.",
            )

    def check_delivery(self, offered: OrderRecord, eid: str) -> None:
        """Raise SmdppError unless that card, to which it was offered so, may have the package.

        Another card may have been first, or the order have ended meanwhile, and another begun.
        """
        if not self.open or self.matching_id != offered.matching_id:
            raise nothing_waits(offered.matching_id, eid, self.state)
        if self.card not in (None, eid):
            raise SmdppError(
                Refusal.OTHER_EID,
                f"The card {self.card} was first to fetch the Profile of the {self.what}, and it "
                "is for one card. Place an order for this one.",
            )

    def offered_as(self, offered: OrderRecord, eid: str) -> bool:
        """Whether this is still the order that was offered so to that card, and waits for it."""
        same = self.matching_id == offered.matching_id
        return self.open and same and self.card in (None, eid)

    def awaits_result(self, transaction_id: bytes) -> bool:
        """Whether it was delivered last in that transaction, and neither installed nor refused."""
        found = self.delivery
        if found is None or found.transaction_id != transaction_id:
            return False
        return found.prepared is not None

    # -- what happens to it

    def tried(self) -> Self:
        """After an attempt, if they are limited."""
        return self if self.tries is None else replace(self, downloads=self.downloads + 1)

    def given_wrong_code(self) -> Self:
        """After a wrong confirmation code; the last one ends the order."""
        wrong = self.wrong_codes + 1
        ended = wrong >= CONFIRMATION_TRIES
        return replace(self, wrong_codes=wrong, state=OrderState.ERROR if ended else self.state)

    def delivered(self, delivery: Delivery) -> Self:
        """After a card has got its package."""
        return replace(
            self, state=OrderState.DOWNLOADED, wrong_codes=0, delivery=delivery, seq_number=None
        )

    def installed(self, eid: str, seq_number: int) -> Self:
        """After that card has installed the Profile, told in the notification of that number."""
        if self.delivery is None or self.delivery.eid != eid:
            return replace(self, state=OrderState.INSTALLED)
        delivery = _without_keys(self.delivery)
        return replace(self, state=OrderState.INSTALLED, delivery=delivery, seq_number=seq_number)

    def refused(self, eid: str) -> Self:
        """After that card has finally refused it; this ends an order for one card."""
        delivered = self.delivery is not None and self.delivery.eid == eid
        state = OrderState.RELEASED if delivered else self.state
        return replace(
            self,
            state=OrderState.ERROR if self.single_use else state,
            delivery=_without_keys(self.delivery) if delivered else self.delivery,
        )

    def deleted(self, eid: str, seq_number: int) -> Self:
        """After that card has deleted the Profile; it can be downloaded there again.

        An older notification than that of the installation changes nothing.
        """
        installed = self.delivery is not None and self.delivery.eid == eid
        later = self.seq_number is None or seq_number > self.seq_number
        if self.state is not OrderState.INSTALLED or not installed or not later:
            return self
        return replace(self, state=OrderState.RELEASED, downloads=0, seq_number=None)


def wrong_code(record: OrderRecord) -> SmdppError:
    """The refusal of a wrong confirmation code, which is counted already."""
    left = CONFIRMATION_TRIES - record.wrong_codes
    if left <= 0:
        return SmdppError(
            Refusal.CONFIRMATION_CODE_TRIES,
            f"That was wrong confirmation code {record.wrong_codes}, and the order is ended. "
            "Place a new one.",
        )
    return SmdppError(
        Refusal.CONFIRMATION_CODE,
        f"The confirmation code is wrong. {left} tries are left: start the download again with the "
        "right one.",
    )


def _without_keys(delivery: Delivery | None) -> Delivery | None:
    return None if delivery is None else replace(delivery, prepared=None)


def nothing_waits(matching_id: str, eid: str, state: OrderState | None = None) -> SmdppError:
    """The refusal when there is no order, or one that has ended in that state."""
    ended = "" if state is None else f": the last one is {state.value}"
    if not matching_id:
        return SmdppError(
            Refusal.OTHER_EID,
            f"No order waits for the EID {eid}{ended}, and there is no matchingId. Place one, or "
            "use an activation code.",
        )
    return SmdppError(
        Refusal.MATCHING_ID,
        f"No order waits for the matchingId {matching_id!r}{ended}. Check the activation code, or "
        "place an order.",
    )
