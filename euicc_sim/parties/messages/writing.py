"""Writes messages; what cannot be written is a sentence."""

from __future__ import annotations

from typing import Any

from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.parties.messages.errors import EimError


def written(type_name: str, value: Any, what: str) -> bytes:
    """DER of a value of an ASN.1 type of SGP.32. Raises EimError, which begins with `what`."""
    try:
        return WIRE_1_2.encode(type_name, value)
    except (Asn1Error, UnicodeEncodeError) as error:
        raise EimError(f"{what} cannot be written: {error}. Mend that value.") from error
