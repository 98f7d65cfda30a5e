"""InitialiseSecureChannel: the keys of a download (SGP.22 v2.5 clauses 2.6.4 and 5.5.1)."""

from __future__ import annotations

from typing import Final

from apdu import TlvError, tlv
from apdu.tlv import Tlv, children, whole
from euicc_sim.asn1.primitives import Asn1Error, read_integer
from euicc_sim.asn1.sgp22.packages import ErrorReasonName
from euicc_sim.asn1.wire import SIGNATURE
from euicc_sim.crypto.agreement import shared_secret
from euicc_sim.crypto.bsp import KEY_SIZE, KEY_TYPE_AES, Bsp, shared_info
from euicc_sim.crypto.signature import UnusableKeyError, verifies
from euicc_sim.es10.rsp.authentication import server_key
from euicc_sim.es10.rsp.results import LoadError
from euicc_sim.es10.session import Session
from euicc_sim.model.profile import BppCommand
from euicc_sim.model.volatile import Download, OneTimeKey, RspSession

REMOTE_OP_ID, TRANSACTION_ID, CONTROL_REFERENCE, ONE_TIME_KEY = 0x82, 0x80, 0xA6, 0x5F49
ORDER = [REMOTE_OP_ID, TRANSACTION_ID, CONTROL_REFERENCE, ONE_TIME_KEY, SIGNATURE]
KEY_TYPE, KEY_LENGTH, HOST_ID = 0x80, 0x81, 0x84
INSTALL = 1
MAX_HOST_ID = 16
POINT_SIZE = 65
INCORRECT: Final = "incorrectInputValues"


def initialise(session: Session, current: RspSession, download: Download, request: bytes) -> Bsp:
    """Verify InitialiseSecureChannel (BF23) over the bytes as received, derive the session keys.

    Raises LoadError.
    """
    fields, covered = _parts(request)
    if session.state.emergency_active:
        raise _error("installFailedDueToUnknownError", "the Emergency Profile is enabled")
    if _number(fields[REMOTE_OP_ID]) != INSTALL:
        operation = fields[REMOTE_OP_ID].hex()
        raise _error("unsupportedRemoteOperationType", f"remoteOpId {operation} is not 01")
    if fields[TRANSACTION_ID] != current.transaction_id:
        raise _error(
            "invalidTransactionId",
            f"the transaction is {current.transaction_id.hex()}, "
            f"not {fields[TRANSACTION_ID].hex()}",
        )
    host_id = _host_id(fields[CONTROL_REFERENCE])
    pair = download.one_time_key
    signed = covered + tlv(ONE_TIME_KEY, pair.public)
    if not verifies(server_key(download.smdp_certificate), fields[SIGNATURE], signed):
        raise _error("invalidSignature", "smdpSign is not the SM-DP+'s signature over these bytes")
    secret = _secret(pair, fields[ONE_TIME_KEY])
    return Bsp.derive(secret, shared_info(host_id, session.identity.eid_bytes))


def _error(reason: ErrorReasonName, why: str) -> LoadError:
    return LoadError(BppCommand.INITIALISE_SECURE_CHANNEL, reason, why)


def _parts(request: bytes) -> tuple[dict[int, bytes], bytes]:
    """The content of each field, and the bytes before the signature."""
    try:
        outer = whole(request)
        items = children(request, outer.value)
    except TlvError as error:
        raise _error(INCORRECT, str(error)) from error
    if [one.tag for one in items] != ORDER:
        tags = " ".join(f"{one.tag:X}" for one in items)
        raise _error(INCORRECT, f"InitialiseSecureChannel has the fields {tags}")
    return _contents(request, items), request[outer.value : items[-1].start]


def _contents(data: bytes, items: list[Tlv]) -> dict[int, bytes]:
    return {one.tag: data[one.value : one.end] for one in items}


def _number(content: bytes) -> int | None:
    try:
        return read_integer(content)
    except Asn1Error:
        return None


def _host_id(template: bytes) -> bytes:
    try:
        found = _contents(template, children(template))
    except TlvError as error:
        raise _error(INCORRECT, str(error)) from error
    host_id = found.get(HOST_ID, b"")
    kind = (found.get(KEY_TYPE), found.get(KEY_LENGTH))
    if kind != (bytes((KEY_TYPE_AES,)), bytes((KEY_SIZE,))):
        raise _error(
            "unsupportedCrtValues", "keyType and keyLen must be 88 and 10: AES keys of 16 bytes"
        )
    if not 1 <= len(host_id) <= MAX_HOST_ID:
        raise _error(
            "unsupportedCrtValues", f"hostId has {len(host_id)} bytes, not 1 to {MAX_HOST_ID}"
        )
    return host_id


def _secret(pair: OneTimeKey, public: bytes) -> bytes:
    if len(public) != POINT_SIZE:
        raise _error(INCORRECT, f"smdpOtpk has {len(public)} bytes, an uncompressed point has 65")
    try:
        return shared_secret(pair.curve, pair.private, public)
    except UnusableKeyError as error:
        raise _error(INCORRECT, f"smdpOtpk: {error}") from error
