"""PrepareDownload and CancelSession (SGP.22 v2.5 clause 3.1.3)."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

from apdu import tlv
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.sgp22.download import (
    CancelSessionRequest,
    CancelSessionRequestValue,
    CancelSessionResponse,
    CancelSessionResponseOkValue,
    CancelSessionResponseValue,
    DownloadErrorName,
    EuiccCancelSessionSigned,
    EUICCSigned2,
    EUICCSigned2Value,
    PrepareDownloadParts,
    PrepareDownloadPartsValue,
    PrepareDownloadResponse,
    PrepareDownloadResponseErrorValue,
    PrepareDownloadResponseOkValue,
    SmdpSigned2,
    SmdpSigned2Value,
)
from euicc_sim.asn1.types import prepared
from euicc_sim.asn1.wire import SIGNATURE
from euicc_sim.crypto.agreement import make_pair
from euicc_sim.crypto.chain import Role
from euicc_sim.crypto.signature import verifies
from euicc_sim.es10.registry import Codes, ResultError, es10, es10_as_received, read_part
from euicc_sim.es10.rsp.authentication import check_server, server_key, transaction_id_of
from euicc_sim.es10.session import Session
from euicc_sim.model.replacing import replace
from euicc_sim.model.volatile import Download, OneTimeKey, RspSession
from euicc_sim.readings import FAILED_PREPARATION_ENDS_SESSION, UNKNOWN_CANCEL_REASON

PREPARE_DOWNLOAD = 0xBF21
CODES: Codes[DownloadErrorName] = Codes(DownloadErrorName)


@es10_as_received(
    PREPARE_DOWNLOAD, "PrepareDownload", PrepareDownloadResponse, clause="SGP.22 5.7.5"
)
def prepare_download(session: Session, request: bytes) -> bytes:
    """PrepareDownload, SGP.22 v2.5 clause 5.7.5; validity dates are not checked."""
    try:
        parts = read_part(session, PREPARE_DOWNLOAD, PrepareDownloadParts, request)
        signed = read_part(
            session, PREPARE_DOWNLOAD, SmdpSigned2, parts["smdpSigned2"], "smdpSigned2"
        )
    except Asn1Error as error:
        transaction_id = transaction_id_of(request, f"PrepareDownload: {error}")
        return _refused(session, transaction_id, ResultError("undefinedError", str(error)))
    try:
        current, curve = _authentic(session, parts, signed)
    except ResultError as error:
        return _refused(session, signed["transactionId"], error)
    return _answer(session, parts, current, _one_time_key(session, current, signed, curve))


def _authentic(
    session: Session, parts: PrepareDownloadPartsValue, signed: SmdpSigned2Value
) -> tuple[RspSession, str]:
    """The session of a request, and the curve of the SM-DP+'s key."""
    current = session.volatile.session
    if current is None or not current.is_smdp:
        raise ResultError("noSessionContext", "no SM-DP+ has been authenticated")
    if signed["transactionId"] != current.transaction_id:
        raise _other_transaction(current, signed["transactionId"])
    certificate = parts["smdpCertificate"]
    credential = session.signer_for(current.ci_pk_id).credential
    smdp = check_server(certificate, credential, (Role.DP_PB,))
    if smdp.oid != current.server_oid:
        raise ResultError(
            "invalidCertificate",
            f"the certificate is for {smdp.oid}, the session is with {current.server_oid}",
        )
    key = server_key(certificate)
    covered = parts["smdpSigned2"] + tlv(SIGNATURE, current.euicc_signature1)
    if not verifies(key, parts["smdpSignature2"], covered):
        raise ResultError(
            "invalidSignature",
            "smdpSignature2 is not the SM-DP+'s signature over these bytes and euiccSignature1",
        )
    if signed["ccRequiredFlag"] and "hashCc" not in parts:
        raise ResultError(
            "undefinedError", "a confirmation code is required, but hashCc is missing"
        )
    return current, key.curve.name


def _one_time_key(
    session: Session, current: RspSession, signed: SmdpSigned2Value, curve: str
) -> OneTimeKey:
    """The key pair that the SM-DP+ asks to reuse if the card still has it, otherwise a new one."""
    kept = session.volatile.find_one_time_key(current.server_oid)
    if kept and kept.curve == curve and signed.get("bppEuiccOtpk") == kept.public:
        return kept
    pair = make_pair(curve, session.env.random)
    return OneTimeKey(current.server_oid, pair.curve, pair.public, pair.private)


def _answer(
    session: Session,
    parts: PrepareDownloadPartsValue,
    current: RspSession,
    one_time_key: OneTimeKey,
) -> bytes:
    value: EUICCSigned2Value = {
        "transactionId": current.transaction_id,
        "euiccOtpk": one_time_key.public,
    }
    if "hashCc" in parts:
        value["hashCc"] = parts["hashCc"]
    euicc_signed2 = session.wire[EUICCSigned2].encode(value)
    covered = euicc_signed2 + tlv(SIGNATURE, parts["smdpSignature2"])
    again = one_time_key in session.volatile.one_time_keys
    download = Download(parts["smdpCertificate"], one_time_key)
    session.volatile = replace(
        session.volatile.with_one_time_key(one_time_key),
        session=replace(current, download=download),
    )
    key = f"one-time key {'as before' if again else 'made'}"
    session.note(f"SM-DP+ {current.server_oid}, {key}", goes_on=True)
    ok: PrepareDownloadResponseOkValue = {
        "euiccSigned2": prepared(EUICCSigned2, euicc_signed2),
        "euiccSignature2": session.signer_for(current.ci_pk_id).sign(covered),
    }
    return session.wire[PrepareDownloadResponse].encode(("downloadResponseOk", ok))


def _refused(session: Session, transaction_id: bytes, error: ResultError) -> bytes:
    session.refuse(str(error))
    if FAILED_PREPARATION_ENDS_SESSION:
        session.volatile = session.volatile.ended()
    answer: PrepareDownloadResponseErrorValue = {
        "transactionId": transaction_id,
        "downloadErrorCode": CODES.of(error),
    }
    return session.wire[PrepareDownloadResponse].encode(("downloadResponseError", answer))


def _other_transaction(current: RspSession, other: bytes) -> ResultError:
    return ResultError(
        "invalidTransactionId",
        f"the transaction is {current.transaction_id.hex()}, not {other.hex()}",
    )


class CancelReason(IntEnum):
    """CancelSessionReason of SGP.22 v2.5."""

    END_USER_REJECTION = 0
    POSTPONED = 1
    TIMEOUT = 2
    PPR_NOT_ALLOWED = 3
    METADATA_MISMATCH = 4
    LOAD_BPP_EXECUTION_ERROR = 5
    UNDEFINED_REASON = 127


TO_BE_TRIED_AGAIN = (CancelReason.POSTPONED, CancelReason.TIMEOUT)


def _cancel_refused(code: Literal["invalidTransactionId"]) -> CancelSessionResponseValue:
    return "cancelSessionResponseError", code


@es10(
    0xBF41,
    CancelSessionRequest,
    CancelSessionResponse,
    clause="SGP.22 5.7.14",
    refuse=_cancel_refused,
)
def cancel_session(
    session: Session, request: CancelSessionRequestValue
) -> CancelSessionResponseValue:
    """CancelSession, SGP.22 v2.5 clause 5.7.14: ends the RSP session, signed for the server.

    The one-time key is kept if the download may be retried.
    """
    current = session.volatile.session
    if current is None:
        raise ResultError("invalidTransactionId", "no server has been authenticated")
    if request["transactionId"] != current.transaction_id:
        raise _other_transaction(current, request["transactionId"])
    reason = request["reason"]
    known = reason in set(CancelReason)
    signed = session.wire[EuiccCancelSessionSigned].encode(
        {
            "transactionId": current.transaction_id,
            "smdpOid": current.server_oid,
            "reason": reason if known else UNKNOWN_CANCEL_REASON,
        },
    )
    session.volatile = session.volatile.ended()
    if reason not in TO_BE_TRIED_AGAIN:
        session.volatile = session.volatile.without_one_time_key(current.server_oid)
    session.note(f"{current.server_oid}, {CancelReason(reason).name if known else 'unknown'}")
    ok: CancelSessionResponseOkValue = {
        "euiccCancelSessionSigned": prepared(EuiccCancelSessionSigned, signed),
        "euiccCancelSessionSignature": session.signer_for(current.ci_pk_id).sign(signed),
    }
    return "cancelSessionResponseOk", ok
