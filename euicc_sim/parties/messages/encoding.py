"""Values of messages to bytes and back, every code by its name; what does not fit is a sentence."""

from __future__ import annotations

from typing import Any

from pyasn1.type import univ

from euicc_sim.asn1.codec import UNKNOWN, Asn1Error, Unknown
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.messages.errors import EimError, LpaError


def with_names(spec: Any, value: Any) -> Any:
    """A value of the type `spec` in which every code is its name, unknown ones their digits."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, tuple):
        name, content = value
        return name, with_names(_component(spec, name), content)
    if isinstance(value, dict):
        return {name: with_names(_component(spec, name), one) for name, one in value.items()}
    if isinstance(value, list):
        return [with_names(spec.componentType, one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return _code(spec, value)
    return value


def _component(spec: Any, name: str) -> Any:
    types = spec.componentType
    return types.getTypeByPosition(types.getPositionByName(name))


def _code(spec: univ.Integer, value: int) -> int | str:
    names = {int(number): str(name) for name, number in spec.namedValues.items()}
    return names.get(value, str(value)) if names else value


def written(type_name: str, value: Any, what: str, wire: Wire = WIRE_1_2) -> bytes:
    """DER of a value of an ASN.1 type of SGP.32. Raises EimError, which begins with `what`."""
    try:
        return wire.encode(type_name, value)
    except (Asn1Error, UnicodeEncodeError) as error:
        raise EimError(f"{what} cannot be written: {error}. Mend that value.") from error


def request(type_name: str, value: Any, wire: Wire = WIRE_1_2) -> bytes:
    """A message of that type. Raises LpaError when a value does not fit."""
    try:
        return wire.encode(type_name, value)
    except Asn1Error as error:
        raise LpaError(f"The {type_name} cannot be written: {error}. Mend that value.") from error


def answer(type_name: str, message: bytes, wire: Wire = WIRE_1_2) -> Any:
    """The value of a message, every code as its name; an alternative not known is Unknown.

    Raises LpaError when it cannot be read.
    """
    try:
        return with_names(wire.types[type_name], wire.read_keeping(type_name, message))
    except Asn1Error as error:
        raise LpaError(
            f"This is no {type_name}: {error}. Look at the card or server that it came from."
        ) from error


def shown(code: object) -> str:
    """A code as people read it; an alternative that is not known is "?" and its tag."""
    return f"{UNKNOWN} {code.tag:X}" if isinstance(code, Unknown) else str(code)
