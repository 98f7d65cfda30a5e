"""One command's view of the card: drafts of what it keeps, and what it needs from outside.

A function replaces the drafts; the card keeps them when the function returns and drops them when
it raises. Knows no files, no status words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from euicc_sim.crypto.signature import sign

if TYPE_CHECKING:
    from types import TracebackType

    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    from euicc_sim.asn1.wire import Wire
    from euicc_sim.env import Env
    from euicc_sim.model.identity import Credential, Identity
    from euicc_sim.model.profile import Profile, ProfileEvent
    from euicc_sim.model.state import State
    from euicc_sim.model.volatile import Volatile


@dataclass(frozen=True, slots=True)
class Signer:
    """A credential together with its private key, which never shows."""

    credential: Credential
    key: EllipticCurvePrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """r||s with SK.EUICC.ECDSA, 64 bytes."""
        return sign(self.key, data)


class Event(NamedTuple):
    """What a function or command came to: its name, whether it was refused, a line for a person."""

    name: str
    refused: bool
    text: str


class Happening(NamedTuple):
    """Something that recipients of Notifications are told; `not_to` is an address that knows."""

    profile: Profile
    event: ProfileEvent
    not_to: str | None = None


@dataclass(frozen=True, slots=True)
class PackageRun:
    """The eUICC Package whose operations are being run, and what they have done to Profiles.

    `seq_number` is the one that its result will have, `signature` the eimSignature. `disabled` is
    the ICCID of the Profile that it has disabled.
    """

    eim_id: str
    counter: int
    transaction_id: bytes | None
    seq_number: int
    signature: bytes = b""
    has_enabled: bool = False
    disabled: bytes | None = None


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """Keys that protect a download from here on, 16 bytes each; they never show.

    `replaced` says that they came with the package (ReplaceSessionKeys), not from the agreement.
    """

    transaction_id: bytes
    s_enc: bytes = field(repr=False)
    s_mac: bytes = field(repr=False)
    chaining: bytes = field(repr=False)
    replaced: bool = False


OnKeys = Callable[[SessionKeys], None]


class Drafts(NamedTuple):
    """What a session has done so far."""

    state: State
    volatile: Volatile
    happenings: tuple[Happening, ...]
    package: PackageRun | None


@dataclass(slots=True)
class Session:
    """What a function may read and replace. `notes` are words for the log, refusals in full.

    Notifications of `happenings` are made when the function has returned. `package` is there
    while operations of an eUICC Package run. `on_keys` is there where a user has asked to be told
    the keys of downloads. `function` is the name of the one that runs, `events` are what has come
    of those that have run.
    """

    state: State
    volatile: Volatile
    env: Env
    identity: Identity
    wire: Wire
    signers: Sequence[Signer]
    happenings: tuple[Happening, ...] = ()
    package: PackageRun | None = None
    notes: list[str] = field(default_factory=list)
    refused: bool = False
    on_keys: OnKeys | None = None
    function: str = "ES10"
    events: list[Event] = field(default_factory=list)
    _settled: Drafts = field(init=False)

    def __post_init__(self) -> None:
        """Nothing has been done yet."""
        self._settled = self.drafts

    def note(self, text: str) -> None:
        """Say what happened, in words for a person."""
        self.notes.append(text)

    def refuse(self, why: str) -> None:
        """Say why something was refused, in words for a person."""
        self.refused = True
        self.notes.append(why)

    def report(self) -> None:
        """Make an event of what was noted: the function has come to its end."""
        text = "; ".join(self.notes) or "ok"
        self.events.append(Event(self.function, self.refused, f"{self.function}: {text}"))
        self.notes, self.refused = [], False

    def settle(self) -> None:
        """What has been done so far stands, even if the function is refused with a status word."""
        self._settled = self.drafts

    def rewind(self) -> None:
        """Undo what has been done since `settle`."""
        self.restore(self._settled)

    def signer_for(self, ci_pk_id: bytes) -> Signer:
        """The signer below that CI, or the first one when the card has none below it."""
        return self.signer_below(ci_pk_id) or self.signers[0]

    def signer_below(self, ci_pk_id: bytes) -> Signer | None:
        """The signer below that CI, if there is one."""
        return next((one for one in self.signers if one.credential.ci_pk_id == ci_pk_id), None)

    @property
    def drafts(self) -> Drafts:
        """What `restore` brings back."""
        return Drafts(self.state, self.volatile, self.happenings, self.package)

    def restore(self, drafts: Drafts) -> None:
        """Undo what has happened since these were the drafts."""
        self.state, self.volatile, self.happenings, self.package = drafts

    def savepoint(self) -> Savepoint:
        """A `with` block that undoes what its body did to the drafts when it raises."""
        return Savepoint(self)


class Savepoint:
    """The drafts of a session at one moment."""

    __slots__ = ("_drafts", "_session")

    def __init__(self, session: Session) -> None:
        """Remember them."""
        self._session = session
        self._drafts = session.drafts

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Bring them back when the body raised."""
        if kind is not None:
            self._session.restore(self._drafts)
