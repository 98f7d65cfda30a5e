"""An Associated eIM: one entry of the card's list of eIMs (SGP.32 clause 2.11.1.1.1).

An eIM (eSIM IoT Remote Manager) is the server that manages the Profiles of IoT devices: it signs
eUICC Packages, which the card verifies and executes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_COUNTER = 0x7FFFFF
"""The greatest counterValue this card accepts: 8,388,607, the minimum that a card must support."""

EIM_ID_TYPES = (1, 2, 3)
EIM_ID_TYPE_PROPRIETARY = 3
PROTOCOL_PROPRIETARY = 4


class KeyForm(StrEnum):
    """How a public key was supplied: by itself, or in a certificate."""

    KEY = "publicKey"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class PublicKeyData:
    """A public key of an eIM: DER of a SubjectPublicKeyInfo or of an X.509 certificate."""

    form: KeyForm
    der: bytes


@dataclass(frozen=True, slots=True)
class Eim:
    """eIM Configuration Data as stored, with defaults filled in and the last accepted counter.

    `id_type` is 1 (OID), 2 (FQDN) or 3 (proprietary); `protocols` holds bit numbers of
    eimSupportedProtocol; `token` is the association token (1 or more) or None. `proprietary` is
    eSipaProprietaryProtocolInformation (v1.3), exactly as received. Packages whose results have
    numbers below `added_at` ran before the eIM was added.
    """

    eim_id: str
    counter: int
    key: PublicKeyData
    ci_pk_id: bytes
    fqdn: str | None = None
    id_type: int = EIM_ID_TYPE_PROPRIETARY
    token: int | None = None
    tls: PublicKeyData | None = None
    protocols: frozenset[int] = frozenset({PROTOCOL_PROPRIETARY})
    indirect_download: bool = False
    proprietary: bytes | None = None
    added_at: int = 0
