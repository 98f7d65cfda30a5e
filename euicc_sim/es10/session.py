"""One command's view of the card: drafts of its state, and what it needs from outside.

A function replaces the drafts; the card stores them if the function returns and drops them if it
raises. Knows nothing of files and status words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import TracebackType

    from euicc_sim.asn1.wire import Wire
    from euicc_sim.crypto.signer import Signer
    from euicc_sim.env import Env
    from euicc_sim.model.identity import Identity
    from euicc_sim.model.notification import RanPackage
    from euicc_sim.model.profile import Profile, ProfileEvent
    from euicc_sim.model.state import State
    from euicc_sim.model.volatile import Volatile


IPAE = -1
"""In place of a logical channel: the requests of the card's own IPAe come on none."""


class Event(NamedTuple):
    """The outcome of a function or command: its name, whether it was refused, a line for people.

    `warning` says that it was served although chips refuse it, `goes_on` that it is a step of a
    download which has not ended.
    """

    name: str
    refused: bool
    text: str
    warning: bool = False
    goes_on: bool = False


class Happening(NamedTuple):
    """An event to notify recipients of; `not_to` is an address that knows already."""

    profile: Profile
    event: ProfileEvent
    not_to: str | None = None


@dataclass(frozen=True, slots=True)
class PackageRun:
    """The eUICC Package being executed, and what its operations have done to Profiles.

    `seq_number` is that of its future result, `signature` the eimSignature. `disabled` is the ICCID
    of the Profile that it has disabled.
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
    """Keys that protect the rest of a download, 16 bytes each; never shown.

    `replaced` says that they are from ReplaceSessionKeys, not from the key agreement.
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
    ran: RanPackage | None


def _nothing(_: bytes) -> None:
    """No package ran before."""


@dataclass(slots=True)
class Session:
    """What a function may read and replace. `notes` are lines for the log, with refusals in full.

    Notifications of `happenings` are made when the function has returned. `package` is set while
    operations of an eUICC Package run, `ran` once they have; `ran_before` finds an earlier package
    by its fingerprint. `on_keys` is set if a user wants the keys of downloads.
    `function` is the name of the running function, `events` are the outcomes of those before;
    `channel` is the logical channel that the request came on, `IPAE` if it is of the card's IPAe.
    """

    state: State
    volatile: Volatile
    env: Env
    identity: Identity
    wire: Wire
    signers: Sequence[Signer]
    happenings: tuple[Happening, ...] = ()
    package: PackageRun | None = None
    ran: RanPackage | None = None
    ran_before: Callable[[bytes], RanPackage | None] = _nothing
    notes: list[str] = field(default_factory=list)
    refused: bool = False
    warned: bool = False
    goes_on: bool = False
    on_keys: OnKeys | None = None
    function: str = "ES10"
    channel: int = 0
    events: list[Event] = field(default_factory=list)
    _settled: Drafts = field(init=False)

    def __post_init__(self) -> None:
        self._settled = self.drafts

    @property
    def ipae_runs(self) -> bool:
        """Whether the card's IPAe is its active IPA, rather than an IPAd (SGP.32 clause 3.8.4).

        Without a declaration of the device it is; once the device has activated it, it is until the
        next reset.
        """
        activated, declared = self.volatile.ipae_activated, self.volatile.ipad_declared
        return self.identity.has_ipae and (activated or not declared)

    def note(self, text: str, *, goes_on: bool = False) -> None:
        """Note what happened, in words for people; `goes_on` if it is a step of a download."""
        self.notes.append(text)
        self.goes_on = goes_on

    def refuse(self, why: str) -> None:
        """Note why something was refused, in words for people."""
        self.refused = True
        self.notes.append(why)

    def warn(self, text: str) -> None:
        """Note, once, something that is served although chips refuse it."""
        self.warned = True
        if text not in self.notes:
            self.notes.append(text)

    def report(self) -> None:
        """Turn the notes into an event: the function has ended."""
        text = f"{self.function}: {'; '.join(self.notes) or 'ok'}"
        goes_on = self.goes_on and not self.refused
        self.events.append(Event(self.function, self.refused, text, self.warned, goes_on))
        self.notes, self.refused, self.warned, self.goes_on = [], False, False, False

    def settle(self) -> None:
        """Keep the changes so far, even if the function is refused with a status word."""
        self._settled = self.drafts

    def rewind(self) -> None:
        """Undo the changes since `settle`."""
        self.restore(self._settled)

    def signer_for(self, ci_pk_id: bytes) -> Signer:
        """The signer below that CI, or the first one if the card has none below it."""
        return self.signer_below(ci_pk_id) or self.signers[0]

    def signer_below(self, ci_pk_id: bytes) -> Signer | None:
        """The signer below that CI, if there is one."""
        return next((one for one in self.signers if one.credential.ci_pk_id == ci_pk_id), None)

    @property
    def drafts(self) -> Drafts:
        """The drafts, for `restore`."""
        return Drafts(self.state, self.volatile, self.happenings, self.package, self.ran)

    def restore(self, drafts: Drafts) -> None:
        """Undo the changes since `snapshot`."""
        self.state, self.volatile, self.happenings, self.package, self.ran = drafts

    def savepoint(self) -> Savepoint:
        """A `with` block that undoes the changes to the drafts if its body raises."""
        return Savepoint(self)


class Savepoint:
    """The drafts of a session at one moment."""

    __slots__ = ("_drafts", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._drafts = session.drafts

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._session.restore(self._drafts)
