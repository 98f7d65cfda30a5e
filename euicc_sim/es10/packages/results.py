"""Signed results of eUICC Packages: made, numbered and kept (SGP.32 v1.2 clause 2.11.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apdu import tlv
from euicc_sim.asn1.codec import Prepared
from euicc_sim.asn1.wire import SIGNATURE, token_object
from euicc_sim.es10.session import Session
from euicc_sim.model.eim import Eim
from euicc_sim.model.notification import PackageResult

RESULT_SIGNED, ERROR_SIGNED = 0xA0, 0xA1


def result_element(session: Session, element: tuple[str, Any]) -> Prepared:
    """An element of EuiccResultData: the alternative's name and its value."""
    return Prepared(session.wire.encode("EuiccResultData", element))


def signed_for(
    session: Session, eim: Eim, kind: int, data: bytes, package_signature: bytes = b""
) -> bytes:
    """An EuiccPackageResult around `data`, signed for an eIM as it is now.

    `kind` is the tag of its alternative; `package_signature` is what wires before v1.1 cover.
    """
    covered = data + session.wire.result_suffix(token_object(eim.token), package_signature)
    signature = session.signer_for(eim.ci_pk_id).sign(covered)
    return tlv(0xBF51, tlv(kind, data, tlv(SIGNATURE, signature)))


def keep_result(
    session: Session,
    eim: Eim,
    fields: dict[str, Any],
    results: Sequence[Prepared],
    package_signature: bytes = b"",
) -> bytes:
    """Number, sign and store a result; `fields` are those that repeat the package's."""
    seq_number = session.state.next_seq
    data = session.wire.encode(
        "EuiccPackageResultDataSigned",
        fields | {"seqNumber": seq_number, "euiccResult": list(results)},
    )
    answer = signed_for(session, eim, RESULT_SIGNED, data, package_signature)
    session.state = session.state.with_result(
        PackageResult(seq_number, eim.eim_id, answer), session.identity.limits
    )
    return answer
