"""ESipa messages as bytes and values: what an IPA sends to an eIM, and what it answers.

SGP.32 v1.2 clause 6.3; those of v1.0 and v1.0.1 are understood where they differ, and say so.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from apdu import TlvError, tlv
from apdu.tlv import read_tag
from euicc_sim.asn1 import codec
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.esipa import v1_0_translation as esipa_v1_0
from euicc_sim.asn1.esipa.functions import (
    EsipaMessageFromEimToIpa,
    EsipaMessageFromEimToIpaValue,
    EsipaMessageFromIpaToEim,
    EsipaMessageFromIpaToEimValue,
)

__all__ = [
    "Asn1Error",
    "FromIpa",
    "from_eim",
    "from_ipa",
    "message_from_eim",
    "message_from_ipa",
    "message_to_eim",
    "message_to_ipa",
    "name_of",
    "to_eim",
    "to_ipa",
    "to_old_eim",
    "types",
]


_NOTHING_TO_ACKNOWLEDGE = b"\xbf\x50\x00"
"""In v1.0 the acknowledgements are OPTIONAL; v1.2 has the emptyResponse."""
_FROM_IPA, _FROM_EIM = EsipaMessageFromIpaToEim(), EsipaMessageFromEimToIpa()


@dataclass(frozen=True, slots=True)
class FromIpa:
    """A message of an IPA: its name in the module, its value, and whether it is of v1.0.

    The value is as v1.2 has it, whichever version it came in.
    """

    name: str
    value: Any
    old: bool = False


def from_ipa(data: bytes) -> FromIpa:
    """Read what an IPA sent. Raises Asn1Error for bytes that are none of its messages."""
    if esipa_v1_0.is_old(data):
        return FromIpa(*esipa_v1_0.read(data), old=True)
    try:
        name, value = codec.decode(_FROM_IPA, data)
    except Asn1Error:
        with suppress(Asn1Error):
            return FromIpa(*esipa_v1_0.read(data), old=True)
        raise
    return FromIpa(name, value)


def message_to_eim(message: EsipaMessageFromIpaToEimValue) -> bytes:
    """Write a message of an IPA. Raises Asn1Error when the value does not fit."""
    return codec.encode(_FROM_IPA, message)


def message_to_ipa(message: EsipaMessageFromEimToIpaValue) -> bytes:
    """Write a message of an eIM. Raises Asn1Error when the value does not fit."""
    return codec.encode(_FROM_EIM, message)


def message_from_ipa(data: bytes) -> EsipaMessageFromIpaToEimValue:
    """Read what an IPA sent, in whichever version. Raises Asn1Error."""
    found = from_ipa(data)
    return cast("EsipaMessageFromIpaToEimValue", (found.name, found.value))


def message_from_eim(data: bytes) -> EsipaMessageFromEimToIpaValue:
    """Read what an eIM answered. Raises Asn1Error."""
    return cast("EsipaMessageFromEimToIpaValue", from_eim(data))


def to_eim(name: str, value: Any) -> bytes:
    """Write a message of an IPA. Raises Asn1Error when the value does not fit."""
    return codec.encode(_FROM_IPA, (name, value))


def to_old_eim(data: bytes) -> bytes:
    """A message to an eIM as v1.0 has it. Raises Asn1Error for bytes that are not a message."""
    name, value = codec.decode(_FROM_IPA, data)
    old = esipa_v1_0.write(name, value)
    return data if old is None else old


def from_eim(data: bytes) -> tuple[str, Any]:
    """Read what an eIM answered: name and value. Raises Asn1Error."""
    if data == _NOTHING_TO_ACKNOWLEDGE:
        return "provideEimPackageResultResponse", ("emptyResponse", {})
    name, value = codec.decode(_FROM_EIM, data)
    return str(name), value


def to_ipa(name: str, value: Any) -> bytes:
    """Write a message of an eIM. Raises Asn1Error when the value does not fit."""
    return codec.encode(_FROM_EIM, (name, value))


def name_of(data: bytes) -> str | None:
    """The name of the message that begins so, whatever is in it; None when no IPA sends it."""
    try:
        tag, _ = read_tag(data)
    except TlvError:
        return None
    return codec.alternative(_FROM_IPA, tlv(tag))


def types() -> dict[str, Any]:
    """The types of all messages by their ASN.1 names."""
    found = (
        one.componentType.getTypeByPosition(position)
        for one in (_FROM_IPA, _FROM_EIM)
        for position in range(len(one.componentType))
    )
    return {type(one).__name__: one for one in found}
