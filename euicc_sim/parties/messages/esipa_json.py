"""ESipa in JSON: each message of the ASN.1 binding as a function with fields, and back.

SGP.32 v1.2 clauses 6.1.2 and 6.4. Both sides speak ASN.1 inside; this is the translation at the
border:

    name, fields = request_fields(message)      # an IPA's message: ("getEimPackage", {...})
    message = request_message(name, fields)     # and on the eIM's side

Objects travel as base64 of their DER, so what a card signed is never encoded again. Knows nothing
of HTTP, nor of what the functions do.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeGuard

from apdu import TlvError, tlv
from apdu.tlv import Tlv, children, read_tag, whole
from euicc_sim.asn1 import esipa
from euicc_sim.asn1.esipa import Asn1Error
from euicc_sim.parties.messages.esipa_refusals import status_of

PATH = "/gsma/rsp2/esipa/"
"""The path of a function is this and its name."""

RPLMN_IS_HEX = True
"""6.4: rPLMN is six hexadecimal digits, as the other short octet strings are; else base64."""

LISTS_KEEP_THEIR_TAG = True
"""6.4: notificationList of ePRAndNotifications is base64 of the list with its tag (A0); else an
array of base64 objects. Both are understood."""

NO_ERROR = 0
"""A code that some eIMs send beside a package; it says that there is no error."""

Fields = Mapping[str, object]


class EsipaJsonError(ValueError):
    """A message that has no form in the other binding: a sentence with the next step.

    `missing` says that a field is missing, rather than malformed.
    """

    def __init__(self, sentence: str, *, missing: bool = False) -> None:
        super().__init__(sentence)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal: subject code and reason code, such as 8.2.6 and 3.8."""

    subject: str
    reason: str


# -- forms: how a value stands in JSON. `show` takes its TLV and its content, `read` gives the TLV.


@dataclass(frozen=True, slots=True)
class _Form:
    show: Callable[[bytes, bytes], object]
    read: Callable[[object, int], bytes]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise EsipaJsonError("is not a string. Send it as one.")
    return value


def _base64(value: object) -> bytes:
    return b64decode("".join(_text(value).split()), validate=True)


def _object(value: object, tag: int) -> bytes:
    data = _base64(value)
    found = whole(data)
    if tag not in (_ANY, found.tag):
        raise EsipaJsonError(f"has the tag {found.tag:X}, not {tag:X}. Send the whole object.")
    return data


def _digits(value: object, tag: int) -> bytes:
    try:
        return tlv(tag, bytes.fromhex(_text(value)))
    except EsipaJsonError:
        raise
    except ValueError as error:
        raise EsipaJsonError("is not pairs of hex digits. Send these.") from error


def _number(value: object, tag: int) -> bytes:
    if not isinstance(value, int) or isinstance(value, bool):
        raise EsipaJsonError("is not an integer. Send it as one.")
    if not -0x80000000 <= value <= 0x7FFFFFFF:
        raise EsipaJsonError("has more than 32 bits. Send a code of the specification.")
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return tlv(tag, value.to_bytes(size, signed=True))


def _flag(value: object, tag: int) -> bytes:
    if value is not True:
        raise EsipaJsonError("is not true. Send true, or leave it out.")
    return tlv(tag)


def _list_of_objects(value: object, tag: int) -> bytes:
    if isinstance(value, list):
        return tlv(tag, *(_object(one, _ANY) for one in value))
    data = _base64(value)
    found = whole(data)
    if found.tag not in (tag, _SEQUENCE):
        raise EsipaJsonError(f"has the tag {found.tag:X}, not {tag:X}. Send the whole list.")
    return tlv(tag, data[found.value :])


def _wrapped(value: object, _: int) -> bytes:
    data = _object(value, _ANY)
    return data if whole(data).tag == _RESULT else tlv(_RESULT, data)


def _show_list(data: bytes, content: bytes) -> object:
    if LISTS_KEEP_THEIR_TAG:
        return b64encode(data).decode()
    return [b64encode(content[one.start : one.end]).decode() for one in children(content)]


_ANY, _SEQUENCE, _INTEGER, _NULL = 0, 0x30, 0x02, 0x05
_RESULT, _EID_TAG, _ACKNOWLEDGEMENTS = 0xBF50, 0x5A, 0xBF53
_OBJECT: Final = _Form(lambda data, _: b64encode(data).decode(), _object)
_OCTETS: Final = _Form(
    lambda _, content: b64encode(content).decode(), lambda value, tag: tlv(tag, _base64(value))
)
_HEX: Final = _Form(
    lambda _, content: content.hex().upper(),
    _digits,
)
_TEXT: Final = _Form(
    lambda _, content: content.decode(), lambda value, tag: tlv(tag, _text(value).encode())
)
_NUMBER: Final = _Form(lambda _, content: int.from_bytes(content, signed=True), _number)
_CODE: Final = _Form(_NUMBER.show, _number)
_FLAG: Final = _Form(lambda *_: True, _flag)
_WRAPPED: Final = _Form(lambda data, _: b64encode(data).decode(), _wrapped)
_LIST: Final = _Form(_show_list, _list_of_objects)


@dataclass(frozen=True, slots=True)
class _Field:
    """A field: its name in JSON, and its tag (0: that of the object) and form.

    `inside` is the tag around it in ASN.1 alone. `also` are names by which others know it.
    """

    name: str
    tag: int
    form: _Form = _OBJECT
    needed: bool = False
    inside: int | None = None
    also: tuple[str, ...] = ()

    @property
    def outer(self) -> int:
        """The tag by which it is found in ASN.1."""
        return self.tag if self.inside is None else self.inside

    def given(self, fields: Fields) -> object:
        """Its value; None if it is not there."""
        value = next((fields[one] for one in (self.name, *self.also) if one in fields), None)
        return None if self.form is _CODE and value == NO_ERROR else value

    def read(self, value: object) -> bytes:
        """Its TLV. Raises EsipaJsonError."""
        try:
            found = self.form.read(value, self.tag)
        except EsipaJsonError as error:
            raise EsipaJsonError(f"{self.name} {error}") from error
        except ValueError as error:
            raise EsipaJsonError(
                f"{self.name} cannot be read: {error}. Check its encoding."
            ) from error
        return found if self.inside is None else tlv(self.inside, found)

    def show(self, data: bytes, item: Tlv) -> object:
        """Its value in JSON. Raises TlvError, ValueError."""
        if self.inside is not None:
            (item,) = children(data, item.value, item.end)
        return self.form.show(data[item.start : item.end], data[item.value : item.end])


@dataclass(frozen=True, slots=True)
class _Arm:
    """An alternative of a message: its fields, in ASN.1 below the tag `inside` if there is one.

    With `one` exactly one of the fields is there.
    """

    fields: tuple[_Field, ...]
    inside: int | None = None
    one: bool = False

    def given(self, fields: Fields) -> int:
        """How many of its fields are there."""
        return sum(one.given(fields) is not None for one in self.fields)

    def read(self, function: str, fields: Fields) -> bytes:
        """The content of the message. Raises EsipaJsonError."""
        parts = []
        for field in self.fields:
            value = field.given(fields)
            if value is None:
                if field.needed:
                    raise EsipaJsonError(f"{function} lacks {field.name}. Send it.", missing=True)
                continue
            parts.append(field.read(value))
        if self.one and len(parts) != 1:
            raise self._not_one(function, fields)
        content = b"".join(parts)
        return content if self.inside is None else tlv(self.inside, content)

    def _not_one(self, function: str, fields: Fields) -> EsipaJsonError:
        given = [one.name for one in self.fields if one.given(fields) is not None]
        if given:
            return EsipaJsonError(f"{function} has {' and '.join(given)}. Send one of them.")
        *others, last = [one.name for one in self.fields]
        names = f"{', '.join(others)} or {last}"
        return EsipaJsonError(f"{function} lacks {names}. Send one.", missing=True)

    def show(self, data: bytes, items: list[Tlv]) -> dict[str, object]:
        """The fields. Raises EsipaJsonError, TlvError, ValueError."""
        found: dict[str, object] = {}
        waiting = list(items)
        for field in self.fields:
            if waiting and field.outer in (_ANY, waiting[0].tag):
                found[field.name] = field.show(data, waiting.pop(0))
        if waiting:
            raise EsipaJsonError(f"the object {waiting[0].tag:X} has no name in it")
        return found


@dataclass(frozen=True, slots=True)
class _Message:
    """A message: its tag and alternatives.

    `refused` is the tag of an error code below it, `nothing` the content that has no fields.
    """

    tag: int
    arms: tuple[_Arm, ...]
    refused: int | None = None
    nothing: bytes | None = None

    def read(self, function: str, fields: Fields) -> bytes:
        """The message in ASN.1. Raises EsipaJsonError."""
        arm = max(self.arms, key=lambda one: one.given(fields))
        if self.nothing is not None and not arm.given(fields):
            return tlv(self.tag, self.nothing)
        return tlv(self.tag, arm.read(function, fields))

    def show(self, data: bytes) -> dict[str, object] | None:
        """The fields; None for a refusal. Raises EsipaJsonError."""
        try:
            outer = whole(data)
            if outer.tag != self.tag:
                raise EsipaJsonError(f"it has the tag {outer.tag:X}, not {self.tag:X}")
            if self.nothing is not None and data[outer.value : outer.end] == self.nothing:
                return {}
            items = children(data, outer.value, outer.end)
            if items and items[0].tag == self.refused:
                return None
            for arm in self.arms:
                if arm.inside is None:
                    return arm.show(data, items)
                if items and items[0].tag == arm.inside:
                    return arm.show(data, children(data, items[0].value, items[0].end))
        except (TlvError, ValueError) as error:
            raise EsipaJsonError(f"The message has no form in JSON: {error}.") from error
        raise EsipaJsonError(f"The message {outer.tag:X} has no form in JSON.")


@dataclass(frozen=True, slots=True)
class _Function:
    """A function: the messages of its request and its answer; None: it has no answer."""

    request: _Message
    answer: _Message | None


# -- the functions, clause 6.4

_EID = _Field("eidValue", _EID_TAG, _HEX)
_TRANSACTION = _Field("transactionId", 0x80, _HEX)
_NEEDED_TRANSACTION = _Field("transactionId", 0x80, _HEX, needed=True)
_PACKAGES = (
    _Field("euiccPackageRequest", 0xBF51),
    _Field("ipaEuiccDataRequest", 0xBF52),
    _Field("profileDownloadTriggerRequest", 0xBF54),
)
_ACKNOWLEDGED = _Field("eimAcknowledgements", _ACKNOWLEDGEMENTS)
_FROM_SMDS = _Arm((_NEEDED_TRANSACTION, _Field("profileDownloadTrigger", 0xBF54)), inside=0xA1)
_FROM_SMDP = _Arm(
    (
        _TRANSACTION,
        _Field("profileMetadata", 0xBF25, also=("profileMetaData",)),
        _Field("smdpSigned2", _SEQUENCE, needed=True),
        _Field("smdpSignature2", 0x5F37, needed=True),
        _Field("smdpCertificate", _SEQUENCE, needed=True),
        _Field("hashCc", 0x04),
    ),
    inside=0xA0,
)
_EPR_AND_NOTIFICATIONS = _Arm(
    (
        _Field("euiccPackageResult", 0xBF51, needed=True),
        _Field("notificationList", 0xA0, _LIST, needed=True),
    )
)


def _both(value: object, tag: int) -> bytes:
    if not is_object(value):
        raise EsipaJsonError("is not an object. Send one of its fields.")
    return tlv(tag, _EPR_AND_NOTIFICATIONS.read("it", value))


_BOTH: Final = _Form(
    lambda _, content: _EPR_AND_NOTIFICATIONS.show(content, children(content)), _both
)


def _message(
    tag: int,
    *fields: _Field,
    inside: int | None = None,
    one: bool = False,
    refused: int | None = None,
    nothing: bytes | None = None,
) -> _Message:
    return _Message(tag, (_Arm(fields, inside, one),), refused, nothing)


FUNCTIONS: Final[Mapping[str, _Function]] = {
    "initiateAuthentication": _Function(
        _message(
            0xBF39,
            _Field("euiccChallenge", 0x81, _OCTETS, needed=True),
            _Field("smdpAddress", 0x83, _TEXT),
            _Field("euiccInfo1", 0xBF20),
            _Field("eimTransactionId", 0x82, _HEX),
        ),
        _message(
            0xBF39,
            _TRANSACTION,
            _Field("serverSigned1", _SEQUENCE, needed=True),
            _Field("serverSignature1", 0x5F37, needed=True),
            _Field("euiccCiPKIdentifierToBeUsed", 0x04, needed=True, also=("euiccCiPKIdToBeUsed",)),
            _Field("serverCertificate", _SEQUENCE, needed=True),
            _Field("matchingId", 0x0C, _TEXT),
            _Field("ctxParams1", 0xA0, inside=0xA2),
            inside=0xA0,
            refused=0x81,
        ),
    ),
    "authenticateClient": _Function(
        _message(
            0xBF3B,
            _NEEDED_TRANSACTION,
            _Field("authenticateServerResponse", 0xBF38, needed=True),
        ),
        _Message(0xBF3B, (_FROM_SMDS, _FROM_SMDP), refused=0x82),
    ),
    "getBoundProfilePackage": _Function(
        _message(
            0xBF3A, _NEEDED_TRANSACTION, _Field("prepareDownloadResponse", 0xBF21, needed=True)
        ),
        _message(
            0xBF3A,
            _TRANSACTION,
            _Field("boundProfilePackage", 0xBF36, needed=True),
            inside=0xA0,
            refused=0x81,
        ),
    ),
    "cancelSession": _Function(
        _message(
            0xBF41,
            _NEEDED_TRANSACTION,
            _Field("cancelSessionResponse", 0xBF41, needed=True, inside=0xA1),
        ),
        _message(0xBF41, inside=0xA0, refused=0x81),
    ),
    "handleNotification": _Function(
        _message(
            0xBF3D,
            _Field("pendingNotification", _ANY, inside=0xA0),
            _Field("provideEimPackageResult", _RESULT, _WRAPPED),
            one=True,
        ),
        None,
    ),
    "getEimPackage": _Function(
        _message(
            0xBF4F,
            _EID,
            _Field("notifyStateChange", 0x80, _FLAG),
            _Field("stateChangeCause", 0x81, _NUMBER),
            _Field("rPLMN", 0x82, _HEX if RPLMN_IS_HEX else _OCTETS),
        ),
        _message(0xBF4F, *_PACKAGES, _Field("eimPackageError", _INTEGER, _CODE), one=True),
    ),
    "provideEimPackageResult": _Function(
        _message(_RESULT, _EID, _Field("eimPackageResult", _ANY, needed=True)),
        _message(
            _RESULT,
            _ACKNOWLEDGED,
            _Field("provideEimPackageResultError", _INTEGER, _CODE, also=("eimPackageError",)),
            one=True,
            nothing=tlv(_SEQUENCE),
        ),
    ),
    "transferEimPackage": _Function(
        _message(0xBF4E, *_PACKAGES, _ACKNOWLEDGED, one=True),
        _message(
            0xBF4E,
            _Field("euiccPackageResult", 0xBF51),
            _Field("ePRAndNotifications", _SEQUENCE, _BOTH),
            _Field("ipaEuiccDataResponse", 0xBF52),
            _Field("eimPackageError", _INTEGER, _CODE),
            _Field("eimPackageReceivedWithCid", 0xBF60),
            _Field("eimPackageErrorWithCid", 0xBF61),
            one=True,
            nothing=tlv(_NULL),
        ),
    ),
}
"""By the last part of the path. All but transferEimPackage are an IPA's to an eIM."""

_BY_TAG: Final = {one.request.tag: name for name, one in FUNCTIONS.items()}


def is_object(value: object) -> TypeGuard[Fields]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def function_of(message: bytes) -> str:
    """The name of the function whose request this is. Raises EsipaJsonError."""
    try:
        tag, _ = read_tag(message)
    except TlvError as error:
        raise EsipaJsonError(f"The message has no form in JSON: {error}.") from error
    if tag not in _BY_TAG:
        raise EsipaJsonError(f"The message {tag:X} has no form in JSON.")
    return _BY_TAG[tag]


def request_fields(message: bytes) -> tuple[str, dict[str, object]]:
    """A request as function and fields. Raises EsipaJsonError."""
    name = function_of(message)
    found = FUNCTIONS[name].request.show(message)
    return name, found or {}


def request_message(name: str, fields: Fields) -> bytes:
    """A request in ASN.1. Raises EsipaJsonError, KeyError for an unknown function.

    A result may stand in its ProvideEimPackageResult, or without it, in both functions that have
    one.
    """
    message = FUNCTIONS[name].request.read(name, fields)
    if name == "provideEimPackageResult":
        return _unwrapped(message)
    return message


def _unwrapped(message: bytes) -> bytes:
    """A ProvideEimPackageResult without another one inside; the outer eidValue holds."""
    outer = whole(message)
    *eid, inner = children(message, outer.value, outer.end)
    if inner.tag != _RESULT:
        return message
    found = children(message, inner.value, inner.end)
    kept = [one for one in found if not eid or one.tag != _EID_TAG]
    return tlv(_RESULT, *(message[one.start : one.end] for one in (*eid, *kept)))


def answer_fields(name: str, message: bytes) -> dict[str, object] | Refused:
    """An answer in ASN.1 as fields, or as the status codes of a refusal. Raises EsipaJsonError."""
    answer = FUNCTIONS[name].answer
    if answer is None or not message:
        return {}
    found = answer.show(message)
    if found is not None:
        return found
    try:
        _, (_, code) = esipa.from_eim(message)
    except Asn1Error as error:
        raise EsipaJsonError(f"The message has no form in JSON: {error}.") from error
    return Refused(*status_of(str(code)))


def answer_message(name: str, fields: Fields, request: bytes = b"") -> bytes:
    """An answer in ASN.1, empty where ESipa has none. Raises EsipaJsonError.

    `request` is what it answers, in ASN.1: acknowledgements have no answer.
    """
    answer = FUNCTIONS[name].answer
    if answer is None:
        return b""
    if request and _acknowledges(request):
        return b""
    return answer.read(name, fields)


def _acknowledges(request: bytes) -> bool:
    """Whether a request is a TransferEimPackage of acknowledgements."""
    outer = whole(request)
    if outer.tag != FUNCTIONS["transferEimPackage"].request.tag:
        return False
    return [one.tag for one in children(request, outer.value)] == [_ACKNOWLEDGEMENTS]
