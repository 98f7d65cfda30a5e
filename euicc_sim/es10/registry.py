"""The table of ES10 functions: each declares its tag, messages, versions and refusals.

Knows no particular function. An inconsistent declaration is an error at import.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar, get_args, get_type_hints

from apdu import SW, StatusError
from apdu.tlv import Tlv, whole
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.deviations import Deviation, Deviations
from euicc_sim.asn1.sgp22 import common as sgp22
from euicc_sim.asn1.sgp22 import download, notifications
from euicc_sim.asn1.sgp22 import profiles as sgp22_profiles
from euicc_sim.asn1.sgp32 import eims, functions, packages, profiles
from euicc_sim.asn1.types import Type
from euicc_sim.asn1.wire import VERSIONS, WIRES, Wire
from euicc_sim.es10.session import Session
from euicc_sim.model.state import Strictness
from euicc_sim.readings import WRONG_FORMS, WRONG_FORMS_ANYWHERE, WRONG_FORMS_FROM_SERVERS

Q = TypeVar("Q")
R = TypeVar("R")
V = TypeVar("V")
C = TypeVar("C", bound=str)
Handler = Callable[[Session, Q], R]
Malformed = Callable[[Session, str], "ResultError"]

ResultCode = (
    sgp22.SetDefaultDpAddressResultName
    | download.AuthenticateErrorName
    | download.DownloadErrorName
    | download.CancelSessionResponseErrorName
    | notifications.DeleteNotificationStatusName
    | sgp22_profiles.EnableResultName
    | sgp22_profiles.DisableResultName
    | sgp22_profiles.DeleteResultName
    | sgp22_profiles.MemoryResetResultName
    | sgp22_profiles.SetNicknameResultName
    | eims.AddInitialEimErrorName
    | functions.ImmediateEnableResultName
    | functions.ProfileRollbackResultName
    | functions.ConfigImmediateEnableResultName
    | functions.ExecuteFallbackMechanismResultName
    | functions.ReturnFromFallbackResultName
    | functions.EnableEmergencyProfileResultName
    | functions.DisableEmergencyProfileResultName
    | functions.ConnectivityParametersErrorName
    | functions.IpaeActivationResultName
    | packages.AddEimResultName
    | packages.EnableProfileResultName
    | packages.DisableProfileResultName
    | packages.DeleteProfileResultName
    | packages.ConfigureImmediateEnableResultName
    | packages.DeleteEimResultName
    | packages.UpdateEimResultName
    | packages.SetFallbackAttributeResultName
    | packages.UnsetFallbackAttributeResultName
    | profiles.GetCertsErrorName
    | profiles.ProfileInfoListErrorName
    | profiles.ResetResultName
)
"""The names of result codes with which standard functions and operations refuse."""


class ResultError(Exception):
    """A refusal by a function: the name of its result code, and the reason in words."""

    code: str
    why: str

    def __init__(self, code: ResultCode, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code, self.why = code, why

    @classmethod
    def own(cls, code: str, why: str) -> ResultError:
        """A refusal by a proprietary function, with a code of its own."""
        error = cls("undefinedError", why)
        error.args = (f"{code}: {why}",)
        error.code = code
        return error


class Codes(Generic[C]):
    """The names in a Literal, for refusals that are returned and not raised."""

    def __init__(self, names: object) -> None:
        """`names` is the Literal."""
        self._names: tuple[C, ...] = get_args(names)

    def of(self, error: ResultError) -> C:
        """The name in an error. Raises the error itself if it is not one of these."""
        for name in self._names:
            if name == error.code:
                return name
        raise error


@dataclass(frozen=True, slots=True)
class Pieces:
    """How a request is received in several command chains, each with a piece of it.

    The first piece begins with one of `tags`; while more is `awaited`, a piece can begin anywhere.
    Before any other function runs, an `unfinished` request is ended with `end`; a piece that comes
    while the request is received `elsewhere`, on another channel, does not end it.
    """

    tags: frozenset[int]
    awaited: Callable[[Session], bool]
    elsewhere: Callable[[Session], bool]
    unfinished: Callable[[Session], bool]
    end: Callable[[Session], None]


def check_version(version: str | None) -> None:
    """Raise ValueError for a version of SGP.32 that does not exist; None is none."""
    known = ("1.0", *VERSIONS)
    if version is not None and version not in known:
        raise ValueError(f"SGP.32 v{version} is not a version; there are {', '.join(known)}")


@dataclass(frozen=True, slots=True)
class Versions:
    """Which cards have a function: `since` and `until` are versions of SGP.32.

    `only` names the standard if just one of them has it. An IoT card that is not strict also has
    the functions of SGP.22 only.
    """

    since: str = "1.0"
    until: str | None = None
    only: Literal["SGP.22", "SGP.32"] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a version that does not exist."""
        for version in (self.since, self.until):
            check_version(version)

    def on(self, wire: Wire) -> bool:
        """Whether a card with that wire has the function."""
        if not wire.iot:
            return self.only != "SGP.32"
        of_sgp22 = self.only == "SGP.22" or (self.until is not None and wire.since(self.until))
        return not wire.strict if of_sgp22 else wire.since(self.since)


@dataclass(frozen=True, slots=True)
class Function(ABC):
    """One ES10 function.

    `clause` is that of the standard, None for a proprietary function; `wires` are those of the
    cards that have it. A function with `pieces` takes its request in pieces instead of as one
    object. One that `enables` can lead from no enabled Profile to one.
    """

    tag: int
    name: str
    clause: str | None
    about: str
    versions: Versions
    wires: frozenset[Wire]
    response: type[Type[object]]
    pieces: Pieces | None
    enables: bool

    @abstractmethod
    def answer(self, session: Session, request: bytes, item: Tlv | None) -> bytes:
        """Run it; `item` is the request's outermost object, None for a request in pieces.

        Raises StatusError 6A80 if the request is malformed and there is no code for that.
        """


@dataclass(frozen=True, slots=True)
class Exchange(Function, Generic[Q, R, C]):
    """A function that takes a message and answers with one.

    `refuse` makes the answer for one of `codes`; `malformed` makes the refusal of a request whose
    contents are malformed. A wrong form that is not served is 6A80 for every function.
    """

    request: type[Type[Q]]
    reply: type[Type[R]]
    handler: Handler[Q, R]
    refuse: Callable[[C], R] | None
    codes: tuple[C, ...]
    malformed: Malformed | None

    def answer(self, session: Session, request: bytes, item: Tlv | None) -> bytes:
        """Decode the request, call the handler, encode its answer or refusal."""
        try:
            result = self._call(session, request, item or whole(request))
        except ResultError as error:
            session.refuse(str(error))
            return self.refusal(session.wire, error)
        return session.wire[self.reply].encode(result)

    def _call(self, session: Session, request: bytes, item: Tlv) -> R:
        seen = Deviations()
        try:
            value = session.wire[self.request].decode_at(request, item, seen)
            judge(session, self.tag, seen)
        except Asn1Error as error:
            if self.malformed is not None and not isinstance(error, WrongFormError):
                raise self.malformed(session, str(error)) from error
            raise StatusError(SW.WRONG_DATA, str(error)) from error
        with session.savepoint():
            return self.handler(session, value)

    def refusal(self, wire: Wire, error: ResultError) -> bytes:
        """The answer for a refusal. Raises the error itself if the function has no such code."""
        for code in self.codes:
            if self.refuse is not None and code == error.code:
                return wire[self.reply].encode(self.refuse(code))
        raise error


@dataclass(frozen=True, slots=True)
class AsReceived(Function):
    """A function that takes the request and returns the answer as bytes."""

    handler: Handler[bytes, bytes]

    def answer(self, session: Session, request: bytes, item: Tlv | None) -> bytes:
        """Call the handler."""
        return self.handler(session, request)


FUNCTIONS: dict[int, Function] = {}
IN_PIECES: list[tuple[Function, Pieces]] = []
"""The functions that take requests in pieces."""
AFTERWARDS: list[Callable[[Session], None]] = []
"""Called whenever a function has returned."""


def afterwards(do: Callable[[Session], None]) -> Callable[[Session], None]:
    """Register `do`, to be called with the session whenever a function has returned."""
    AFTERWARDS.append(do)
    return do


def es10(
    tag: int,
    request: type[Type[Q]],
    response: type[Type[R]],
    *,
    clause: str | None,
    name: str | None = None,
    refuse: Callable[[C], R] | None = None,
    malformed: Malformed | None = None,
    since: str = "1.0",
    until: str | None = None,
    only: Literal["SGP.22", "SGP.32"] | None = None,
    enables: bool = False,
) -> Callable[[Handler[Q, R]], Handler[Q, R]]:
    """Register a function; `clause` is None for a proprietary one.

    `name` is the standard's name of the function if it does not follow from the request's type. The
    type of `refuse`'s parameter lists the codes that it may refuse with. For the others see
    `Versions` and `Function`. Raises ValueError if the tag is taken, or a version that has the
    function lacks one of its types.
    """

    def enter(handler: Handler[Q, R]) -> Handler[Q, R]:
        title = name or request.__name__.removesuffix("Request")
        versions = Versions(since, until, only)
        wires = _wires(title, versions, (request, response))
        _enter(
            Exchange(
                tag,
                title,
                clause,
                handler.__doc__ or "",
                versions,
                wires,
                response,
                None,
                enables,
                request,
                response,
                handler,
                refuse,
                codes_of(refuse),
                malformed,
            )
        )
        return handler

    return enter


def es10_as_received(
    tag: int,
    name: str,
    response: type[Type[object]],
    *,
    clause: str | None,
    since: str = "1.0",
    only: Literal["SGP.22", "SGP.32"] | None = None,
    pieces: Pieces | None = None,
    enables: bool = False,
) -> Callable[[Handler[bytes, bytes]], Handler[bytes, bytes]]:
    """Register a function that decodes its request and encodes its answer itself; see `es10`."""

    def enter(handler: Handler[bytes, bytes]) -> Handler[bytes, bytes]:
        versions = Versions(since, None, only)
        wires = _wires(name, versions, (response,))
        about = handler.__doc__ or ""
        _enter(
            AsReceived(
                tag, name, clause, about, versions, wires, response, pieces, enables, handler
            )
        )
        return handler

    return enter


def _enter(function: Function) -> None:
    if function.tag in FUNCTIONS:
        raise ValueError(f"{function.tag:X} is already the tag of {FUNCTIONS[function.tag].name}")
    FUNCTIONS[function.tag] = function
    if function.pieces is not None:
        IN_PIECES.append((function, function.pieces))


def _wires(name: str, versions: Versions, types: Iterable[type[Type[object]]]) -> frozenset[Wire]:
    wires = [wire for wire in WIRES if versions.on(wire)]
    for wire in wires:
        for one in types:
            if one not in wire:
                raise ValueError(f"{name}: a card of {wire} has it, but no {one.__name__}")
    return frozenset(wires)


def codes_of(refuse: Callable[[C], object] | None) -> tuple[C, ...]:
    """The result codes that a function's `refuse` takes, except ok."""
    if refuse is None:
        return ()
    hints = get_type_hints(refuse)
    hints.pop("return", None)
    (parameter,) = hints.values()
    return tuple(code for code in get_args(parameter) if code != "ok")


# -- the form of requests

_FORMS = {(one.function, one.place, one.form): one for one in WRONG_FORMS}
_SHOWN_DEVIATIONS = 3
_STRICT = "chips refuse that, and this card is strict (card set --no-strict)"
_NOT_LENIENT = "chips refuse that (card set --lenient serves it)"


def read_part(
    session: Session,
    function: int,
    of: type[Type[V]],
    data: bytes,
    place: str = "",
    *,
    from_server: bool = False,
) -> V:
    """Decode a request of the function with that tag, or the part at `place` of it.

    Raises Asn1Error, also for a wrong form that the card does not serve; see `judge`.
    """
    seen = Deviations()
    value = session.wire[of].decode(data, seen)
    if seen and place:
        seen.inside(place)
    judge(session, function, seen, from_server=from_server)
    return value


class WrongFormError(Asn1Error):
    """A request in a form that the card does not serve; its text says which."""


def judge(
    session: Session, function: int, seen: Iterable[Deviation], *, from_server: bool = False
) -> None:
    """Raise WrongFormError if a wrong form in a request to that function is not served; else warn.

    A card serves `readings.WRONG_FORMS`, a lenient one all that it understands, a strict one none.
    What the client of the card only passes on, `from_server`, is served by all but a strict one if
    it is among `readings.WRONG_FORMS_FROM_SERVERS`.
    """
    strictness = session.state.switches.strictness
    wrong: list[str] = []
    for one in seen:
        known = _FORMS.get((function, one.place, one.form.value))
        anywhere = WRONG_FORMS_ANYWHERE.get(one.form.value)
        if strictness is Strictness.STRICT:
            wrong.append(str(one))
        elif known is not None:
            session.warn(f"{one}; chips refuse that, but {known.client} sends it")
        elif anywhere is not None:
            session.warn(f"{one}; chips take that, and {anywhere} sends it")
        elif strictness is Strictness.LENIENT or (
            from_server and one.form.value in WRONG_FORMS_FROM_SERVERS
        ):
            session.warn(f"{one}; chips refuse that, this card does not")
        else:
            wrong.append(str(one))
    if wrong:
        why = _STRICT if strictness is Strictness.STRICT else _NOT_LENIENT
        raise WrongFormError(f"{' and '.join(wrong[:_SHOWN_DEVIATIONS])}; {why}")
