"""RSP servers as the functions of a session see them: whom they are, refused with a result code.

What AuthenticateServer and PrepareDownload share. `crypto.chain` knows the rules.
"""

from __future__ import annotations

from collections.abc import Collection

from apdu import SW, StatusError, TlvError
from apdu.tlv import read, whole
from euicc_sim.crypto import chain
from euicc_sim.crypto.chain import InvalidCertificateError, Role, Server, UnsupportedCurveError
from euicc_sim.crypto.signature import PublicKey
from euicc_sim.es10.registry import ResultError
from euicc_sim.model.identity import Credential

TRANSACTION_ID = 0x80
MAX_TRANSACTION_ID = 16


def transaction_id_of(request: bytes, why: str) -> bytes:
    """The transactionId of a request of which `why` says what else in it cannot be read.

    It stands first in what the server signed. Raises StatusError 6A80 when it is not there.
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
    """The key that a server signs with; ResultError unsupportedCurve or invalidCertificate."""
    try:
        return chain.server_key(certificate)
    except InvalidCertificateError as error:
        raise _invalid(str(error)) from error
    except UnsupportedCurveError as error:
        raise ResultError("unsupportedCurve", f"the server has {error}") from error


def check_server(certificate: bytes, below: Credential, roles: Collection[Role]) -> Server:
    """Whose a certificate is; ResultError invalidCertificate when the CI did not issue it so."""
    ci = below.ci_certificate or b""
    try:
        return chain.check_server(certificate, ci, below.ci_pk_id, roles)
    except InvalidCertificateError as error:
        raise _invalid(str(error)) from error


def _invalid(why: str) -> ResultError:
    return ResultError("invalidCertificate", f"the server's certificate is refused: {why}")
