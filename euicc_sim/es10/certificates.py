"""The card's certificates."""

from __future__ import annotations

from typing import Literal

from euicc_sim.asn1.sgp32.profiles import (
    CertsValue,
    GetCertsRequest,
    GetCertsRequestValue,
    GetCertsResponse,
    GetCertsResponseValue,
)
from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.es10.session import Session


def _refuse(code: Literal["invalidCiPKId"]) -> GetCertsResponseValue:
    return "getCertsError", code


@es10(
    0xBF56,
    GetCertsRequest,
    GetCertsResponse,
    clause="SGP.32 5.9.10",
    only="SGP.32",
    refuse=_refuse,
)
def get_certs(session: Session, request: GetCertsRequestValue) -> GetCertsResponseValue:
    """GetCerts, SGP.32 v1.2 clause 5.9.10: of the CI named, or of the first one."""
    wanted = request.get("euiccCiPKId", session.identity.ci_pk_ids[0])
    for credential in session.identity.credentials:
        if credential.ci_pk_id == wanted:
            certs: CertsValue = {
                "eumCertificate": credential.eum_certificate,
                "euiccCertificate": credential.euicc_certificate,
            }
            return "certs", certs
    raise ResultError(
        "invalidCiPKId", f"no certificate below CI key {wanted.hex().upper() or '(empty)'}"
    )
