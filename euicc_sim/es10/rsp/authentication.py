"""Mutual authentication of card and RSP server (SGP.22 v2.5 clauses 3.1.2, 5.7.7 and 5.7.13).

Validity dates of certificates are not checked: a card has no clock.
"""

from __future__ import annotations

from collections.abc import Collection

from apdu import SW, StatusError, TlvError
from apdu.tlv import read, whole
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.sgp22.common import (
    GetEuiccChallengeRequest,
    GetEuiccChallengeResponse,
    GetEuiccChallengeResponseValue,
)
from euicc_sim.asn1.sgp22.download import (
    AuthenticateErrorName,
    AuthenticateResponseErrorValue,
    AuthenticateResponseOkValue,
    AuthenticateServerParts,
    AuthenticateServerPartsValue,
    AuthenticateServerResponse,
    CommonParameters,
    CtxParams1,
    EuiccSigned1,
    ServerSigned1Parts,
    ServerSigned1PartsValue,
)
from euicc_sim.asn1.types import Nothing, prepared
from euicc_sim.crypto import chain
from euicc_sim.crypto.chain import InvalidCertificateError, Role, Server, UnsupportedCurveError
from euicc_sim.crypto.signature import PublicKey, verifies
from euicc_sim.crypto.signer import Signer
from euicc_sim.es10.info import euicc_info2
from euicc_sim.es10.registry import Codes, ResultError, es10, es10_as_received, read_part
from euicc_sim.es10.session import Session
from euicc_sim.model.identity import Credential
from euicc_sim.model.state import Strictness
from euicc_sim.model.volatile import RspSession
from euicc_sim.readings import CONFIGURED_SMDP_OID_IS_EXPECTED, FAILED_AUTHENTICATION_ENDS_SESSION

AUTHENTICATE_SERVER = 0xBF38
CHALLENGE_SIZE = 16
TRANSACTION_ID, MAX_TRANSACTION_ID = 0x80, 16
SERVERS = (Role.DP_AUTH, Role.DS_AUTH)

CODES: Codes[AuthenticateErrorName] = Codes(AuthenticateErrorName)


@es10(
    0xBF2E,
    GetEuiccChallengeRequest,
    GetEuiccChallengeResponse,
    name="GetEUICCChallenge",
    clause="SGP.22 5.7.7",
)
def get_euicc_challenge(session: Session, _: Nothing) -> GetEuiccChallengeResponseValue:
    """GetEUICCChallenge, SGP.22 v2.5 clause 5.7.7: starts a new RSP session."""
    challenge = session.env.random(CHALLENGE_SIZE)
    session.volatile = session.volatile.with_challenge(challenge, session.channel)
    return {"euiccChallenge": challenge}


@es10_as_received(
    AUTHENTICATE_SERVER, "AuthenticateServer", AuthenticateServerResponse, clause="SGP.22 5.7.13"
)
def authenticate_server(session: Session, request: bytes) -> bytes:
    """AuthenticateServer, SGP.22 v2.5 clause 5.7.13.

    A refusal ends the RSP session, so it is returned and not raised. Validity dates of the
    server's certificate are not checked.
    """
    try:
        parts = read_part(session, AUTHENTICATE_SERVER, AuthenticateServerParts, request)
        signed = read_part(
            session,
            AUTHENTICATE_SERVER,
            ServerSigned1Parts,
            parts["serverSigned1"],
            "serverSigned1",
        )
        read_part(session, AUTHENTICATE_SERVER, CommonParameters, parts["ctxParams1"], "ctxParams1")
    except Asn1Error as error:
        transaction_id = transaction_id_of(request, f"AuthenticateServer: {error}")
        return _refused(session, transaction_id, ResultError("undefinedError", str(error)))
    try:
        signer, server = _authentic(session, parts, signed)
    except ResultError as error:
        return _refused(session, signed["transactionId"], error)
    return _answer(session, parts, signed, signer, server)


def _authentic(
    session: Session, parts: AuthenticateServerPartsValue, signed: ServerSigned1PartsValue
) -> tuple[Signer, Server]:
    challenge = session.volatile.challenge
    if challenge is None:
        raise ResultError(
            "noSessionContext", "no challenge is pending; call GetEUICCChallenge first"
        )
    signer = _below(session, _ci_key(session, parts, signed))
    key = server_key(parts["serverCertificate"])
    server = check_server(parts["serverCertificate"], signer.credential, SERVERS)
    _expected(session, server, signed["serverAddress"])
    if not verifies(key, parts["serverSignature1"], parts["serverSigned1"]):
        raise ResultError(
            "invalidSignature", "serverSignature1 is not the server's signature over these bytes"
        )
    if signed["euiccChallenge"] != challenge:
        raise ResultError(
            "euiccChallengeMismatch",
            f"the challenge is {challenge.hex()}, not {signed['euiccChallenge'].hex()}",
        )
    return signer, server


def _ci_key(
    session: Session, parts: AuthenticateServerPartsValue, signed: ServerSigned1PartsValue
) -> bytes:
    """The identifier of the CI's key: euiccCiPKIdToBeUsed, or what a server of v3 has signed.

    A strict card believes the latter only if it announces v3.
    """
    if "euiccCiPKIdToBeUsed" in parts:
        return parts["euiccCiPKIdToBeUsed"]
    found = signed.get("sessionContext", {}).get("euiccCiPKIdToBeUsedV3")
    if found is None:
        raise ResultError(
            "undefinedError",
            "no CI key is named: euiccCiPKIdToBeUsed is missing, and serverSigned1 has no "
            "sessionContext with euiccCiPKIdToBeUsedV3",
        )
    strict = session.state.switches.strictness is Strictness.STRICT
    if strict and session.identity.highest_svn is None:
        raise ResultError(
            "undefinedError",
            "euiccCiPKIdToBeUsed is missing; only a server of v3 may leave it out, and this card "
            "is strict and announces no highestSvn (card set --highest-svn 3.1.0)",
        )
    return found


def _below(session: Session, ci_pk_id: bytes) -> Signer:
    name = ci_pk_id.hex().upper() or "(empty)"
    signer = session.signer_below(ci_pk_id)
    if signer is None:
        raise ResultError("ciPKUnknown", f"no certificate below CI key {name}")
    if signer.credential.ci_certificate is None:
        raise ResultError(
            "ciPKUnknown",
            f"card.json has no ciCertificate for CI key {name}; add it, as DER in hex",
        )
    return signer


def _expected(session: Session, server: Server, address: str) -> None:
    wanted = session.state.immediate_enable
    if not (CONFIGURED_SMDP_OID_IS_EXPECTED and wanted.enabled and wanted.smdp_oid):
        return
    if wanted.smdp_address == address and wanted.smdp_oid != server.oid:
        raise ResultError(
            "invalidOid", f"{address} should have the OID {wanted.smdp_oid}, not {server.oid}"
        )


def _answer(
    session: Session,
    parts: AuthenticateServerPartsValue,
    signed: ServerSigned1PartsValue,
    signer: Signer,
    server: Server,
) -> bytes:
    euicc_signed1 = session.wire[EuiccSigned1].encode(
        {
            "transactionId": signed["transactionId"],
            "serverAddress": signed["serverAddress"],
            "serverChallenge": signed["serverChallenge"],
            "euiccInfo2": euicc_info2(session),
            "ctxParams1": prepared(CtxParams1, parts["ctxParams1"]),
        },
    )
    signature = signer.sign(euicc_signed1)
    session.volatile = session.volatile.with_session(
        RspSession(
            transaction_id=signed["transactionId"],
            ci_pk_id=signer.credential.ci_pk_id,
            server_oid=server.oid,
            server_address=signed["serverAddress"],
            is_smdp=server.role is Role.DP_AUTH,
            euicc_signature1=signature,
        )
    )
    is_smdp = server.role is Role.DP_AUTH
    kind = "SM-DP+" if is_smdp else "SM-DS"
    session.note(f"{kind} {server.oid} at {signed['serverAddress']}", goes_on=is_smdp)
    ok: AuthenticateResponseOkValue = {
        "euiccSigned1": prepared(EuiccSigned1, euicc_signed1),
        "euiccSignature1": signature,
        "euiccCertificate": signer.credential.euicc_certificate,
        "eumCertificate": signer.credential.eum_certificate,
    }
    return session.wire[AuthenticateServerResponse].encode(("authenticateResponseOk", ok))


def _refused(session: Session, transaction_id: bytes, error: ResultError) -> bytes:
    session.refuse(str(error))
    if FAILED_AUTHENTICATION_ENDS_SESSION:
        session.volatile = session.volatile.ended()
    answer: AuthenticateResponseErrorValue = {
        "transactionId": transaction_id,
        "authenticateErrorCode": CODES.of(error),
    }
    return session.wire[AuthenticateServerResponse].encode(("authenticateResponseError", answer))


# -- servers, also for PrepareDownload; the rules are in `crypto.chain`


def transaction_id_of(request: bytes, why: str) -> bytes:
    """The transactionId of a request with a malformed part, which `why` describes.

    It is the first field that the server signs. Raises StatusError 6A80 if it is missing.
    """
    try:
        signed = read(request, whole(request).value)
        item = read(request, signed.value, signed.end)
    except TlvError as error:
        raise StatusError(SW.WRONG_DATA, why) from error
    found = request[item.value : item.end]
    if item.tag != TRANSACTION_ID or not 1 <= len(found) <= MAX_TRANSACTION_ID:
        raise StatusError(SW.WRONG_DATA, why)
    return found


def server_key(certificate: bytes) -> PublicKey:
    """The key of a server; ResultError unsupportedCurve or invalidCertificate."""
    try:
        return chain.server_key(certificate)
    except InvalidCertificateError as error:
        raise _invalid(str(error)) from error
    except UnsupportedCurveError as error:
        raise ResultError("unsupportedCurve", f"the server has {error}") from error


def check_server(certificate: bytes, below: Credential, roles: Collection[Role]) -> Server:
    """The server of a certificate; ResultError invalidCertificate if not valid below the CI."""
    ci = below.ci_certificate or b""
    try:
        return chain.check_server(certificate, ci, below.ci_pk_id, roles)
    except InvalidCertificateError as error:
        raise _invalid(str(error)) from error


def _invalid(why: str) -> ResultError:
    return ResultError("invalidCertificate", f"the server's certificate is refused: {why}")
