"""Who a card is: what was written into it when it was made and never changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from euicc_sim.model.profile import AuthorisationRule
from euicc_sim.model.state import Limits


class CardType(StrEnum):
    """What a card takes itself for.

    `IOT` is SGP.32 and answers the functions of SGP.22 by which an LPA manages Profiles as well;
    `IOT_STRICT` refuses those; `CONSUMER` is SGP.22 alone.
    """

    IOT = "iot"
    IOT_STRICT = "iot-strict"
    CONSUMER = "consumer"


@dataclass(frozen=True, slots=True)
class Credential:
    """The card's certificates below one CI; certificates are DER.

    `ci_pk_id` is the subject key identifier of the CI's key (20 bytes), `key_file` the name of
    the file in the card's directory that holds the private key. Without `ci_certificate` no
    server below that CI can be verified.
    """

    curve: str
    ci_pk_id: bytes
    eum_certificate: bytes
    euicc_certificate: bytes
    key_file: str
    ci_certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A card's EID (32 digits), its credentials by priority, its room, its seed if it repeats.

    `authorisation_rules` is the Rules Authorisation Table, the first row that fits decides.
    """

    eid: str
    credentials: tuple[Credential, ...]
    sgp32_version: str = "1.2"
    root_ds_address: str = "testrootsmds.example.com"
    limits: Limits = field(default_factory=Limits)
    seed: int | None = None
    card_type: CardType = CardType.IOT
    authorisation_rules: tuple[AuthorisationRule, ...] = ()

    @property
    def eid_bytes(self) -> bytes:
        """The EID as 16 bytes of packed digits."""
        return bytes.fromhex(self.eid)

    @property
    def ci_pk_ids(self) -> tuple[bytes, ...]:
        """euiccCiPKIdListForSigning, the same as the list for verification."""
        return tuple(one.ci_pk_id for one in self.credentials)
