"""What a card forgets on reset: the RSP session and one-time keys (SGP.22 clause 3.1.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, unique
from typing import TYPE_CHECKING, Self

from euicc_sim.model.replacing import replace

if TYPE_CHECKING:
    from euicc_sim.crypto.bsp import Bsp
    from euicc_sim.formats.bpp import BppStream
    from euicc_sim.model.profile import Profile

ONE_TIME_KEYS_KEPT = 8
"""How many SM-DP+s to keep one-time keys for; the oldest key is dropped first."""


@dataclass(frozen=True, slots=True)
class OneTimeKey:
    """A one-time key pair of the card (otPK.EUICC.ECKA) for the SM-DP+ with that OID.

    `curve` is the name in SEC 2 or RFC 5639, `public` the uncompressed point, 65 bytes, and
    `private` the scalar, 32 bytes, which is not printed.
    """

    smdp_oid: str
    curve: str
    public: bytes
    private: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Download:
    """A prepared download: CERT.DPpb (DER) and the card's one-time key for it."""

    smdp_certificate: bytes
    one_time_key: OneTimeKey


@dataclass(frozen=True, slots=True)
class RspSession:
    """A session with a server that has authenticated itself below the CI `ci_pk_id`.

    `server_oid` is the registeredID in its certificate; `is_smdp` is False for an SM-DS.
    `euicc_signature1` is the card's signature in its response, 64 bytes.
    """

    transaction_id: bytes
    ci_pk_id: bytes
    server_oid: str
    server_address: str
    is_smdp: bool
    euicc_signature1: bytes
    download: Download | None = None


@dataclass(frozen=True, slots=True)
class Loading:
    """A Bound Profile Package being received.

    `stream` and `keys` belong to this value: fork them before using them. `content` is the
    plaintext so far of the current section; `profile` is set once its metadata is known, and does
    not have its package yet. It comes on one logical `channel`.
    """

    stream: BppStream
    keys: Bsp | None = None
    content: tuple[bytes, ...] = ()
    dp_oid: str | None = None
    profile: Profile | None = None
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Installed:
    """The Profile that the RSP session has installed, and the SM-DP+ it came from."""

    iccid: bytes
    smdp_oid: str
    smdp_address: str


@unique
class Proactive(Enum):
    """What the card asks of the terminal, by the type of the command (ETSI TS 102 223 9.4)."""

    REFRESH = 0x01
    POLL_INTERVAL = 0x03

    def __str__(self) -> str:
        """The name in the standard."""
        return self.name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Toolkit:
    """The card application toolkit since the last reset.

    `ready` once TERMINAL PROFILE has come. `waiting` is what FETCH will return, in that order, and
    `fetched` what no TERMINAL RESPONSE has come for. While `refreshing`, from a switch until the
    reset that REFRESH asks for, the files are still those of the Profile before.
    """

    ready: bool = False
    waiting: tuple[Proactive, ...] = ()
    fetched: Proactive | None = None
    refreshing: bool = False

    def asking(self, one: Proactive) -> Self:
        """With one more proactive command; a second one of its kind would say nothing new."""
        return self if one in self.waiting else replace(self, waiting=(*self.waiting, one))

    def switched(self) -> Self:
        """After a switch of Profiles: the terminal is asked for a reset, if it can be asked."""
        return replace(self.asking(Proactive.REFRESH), refreshing=True) if self.ready else self


@dataclass(frozen=True, slots=True)
class Volatile:
    """The volatile state.

    `challenge` is the one given out last (16 bytes), until it is used; `session` follows it. Both
    began on the channel `rsp_channel`.
    `one_time_keys`, one per SM-DP+, outlive a session, so that a download can be tried again.
    `switched` is set once the enabled Profile has changed, `ipad_declared` once the device has
    declared an IPAd, `ipae_activated` once it has activated the card's IPAe. `toolkit` is what it
    may be asked for.
    """

    challenge: bytes | None = None
    session: RspSession | None = None
    rsp_channel: int | None = None
    one_time_keys: tuple[OneTimeKey, ...] = ()
    loading: Loading | None = None
    installed: Installed | None = None
    switched: bool = False
    ipad_declared: bool = False
    ipae_activated: bool = False
    toolkit: Toolkit = field(default_factory=Toolkit)

    def with_challenge(self, challenge: bytes, channel: int) -> Self:
        """At the start of a new RSP session on that channel; an earlier one is dropped."""
        return replace(self.ended(), challenge=challenge, rsp_channel=channel)

    def with_session(self, session: RspSession) -> Self:
        """With an authenticated server; the challenge is used up."""
        return replace(self, challenge=None, session=session, loading=None, installed=None)

    def ended(self) -> Self:
        """Without an RSP session."""
        return replace(
            self, challenge=None, session=None, rsp_channel=None, loading=None, installed=None
        )

    def loaded(self, installed: Installed | None = None) -> Self:
        """At the end of a download, with or without a Profile; the session itself stays."""
        session = self.session and replace(self.session, download=None)
        return replace(self, session=session, loading=None, installed=installed)

    def find_one_time_key(self, smdp_oid: str) -> OneTimeKey | None:
        """The one-time key kept for an SM-DP+."""
        return next((one for one in self.one_time_keys if one.smdp_oid == smdp_oid), None)

    def with_one_time_key(self, key: OneTimeKey) -> Self:
        """With `key` in place of any earlier one for the same SM-DP+."""
        kept = (*self.without_one_time_key(key.smdp_oid).one_time_keys, key)
        return replace(self, one_time_keys=kept[-ONE_TIME_KEYS_KEPT:])

    def without_one_time_key(self, smdp_oid: str) -> Self:
        """Without the one-time key for an SM-DP+."""
        kept = tuple(one for one in self.one_time_keys if one.smdp_oid != smdp_oid)
        return replace(self, one_time_keys=kept)
