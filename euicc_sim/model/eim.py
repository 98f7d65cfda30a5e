"""An Associated eIM: one line of the card's contact list (SGP.32 clause 2.11.1.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_COUNTER = 0x7FFFFF
"""The greatest counterValue that this card accepts: 8,388,607, the least a card must support."""

EIM_ID_TYPES = (1, 2, 3)
EIM_ID_TYPE_PROPRIETARY = 3
PROTOCOL_PROPRIETARY = 4


class KeyForm(StrEnum):
    """How a public key came: bare, or inside a certificate."""

    KEY = "publicKey"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class PublicKeyData:
    """A public key of an eIM: DER of a SubjectPublicKeyInfo or of an X.509 certificate."""

    form: KeyForm
    der: bytes


@dataclass(frozen=True, slots=True)
class Eim:
    """eIM Configuration Data as stored, defaults filled in, with the last accepted counter.

    `id_type` is 1 (OID), 2 (FQDN) or 3 (proprietary); `protocols` holds bit numbers of
    eimSupportedProtocol; `token` is the association token (1 or more) or None. `proprietary` is
    eSipaProprietaryProtocolInformation (v1.3), the object as received.
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
