"""Messages of ES9+ and ES11 in ASN.1, bytes and values: an LPA's requests, a server's answers.

SGP.22 v2.5 clause 6.6.2. What is between card and SM-DP+ is passed on as bytes. Knows nothing of
HTTP or of procedures.
"""

from __future__ import annotations

from typing import Any

from euicc_sim.asn1 import codec
from euicc_sim.asn1.es9plus.messages import (
    AuthenticateClientResponseEs11,
    RemoteProfileProvisioningRequest,
    RemoteProfileProvisioningRequestValue,
    RemoteProfileProvisioningResponse,
    RemoteProfileProvisioningResponseValue,
)

_REQUEST = codec.message(RemoteProfileProvisioningRequest)
_RESPONSE = codec.message(RemoteProfileProvisioningResponse)


def from_lpa(data: bytes) -> RemoteProfileProvisioningRequestValue:
    """Decode an LPA's request. Raises Asn1Error for other bytes."""
    return _REQUEST.decode(data)


def to_lpa(message: RemoteProfileProvisioningResponseValue) -> bytes:
    """Encode the answer of an SM-DP+ or SM-DS. Raises Asn1Error if the value does not fit."""
    return _RESPONSE.encode(message)


def types() -> dict[str, Any]:
    """The types of both by their ASN.1 names, for tools; and the one that only an SM-DS sends."""
    found = (
        RemoteProfileProvisioningRequest(),
        RemoteProfileProvisioningResponse(),
        AuthenticateClientResponseEs11(),
    )
    return {type(one).__name__: one for one in found}
