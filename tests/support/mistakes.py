"""Certificates of servers, each with one mistake in it: by name, a recipe for a CI and a role."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA384

from keys import CertificateIssuer, Curve, profiles
from support.server import Certified, Recipe

Change = Callable[[Recipe], dict[str, Any]]


@cache
def stranger(curve: str) -> CertificateIssuer:
    """A CI that no card knows, of the same name as the one that it knows."""
    return CertificateIssuer.create(Curve(curve), seed=99)


def _other_ci(recipe: Recipe) -> CertificateIssuer:
    return stranger(Curve.of(recipe.ci.private_key).value) if recipe.ci.private_key else recipe.ci


def _self_signed(recipe: Recipe) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    return {"key": key, "signer": key, "issuer": profiles.dp_subject("TEST SM-DP+")}


def _own_signature(_: Recipe) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    return {"key": key, "signer": key}


def _usage(**given: bool) -> tuple[x509.ExtensionType, bool]:
    names = inspect.signature(x509.KeyUsage).parameters
    return x509.KeyUsage(**{name: given.get(name, False) for name in names}), True


INVALID: dict[str, Change] = {
    "role of an SM-DP+'s TLS": lambda _: {"role": profiles.ROLE_DP_TLS},
    "role of an eUICC": lambda _: {"role": profiles.ROLE_EUICC},
    "role of a CI": lambda _: {"role": profiles.ROLE_CI},
    "no role": lambda _: {"without": (x509.CertificatePolicies,)},
    "an issuer of another name": lambda _: {"issuer": profiles.ci_subject("Other CI")},
    "another CI's key under the same name": lambda one: {"signer": _other_ci(one).private_key},
    "all of another CI": lambda one: {
        "signer": _other_ci(one).private_key,
        "authority": _other_ci(one).ci_pk_id,
    },
    "another authority key": lambda _: {"authority": bytes(20)},
    "no authority key": lambda _: {"without": (x509.AuthorityKeyIdentifier,)},
    "self-signed": _self_signed,
    "self-signed in the CI's name": _own_signature,
    "signed with SHA-384": lambda _: {"hash": SHA384()},
    "no registeredID": lambda _: {
        "instead": ((x509.SubjectAlternativeName([x509.DNSName("dp.example.com")]), False),)
    },
    "no subjectAltName": lambda _: {"without": (x509.SubjectAlternativeName,)},
    "no keyUsage": lambda _: {"without": (x509.KeyUsage,)},
    "keyUsage keyAgreement": lambda _: {"instead": (_usage(key_agreement=True),)},
    "an unknown critical extension": lambda _: {
        "instead": ((x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.99"), b"\5\0"), True),)
    },
}
"""Each is invalidCertificate."""

_ROLE = "its certificatePolicies do not make it one of DP_AUTH or DS_AUTH"
_AUTHORITY = "its authorityKeyIdentifier is not the CI key "
_ISSUER, _SIGNATURE = "its issuer is ", "it is not signed by the key of its CI"
_REGISTERED_ID = "its subjectAltName has no registeredID"
_KEY_USAGE = "its keyUsage does not allow digitalSignature"

BROKEN_RULES = {
    "role of an SM-DP+'s TLS": _ROLE,
    "role of an eUICC": _ROLE,
    "role of a CI": _ROLE,
    "no role": _ROLE,
    "an issuer of another name": _ISSUER,
    "another CI's key under the same name": _SIGNATURE,
    "all of another CI": _AUTHORITY,
    "another authority key": _AUTHORITY,
    "no authority key": _AUTHORITY,
    "self-signed": _ISSUER,
    "self-signed in the CI's name": _SIGNATURE,
    "signed with SHA-384": "it is not signed with ECDSA and SHA-256",
    "no registeredID": _REGISTERED_ID,
    "no subjectAltName": _REGISTERED_ID,
    "no keyUsage": _KEY_USAGE,
    "keyUsage keyAgreement": _KEY_USAGE,
    "an unknown critical extension": "its critical extension 2.999.99 is not understood",
}
"""What the card's log says of each as CERT.DPauth."""

UNSUPPORTED: dict[str, Callable[[], Any]] = {
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}
"""Keys that are unsupportedCurve."""


def spoilt(recipe: Recipe, name: str) -> Certified:
    """The certificate of a recipe with that mistake."""
    return replace(recipe, **INVALID[name](recipe)).made()


def broken_signature(one: Certified) -> Certified:
    """The last bit of the CI's signature is another."""
    return Certified(one.der[:-1] + bytes((one.der[-1] ^ 1,)), one.key)
