"""HTTPS: a server's certificate from a test PKI, and its TLS context."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from datetime import datetime
from tempfile import NamedTemporaryFile

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from euicc_sim.servers import ServerError
from keys import Curve, PkiError, Role, TestPki
from keys.credential import Credential


def tls_credential(pki: TestPki, host: str, at: datetime, role: Role = Role.DP_TLS) -> Credential:
    """A TLS certificate for the DNS name or IP address `host`, valid at the given time.

    `role` is DP_TLS or, for an SM-DS, DS_TLS.

    The PKI's own TLS certificate if it has that name, otherwise a new one below its CI, on P-256 if
    the PKI has that curve, since TLS clients offer no other. Raises ServerError if the PKI has none
    and cannot issue any.
    """
    branch = pki.branch(pki.curves[0])
    kept = branch.credentials.get(role)
    if kept is not None and _fits(kept.certificate, host, at):
        return kept
    try:
        return branch.ci.issue_ds_tls(host) if role is Role.DS_TLS else branch.ci.issue_dp_tls(host)
    except PkiError as error:
        raise ServerError(f"The PKI has no valid TLS certificate for {host}. {error}") from error


def server_context(credential: Credential) -> ssl.SSLContext:
    """A TLS context with that certificate, for TLS 1.2 or newer (SGP.22 clause 2.6.6)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if credential.curve is Curve.BRP:
        context.set_ecdh_curve(credential.curve.standard_name)
    show(context, credential)
    return context


def show(context: ssl.SSLContext, credential: Credential) -> None:
    """Let this side of TLS, server or client, show a certificate.

    The key passes through a file that only its owner can read and that is deleted on return.
    """
    key = credential.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with NamedTemporaryFile(suffix=".pem") as file:
        file.write(key + credential.certificate.public_bytes(Encoding.PEM))
        file.flush()
        context.load_cert_chain(file.name)


def welcome_clients(context: ssl.SSLContext, authorities: Iterable[bytes]) -> None:
    """Let clients show a certificate below one of these CIs (DER), if they have one."""
    context.load_verify_locations(cadata=b"".join(authorities))
    context.verify_mode = ssl.CERT_OPTIONAL
    # RSP certificates follow SGP.22, which is laxer than the checks of newer Pythons.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT


def _fits(certificate: x509.Certificate, host: str, at: datetime) -> bool:
    valid = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
    return valid and host.lower() in _names(certificate)


def _names(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    hosts = found.get_values_for_type(x509.DNSName)
    return {one.lower() for one in hosts} | set(map(str, found.get_values_for_type(x509.IPAddress)))
