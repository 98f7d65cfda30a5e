"""Values of messages to bytes and back; errors are sentences.

A message is `wire[GetCertsRequest]`: a type in the version in use.
"""

from __future__ import annotations

from typing import Any, TypeVar

from euicc_sim.asn1.codec import UNKNOWN, Asn1Error, Message, Unknown
from euicc_sim.parties.messages.errors import EimError, LpaError

Plain = (
    None
    | bool
    | int
    | str
    | bytes
    | frozenset[int]
    | tuple[str, "Plain"]
    | list["Plain"]
    | dict[str, "Plain"]
)
"""A value of any message, for display: a CHOICE is a pair, codes are names."""

V = TypeVar("V")


def written(message: Message[V], value: V, what: str) -> bytes:
    """Encode a value as DER. Raises EimError, which begins with `what`."""
    try:
        return message.encode(value)
    except (Asn1Error, UnicodeEncodeError) as error:
        raise EimError(f"{what} cannot be written: {error}. Mend that value.") from error


def request(message: Message[V], value: V) -> bytes:
    """Encode a request to a card. Raises LpaError for an invalid value."""
    try:
        return message.encode(value)
    except Asn1Error as error:
        raise LpaError(
            f"The {name_of(message)} cannot be written: {error}. Mend that value."
        ) from error


def answer(message: Message[V], data: bytes) -> V:
    """Decode an answer; an unknown alternative is Unknown.

    Raises LpaError if it is malformed.
    """
    try:
        return message.read_keeping(data)
    except Asn1Error as error:
        raise LpaError(
            f"This is not a valid {name_of(message)}: {error}. Check its sender."
        ) from error


def name_of(message: Message[V]) -> str:
    """The ASN.1 name of a message."""
    return type(message.spec).__name__


def shown(code: object) -> str:
    """A code for display; an unknown alternative is "?" and its tag."""
    return f"{UNKNOWN} {code.tag:X}" if isinstance(code, Unknown) else str(code)


def with_names(spec: Any, value: object) -> Plain:
    """A value of the type `spec` with codes replaced by names, unknown ones by digits.

    `spec` is Any, as pyasn1's types have no common interface to their components.
    """
    match value:
        case Unknown() | None | bool() | str() | bytes():
            return value
        case (str() as name, content):
            return name, with_names(_component(spec, name), content)
        case dict():
            return {name: with_names(_component(spec, name), one) for name, one in value.items()}
        case list():
            return [with_names(spec.componentType, one) for one in value]
        case int():
            names = {int(number): str(name) for name, number in spec.namedValues.items()}
            return names.get(value, str(value)) if names else value
        case frozenset():
            return value
    raise TypeError(f"a {type(value).__name__} is not a value of a message")


def _component(spec: Any, name: str) -> Any:
    types = spec.componentType
    return types.getTypeByPosition(types.getPositionByName(name))
