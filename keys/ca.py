"""A test PKI in three calls: a CI, an EUM below it, an eUICC below that.

    ci = CertificateIssuer.create(Curve.NIST)
    eum = ci.issue_eum(iin="89049032")
    euicc = eum.issue_euicc("89049032123451234512345678901235")

The CI also certifies SM-DP+, SM-DS and eIM. Knows nothing of files.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from keys import profiles
from keys.credential import Credential, EuiccCredential, key_id, permitted_iins
from keys.curves import Curve
from keys.eid import validate_eid, validate_iin
from keys.errors import PkiError
from keys.signing import Template, issue, self_sign
from keys.source import KeySource, RandomKeys, key_source


@dataclass(frozen=True)
class EumIssuer:
    """An eUICC manufacturer (EUM), which certifies eUICCs below the CI of `ci_certificate`."""

    credential: Credential
    ci_certificate: x509.Certificate
    source: KeySource = field(default_factory=RandomKeys, repr=False, compare=False)

    @cached_property
    def ci_pk_id(self) -> bytes:
        """The 20-byte key identifier of the CI above it."""
        return key_id(self.ci_certificate)

    @cached_property
    def permitted_iins(self) -> tuple[str, ...]:
        """The IINs that its EIDs may begin with; `PkiError` when its certificate has none."""
        return permitted_iins(self.credential.certificate)

    @cached_property
    def _key_id(self) -> bytes:
        return key_id(self.credential.certificate)

    @cached_property
    def _subject(self) -> x509.Name:
        return self.credential.certificate.subject

    @cached_property
    def _chain(self) -> tuple[bytes, bytes]:
        """CI and EUM, DER."""
        return self.ci_certificate.public_bytes(Encoding.DER), self.credential.der

    def issue_euicc(self, eid: str, seed: int | None = None) -> EuiccCredential:
        """What the eUICC with this EID holds: a new key, and its chain up to the CI.

        Arguments and errors are those of `certify_euicc`.
        """
        return self.chain_of(self.certify_euicc(eid, seed))

    def chain_of(self, euicc: Credential) -> EuiccCredential:
        """What an eUICC holds whose certificate this EUM has issued: its key, and its chain."""
        ci, eum = self._chain
        return EuiccCredential(
            curve=euicc.curve,
            ci_pk_id=self.ci_pk_id,
            ci_certificate=ci,
            eum_certificate=eum,
            euicc_certificate=euicc.der,
            private_key=euicc.private_key,
        )

    def certify_euicc(self, eid: str, seed: int | None = None) -> Credential:
        """A new key and CERT.EUICC.ECDSA for an EID of 32 digits (SGP.22 clause 4.5.2.1).

        The key comes from `seed`, or from the EUM's own source without one. `PkiError` when the EID
        is malformed or does not begin with a permitted IIN.
        """
        validate_eid(eid)
        permitted = self.permitted_iins
        if not eid.startswith(permitted):
            raise PkiError(
                f"The EID {eid} does not begin with {' or '.join(permitted)}, as the EUM "
                f"certificate demands. Use an EID that does, or an EUM for {eid[:8]}."
            )
        template = Template(
            f"eUICC {eid}",
            profiles.euicc_subject(self._subject, eid),
            lambda key: profiles.euicc_extensions(key, self._key_id),
        )
        source = self.source if seed is None else key_source(seed)
        return issue(template, self.credential, source)


@dataclass(frozen=True)
class CertificateIssuer:
    """A certificate issuer (CI), the root of one curve's certificates.

    `private_key` is None when only the certificate is known; such a CI cannot issue anything.
    """

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey | None = field(repr=False, compare=False)
    source: KeySource = field(default_factory=RandomKeys, repr=False, compare=False)

    @classmethod
    def create(
        cls, curve: Curve = Curve.NIST, *, seed: int | None = None, name: str = "Test CI"
    ) -> Self:
        """A new, self-signed CI. With a seed, it and everything below it repeat byte for byte.

        `PkiError` when the OpenSSL in use lacks the curve or deterministic signatures.
        """
        source = key_source(seed)
        template = Template("CI", profiles.ci_subject(name), profiles.ci_extensions)
        root = self_sign(template, curve, source)
        return cls(root.certificate, root.private_key, source)

    @property
    def ci_pk_id(self) -> bytes:
        """The 20-byte key identifier that eUICCs and servers know this CI by."""
        return key_id(self.certificate)

    def issue_eum(
        self, iin: str = profiles.IIN, organization: str = profiles.EUM_ORGANIZATION
    ) -> EumIssuer:
        """A new EUM for EIDs that begin with `iin`, 8 digits (CERT.EUM.ECDSA).

        `PkiError` if `iin` is not 8 digits, or, as in all methods below, if the CI has no private
        key.
        """
        validate_iin(iin)
        eum = self._issue(
            f"EUM {iin}",
            profiles.eum_subject(organization),
            lambda key: profiles.eum_extensions(key, self.ci_pk_id, organization, iin),
        )
        return EumIssuer(eum, self.certificate, self.source)

    def issue_dp_auth(self, oid: str = profiles.DP_OID, name: str = profiles.DP_NAME) -> Credential:
        """What an SM-DP+ authenticates itself with (CERT.DPauth.ECDSA); `oid` is that SM-DP+'s."""
        return self._issue(
            f"DPauth {oid}",
            profiles.dp_subject(name),
            lambda key: profiles.dp_extensions(key, self.ci_pk_id, profiles.ROLE_DP_AUTH, oid),
        )

    def issue_dp_pb(self, oid: str = profiles.DP_OID, name: str = profiles.DP_NAME) -> Credential:
        """What an SM-DP+ binds profiles with (CERT.DPpb.ECDSA); `oid` as in its CERT.DPauth."""
        return self._issue(
            f"DPpb {oid}",
            profiles.dp_subject(name),
            lambda key: profiles.dp_extensions(key, self.ci_pk_id, profiles.ROLE_DP_PB, oid),
        )

    def issue_ds_auth(self, oid: str = profiles.DS_OID, name: str = profiles.DS_NAME) -> Credential:
        """What an SM-DS authenticates itself with (CERT.DSauth.ECDSA); `oid` is that SM-DS's."""
        return self._issue(
            f"DSauth {oid}",
            profiles.dp_subject(name),
            lambda key: profiles.dp_extensions(key, self.ci_pk_id, profiles.ROLE_DS_AUTH, oid),
        )

    def issue_dp_tls(self, host: str = profiles.DP_HOST, oid: str = profiles.DP_OID) -> Credential:
        """What an SM-DP+ serves HTTPS with, on DNS name or IP address `host` (CERT.DP.TLS)."""
        return self._issue(
            f"DPtls {oid} {host}",
            profiles.dp_subject(host),
            lambda key: profiles.tls_extensions(
                key, self.ci_pk_id, profiles.ROLE_DP_TLS, host, oid
            ),
        )

    def issue_ds_tls(self, host: str = profiles.DS_HOST, oid: str = profiles.DS_OID) -> Credential:
        """What an SM-DS serves HTTPS with, on DNS name or IP address `host` (CERT.DS.TLS)."""
        return self._issue(
            f"DStls {oid} {host}",
            profiles.dp_subject(host),
            lambda key: profiles.tls_extensions(
                key, self.ci_pk_id, profiles.ROLE_DS_TLS, host, oid
            ),
        )

    def issue_eim_signing(self, name: str = profiles.EIM_NAME) -> Credential:
        """What an eIM signs eUICC packages with (SGP.32 clause 2.11.1)."""
        return self._issue(
            f"EIMsign {name}",
            profiles.eim_subject(name),
            lambda _: profiles.eim_signing_extensions(self.ci_pk_id),
        )

    def _issue(
        self, label: str, subject: x509.Name, extensions: profiles.ExtensionsForKey
    ) -> Credential:
        if self.private_key is None:
            raise PkiError(
                "The CI cannot issue certificates, because its private key is missing. Add its "
                "SK_CI file to the folder, or make a PKI of your own."
            )
        issuer = Credential(self.certificate, self.private_key)
        return issue(Template(label, subject, extensions), issuer, self.source)
