"""A card that has the key and the certificates of the RSP vectors, and their randomness."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from euicc_sim import Card
from euicc_sim.store.directory import JsonStore
from support.euiccs import sgp22
from support.fresh import fresh_card


def _one_time_key() -> int:
    return int(sgp22()["keys"]["otEUICC"]["private"], 16)


@dataclass
class Scripted:
    """Randomness of the vectors: their challenge, and 40 bytes that make their one-time key."""

    challenge: bytes = bytes(range(16))
    scalar: int = field(default_factory=_one_time_key, repr=False)

    def random(self, size: int) -> bytes:
        """The challenge for 16 bytes, else the key."""
        return self.challenge if size == 16 else (self.scalar - 1).to_bytes(size)

    def restart(self) -> None:
        """It is the same again anyway."""


def rsp_card(folder: Path, pki_folder: Path, env: Scripted) -> Card:
    """The card, open."""
    fresh_card(folder, pki_folder)
    document = json.loads((folder / "card.json").read_text())
    credential = document["card"]["credentials"][0]
    chain = sgp22()["certificates"]
    credential["euiccCiPKId"] = chain["CI"]["ski"]
    for name, party in (("ciCertificate", "CI"), ("eumCertificate", "EUM")):
        credential[name] = chain[party]["der"]
    credential["euiccCertificate"] = chain["EUICC"]["der"]
    (folder / "card.json").write_text(json.dumps(document))
    key = ec.derive_private_key(int(sgp22()["keys"]["EUICC"]["private"], 16), ec.SECP256R1())
    (folder / credential["privateKey"]).write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return Card(JsonStore(folder, fsync=False), env)
