"""Which message some bytes are, where only the direction is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from euicc_sim.asn1.primitives import Asn1Error
from euicc_sim.asn1.tree import Reading, raw, readings
from euicc_sim.asn1.wire import NEWEST

_REQUEST = "Request"


def recognised(
    data: bytes, *, is_request: bool, types: Mapping[str, Any] = NEWEST.types
) -> Reading | None:
    """The best reading of bytes as a request, or as anything else; None for what is no object.

    `types` are the possible ones by their names, by default those of ES10 in all versions.
    """
    chosen = {name: one for name, one in types.items() if (_REQUEST in name) is is_request}
    for known in (chosen, types):
        try:
            if found := readings(known, data):
                return found[0]
        except Asn1Error:
            continue
    try:
        return raw(data)
    except Asn1Error:
        return None
