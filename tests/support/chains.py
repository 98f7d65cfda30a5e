"""Certificates of EUM and eUICC, right ones and such with one mistake, as recipes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from keys import CertificateIssuer, profiles
from support.euiccs import EID
from support.hexes import hx

Extensions = tuple[tuple[x509.ExtensionType, bool], ...]

PERMITTED_EINS = ObjectIdentifier("2.23.146.1.2.2.0")
ROLE_EUM_V3 = ObjectIdentifier("2.23.146.1.2.1.0.0.0")
ROLE_EUICC_V3 = ObjectIdentifier("2.23.146.1.2.1.0.0.0.0.0")


@dataclass(frozen=True)
class Link:
    """A certificate below another: its key, its subject, and what it says."""

    key: Any = field(repr=False)
    subject: x509.Name
    issuer: x509.Name
    signer: Any = field(repr=False)
    extensions: Extensions
    hash: Any = field(default_factory=SHA256)
    not_before: datetime = datetime(2020, 1, 1, tzinfo=UTC)
    not_after: datetime = datetime(2050, 1, 1, tzinfo=UTC)

    @property
    def der(self) -> bytes:
        """The certificate."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.subject)
            .issuer_name(self.issuer)
            .public_key(self.key.public_key())
            .serial_number(0x200)
            .not_valid_before(self.not_before)
            .not_valid_after(self.not_after)
        )
        for value, critical in self.extensions:
            builder = builder.add_extension(value, critical)
        return builder.sign(self.signer, self.hash).public_bytes(Encoding.DER)

    def without(self, kind: type) -> Link:
        """Without that extension."""
        return replace(self, extensions=tuple(x for x in self.extensions if type(x[0]) is not kind))

    def having(self, value: x509.ExtensionType, critical: bool = True) -> Link:
        """With that extension in place of its like."""
        other = self.without(type(value))
        return replace(other, extensions=(*other.extensions, (value, critical)))


@dataclass(frozen=True)
class Chain:
    """EUM and eUICC."""

    eum: Link
    euicc: Link

    @classmethod
    def below(cls, ci: CertificateIssuer, eid: str = EID) -> Chain:
        """What is right, of variant O."""
        eum_key, key = (ec.derive_private_key(one, ec.SECP256R1()) for one in (0xE0A, 0xE51C))
        name = profiles.eum_subject("EUM of the tests")
        eum = Link(
            eum_key,
            name,
            ci.certificate.subject,
            ci.private_key,
            profiles.eum_extensions(
                eum_key.public_key(), ci.ci_pk_id, "EUM of the tests", "89049032"
            ),
        )
        authority = x509.SubjectKeyIdentifier.from_public_key(eum_key.public_key()).digest
        euicc = Link(
            key,
            profiles.euicc_subject(name, eid),
            name,
            eum_key,
            profiles.euicc_extensions(key.public_key(), authority),
        )
        return cls(eum, euicc)

    def of_v3(self, *eins: str) -> Chain:
        """The same with the roles of v3, and EIDs that begin so."""
        items = b"".join(b"\x13" + bytes((len(one),)) + one.encode() for one in eins)
        content = b"\x30" + bytes((len(items),)) + items
        eum = self.eum.without(x509.NameConstraints).having(policy(ROLE_EUM_V3))
        extension = x509.UnrecognizedExtension(PERMITTED_EINS, content)
        return Chain(eum.having(extension), self.euicc.having(policy(ROLE_EUICC_V3)))


def policy(*roles: ObjectIdentifier) -> x509.CertificatePolicies:
    """The certificatePolicies of roles."""
    return x509.CertificatePolicies([x509.PolicyInformation(one, None) for one in roles])


def named(subject: x509.Name, oid: ObjectIdentifier, *values: str) -> x509.Name:
    """The subject with these in place of what it has of that kind."""
    kept = [one for one in subject if one.oid != oid]
    return x509.Name([*kept, *(x509.NameAttribute(oid, value) for value in values)])


def usage(**given: bool) -> x509.KeyUsage:
    """A keyUsage of what is named."""
    names = inspect.signature(x509.KeyUsage).parameters
    return x509.KeyUsage(**{name: given.get(name, False) for name in names})


def _constraint(*attributes: tuple[ObjectIdentifier, str]) -> x509.NameConstraints:
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    return x509.NameConstraints([x509.DirectoryName(name)], None)


_STRANGE = x509.UnrecognizedExtension(ObjectIdentifier("2.999.99"), b"\5\0")
_OTHER = ec.derive_private_key(0xBAD, ec.SECP256R1())
Change = Callable[[Link], Link]

BAD_EUM: dict[str, Change] = {
    "another authority key": lambda one: one.having(
        x509.AuthorityKeyIdentifier(bytes(20), None, None), False
    ),
    "an issuer of another name": lambda one: replace(one, issuer=profiles.ci_subject("Other")),
    "signed by another key": lambda one: replace(one, signer=_OTHER),
    "signed with SHA-384": lambda one: replace(one, hash=SHA384()),
    "no key identifier": lambda one: one.without(x509.SubjectKeyIdentifier),
    "no keyUsage": lambda one: one.without(x509.KeyUsage),
    "keyUsage digitalSignature": lambda one: one.having(usage(digital_signature=True)),
    "no role": lambda one: one.without(x509.CertificatePolicies),
    "the role of an SM-DP+": lambda one: one.having(policy(profiles.ROLE_DP_AUTH)),
    "no CA": lambda one: one.having(x509.BasicConstraints(False, None)),
    "no basicConstraints": lambda one: one.without(x509.BasicConstraints),
    "an unknown critical extension": lambda one: one.having(_STRANGE),
}
"""Mistakes of an EUM certificate that is 8.1.2/6.1 for."""

BAD_EUICC: dict[str, Change] = {
    "another authority key": lambda one: one.having(
        x509.AuthorityKeyIdentifier(bytes(20), None, None), False
    ),
    "no authority key": lambda one: one.without(x509.AuthorityKeyIdentifier),
    "an issuer of another name": lambda one: replace(one, issuer=profiles.ci_subject("Other")),
    "signed by another key": lambda one: replace(one, signer=_OTHER),
    "no key identifier": lambda one: one.without(x509.SubjectKeyIdentifier),
    "no keyUsage": lambda one: one.without(x509.KeyUsage),
    "keyUsage keyAgreement": lambda one: one.having(usage(key_agreement=True)),
    "no role": lambda one: one.without(x509.CertificatePolicies),
    "the role of an EUM": lambda one: one.having(policy(profiles.ROLE_EUM)),
    "the role of v3": lambda one: one.having(policy(ROLE_EUICC_V3)),
    "an unknown critical extension": lambda one: one.having(_STRANGE),
    "a key on P-384": lambda one: replace(one, key=ec.generate_private_key(ec.SECP384R1())),
    "no EID": lambda one: replace(one, subject=named(one.subject, NameOID.SERIAL_NUMBER)),
    "two EIDs": lambda one: replace(
        one, subject=named(one.subject, NameOID.SERIAL_NUMBER, EID, EID)
    ),
    "an EID with a letter": lambda one: replace(
        one, subject=named(one.subject, NameOID.SERIAL_NUMBER, EID[:-1] + "A")
    ),
    "an EID of 30 digits": lambda one: replace(
        one, subject=named(one.subject, NameOID.SERIAL_NUMBER, EID[:30])
    ),
    "an EID of another EUM": lambda one: replace(
        one,
        subject=named(one.subject, NameOID.SERIAL_NUMBER, "89049033123451234512345678901234"),
    ),
    "another organization": lambda one: replace(
        one, subject=named(one.subject, NameOID.ORGANIZATION_NAME, "Other")
    ),
    "no organization": lambda one: replace(
        one, subject=named(one.subject, NameOID.ORGANIZATION_NAME)
    ),
}
"""Mistakes of an eUICC certificate that is 8.1.3/6.1 for."""

NOT_PERMITTING: dict[str, Change] = {
    "no name constraints": lambda one: one.without(x509.NameConstraints),
    "name constraints without an IIN": lambda one: one.having(
        _constraint((NameOID.ORGANIZATION_NAME, "EUM of the tests"))
    ),
    "another IIN": lambda one: one.having(_constraint((NameOID.SERIAL_NUMBER, "89049033"))),
    "what is excluded": lambda one: one.having(
        x509.NameConstraints(None, [x509.DirectoryName(profiles.eum_subject("Other"))])
    ),
    "a host name": lambda one: one.having(x509.NameConstraints([x509.DNSName("a")], None)),
}
"""EUM certificates that are right themselves, but do not permit the EID."""

GARBLED_EINS = (b"", hx("3000"), hx("3010"), hx("3004 0C023839"), hx("3002 1300"))
"""Contents of the extension of v3 that permit nothing."""
