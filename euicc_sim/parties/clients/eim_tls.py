"""TLS as an IPAe speaks it to an eIM: version 1.2, the trust of the card's contact list.

The card names the eIM's TLS certificate, the CA above it or a bare public key (SGP.32 clause
2.11.1.1.1); its session is resumed at the next connection, as constrained devices do.
"""

from __future__ import annotations

import ssl
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from euicc_sim.asn1.sgp32.eims import TrustedPublicKeyDataTlsValue


class EimTls(ssl.SSLContext):
    """The context of connections to one eIM; `resumed` says how many resumed a session.

    A server without the bare key raises ssl.SSLCertVerificationError.
    """

    resumed: int
    _key: bytes | None
    _session: ssl.SSLSession | None

    @classmethod
    def of(cls, trusted: TrustedPublicKeyDataTlsValue | None, authorities: list[bytes]) -> Self:
        """For an eIM with that trustedPublicKeyDataTls; without one the CIs (DER) are trusted."""
        made = cls(ssl.PROTOCOL_TLS_CLIENT)
        made.resumed, made._key, made._session = 0, None, None
        made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_2
        match trusted:
            case ("trustedEimPkTls", key):
                made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
                made._key = key
            case ("trustedCertificateTls", certificate):
                made.load_verify_locations(cadata=certificate)
                made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # it may be the eIM's own
            case None:
                if authorities:
                    made.load_verify_locations(cadata=b"".join(authorities))
        # RSP certificates follow SGP.22, which is laxer than the checks of newer Pythons.
        made.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return made

    def wrap_socket(self, *words: Any, **named: Any) -> ssl.SSLSocket:
        """As any context, with the session of the last connection."""
        found = super().wrap_socket(*words, **{"session": self._session, **named})
        try:
            self._check(found)
        except ssl.SSLError:
            found.close()
            raise
        self._session = found.session
        self.resumed += bool(found.session_reused)
        return found

    def _check(self, connection: ssl.SSLSocket) -> None:
        """Raise ssl.SSLCertVerificationError unless the server has the bare key, if one is set."""
        if self._key is None:
            return
        shown = connection.getpeercert(binary_form=True)
        if shown is not None:
            public = x509.load_der_x509_certificate(shown).public_key()
            if public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == self._key:
                return
        raise ssl.SSLCertVerificationError(
            "CERTIFICATE_VERIFY_FAILED: the server does not have the key that the card trusts"
        )
