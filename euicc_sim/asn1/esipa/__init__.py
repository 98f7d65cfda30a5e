"""ESipa messages, bytes and values: an IPA's requests and an eIM's answers.

SGP.32 v1.2 clause 6.3. A value is a pair of a message's name and its value in v1.2; the differing
messages of v1.0 and v1.0.1 are understood too. Knows nothing of HTTP or of procedures.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

from apdu import TlvError, tlv
from apdu.tlv import read_tag
from euicc_sim.asn1 import codec
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.esipa import v1_0_translation
from euicc_sim.asn1.esipa.functions import (
    EsipaMessageFromEimToIpa,
    EsipaMessageFromEimToIpaValue,
    EsipaMessageFromIpaToEim,
    EsipaMessageFromIpaToEimValue,
)
from euicc_sim.asn1.esipa.packages import (
    EimAcknowledgements,
    IpaEuiccDataRequest,
    IpaEuiccDataResponse,
    ProfileDownloadTriggerRequest,
    ProfileDownloadTriggerResult,
)
from euicc_sim.asn1.types import Nothing

__all__ = [
    "Asn1Error",
    "from_eim",
    "from_ipa",
    "name_of",
    "refusal_to_ipa",
    "to_eim",
    "to_ipa",
    "to_old_eim",
    "types",
]

_NOTHING_TO_ACKNOWLEDGE = b"\xbf\x50\x00"
"""In v1.0 the acknowledgements are OPTIONAL; v1.2 has the emptyResponse."""
_FROM_IPA = codec.message(EsipaMessageFromIpaToEim)
_FROM_EIM = codec.message(EsipaMessageFromEimToIpa)


def from_ipa(data: bytes) -> EsipaMessageFromIpaToEimValue:
    """Decode an IPA's message. Raises Asn1Error for other bytes."""
    if v1_0_translation.is_old(data):
        return _old(data)
    try:
        return _FROM_IPA.decode(data)
    except Asn1Error:
        with suppress(Asn1Error):
            return _old(data)
        raise


def _old(data: bytes) -> EsipaMessageFromIpaToEimValue:
    return cast("EsipaMessageFromIpaToEimValue", v1_0_translation.read(data))


def to_eim(message: EsipaMessageFromIpaToEimValue) -> bytes:
    """Encode an IPA's message. Raises Asn1Error if the value does not fit."""
    return _FROM_IPA.encode(message)


def to_old_eim(data: bytes) -> bytes:
    """A message to an eIM in the form of v1.0. Raises Asn1Error for malformed bytes."""
    old = v1_0_translation.write(*_FROM_IPA.decode(data))
    return data if old is None else old


def from_eim(data: bytes) -> EsipaMessageFromEimToIpaValue:
    """Decode an eIM's answer. Raises Asn1Error."""
    if data == _NOTHING_TO_ACKNOWLEDGE:
        nothing: Nothing = {}
        return "provideEimPackageResultResponse", ("emptyResponse", nothing)
    return _FROM_EIM.decode(data)


def to_ipa(message: EsipaMessageFromEimToIpaValue) -> bytes:
    """Encode an eIM's message. Raises Asn1Error if the value does not fit."""
    return _FROM_EIM.encode(message)


def refusal_to_ipa(name: str, alternative: str, code: str) -> bytes:
    """Encode an eIM's refusal. Raises Asn1Error if the message has no such code."""
    return codec.encode(_FROM_EIM.spec, (name, (alternative, code)))


def name_of(data: bytes) -> str | None:
    """The name of the message with these first bytes; None if no IPA sends it."""
    try:
        tag, _ = read_tag(data)
    except TlvError:
        return None
    return _FROM_IPA.alternative(tlv(tag))


def types() -> dict[str, Any]:
    """The types of all messages, and of what they carry, by their ASN.1 names, for tools."""
    found = (
        one.asn1Object
        for message in (EsipaMessageFromIpaToEim, EsipaMessageFromEimToIpa)
        for one in message.componentType.namedTypes
    )
    packages = (IpaEuiccDataRequest, IpaEuiccDataResponse, EimAcknowledgements)
    downloads = (ProfileDownloadTriggerRequest, ProfileDownloadTriggerResult)
    return {type(one).__name__: one for one in (*found, *(kind() for kind in packages + downloads))}
