"""A card that has the key of the vectors, below the CI that they name, and what it is told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from euicc_sim import Card
from support.eims import spki, vector_key
from support.fresh import fresh_card, pki_in

CI = "F54172BDF98A95D65CBEB88A38A1C11D800A85C3"


@dataclass(frozen=True)
class Given:
    """What a card is told before a vector is played: counters of eIMs, the next number, results."""

    eim1: int | None = None
    eim2: int | None = None
    eim2_token: int | None = None
    number: int = 1
    results: dict[int, bytes] = field(default_factory=dict)


def vector_card(folder: Path, pki_folder: Path, given: Given) -> Card:
    """The card, open."""
    fresh_card(folder, pki_folder)
    document = json.loads((folder / "card.json").read_text())
    _give_key(folder, document["card"]["credentials"][0], pki_folder)
    document["nextSeqNumber"] = given.number
    document["nextAssociationToken"] = (given.eim2_token or 0) + 1
    document["results"] = [
        {"seqNumber": n, "eimId": "eim1.example.com", "euiccPackageResult": one.hex()}
        for n, one in given.results.items()
    ]
    if given.eim1 is not None:
        document["eims"].append(_record("eim1", given.eim1, None, "fqdn"))
    if given.eim2 is not None:
        document["eims"].append(_record("eim2", given.eim2, given.eim2_token, "proprietary"))
    (folder / "card.json").write_text(json.dumps(document))
    return Card.open(folder, fsync=False)


def _give_key(folder: Path, credential: dict[str, Any], pki_folder: Path) -> None:
    credential["euiccCiPKId"] = CI
    certificate = _with_key(bytes.fromhex(credential["euiccCertificate"]), pki_folder)
    credential["euiccCertificate"] = certificate.hex().upper()
    (folder / credential["privateKey"]).write_bytes(
        vector_key("euicc").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )


def _with_key(der: bytes, pki_folder: Path) -> bytes:
    """The eUICC's certificate issued once more, for the key of the vectors."""
    old = x509.load_der_x509_certificate(der)
    issuer = pki_in(pki_folder).branches[0].eum.credential
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.issuer)
        .public_key(vector_key("euicc").public_key())
        .serial_number(2)
        .not_valid_before(datetime(2024, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2044, 1, 1, tzinfo=UTC))
    )
    return builder.sign(issuer.private_key, SHA256()).public_bytes(Encoding.DER)


def _record(name: str, counter: int, token: int | None, kind: str) -> dict[str, Any]:
    return {
        "eimId": f"{name}.example.com",
        "eimIdType": kind,
        "counterValue": counter,
        "associationToken": token,
        "eimPublicKeyData": {"publicKey": spki(vector_key(name)).hex()},
        "eimSupportedProtocol": ["proprietary"],
        "euiccCiPKId": CI,
    }
