"""The identity of a card: everything that is fixed when the card is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from euicc_sim.model.profile import AuthorisationRule
from euicc_sim.model.sgp22_versions import SGP22_VERSIONS, Sgp22Version, sgp22_below
from euicc_sim.model.state import Limits

SECURITY_LEVEL = b"\x0c"
"""The euiccMinimumSecurityLevel of a new card: the value of the test specifications."""


class CardType(StrEnum):
    """The kind of eUICC a card is.

    `IOT` is SGP.32, and also answers the SGP.22 functions with which an LPA manages Profiles;
    `IOT_STRICT` refuses those; `CONSUMER` is SGP.22 only.
    """

    IOT = "iot"
    IOT_STRICT = "iot-strict"
    CONSUMER = "consumer"


@dataclass(frozen=True, slots=True)
class Credential:
    """The card's certificates below one CI, in DER.

    `ci_pk_id` is the subject key identifier of the CI's key (20 bytes), `key_file` the name of
    the file in the card's directory that holds the private key. Without `ci_certificate` the card
    cannot verify servers below that CI.
    """

    curve: str
    ci_pk_id: bytes
    eum_certificate: bytes
    euicc_certificate: bytes
    key_file: str
    ci_certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A card's EID (32 digits), credentials by priority, limits, and seed if it is repeatable.

    `authorisation_rules` is the Rules Authorisation Table; the first row that matches decides.
    Without `sgp22_version` it is the one that the version of SGP.32 builds on. `security_level` is
    the euiccMinimumSecurityLevel, 1 byte, of a card of SGP.22 v2.7, `test_profile_servers` are the
    SM-DP+ that it takes test Profiles from, by address; all if there are none. `highest_svn` is the
    version of SGP.22 v3, such as 3.1.0, that it announces beside its own. `has_ipae` says that it
    has an IPA of its own.
    """

    eid: str
    credentials: tuple[Credential, ...]
    sgp32_version: str = "1.2"
    root_ds_address: str = "testrootsmds.example.com"
    limits: Limits = field(default_factory=Limits)
    seed: int | None = None
    card_type: CardType = CardType.IOT
    authorisation_rules: tuple[AuthorisationRule, ...] = ()
    sgp22_version: str | None = None
    security_level: bytes = SECURITY_LEVEL
    test_profile_servers: tuple[str, ...] = ()
    highest_svn: str | None = None
    has_ipae: bool = False

    @property
    def sgp22(self) -> Sgp22Version:
        """The version of SGP.22: the given one, or else that below the version of SGP.32."""
        if self.sgp22_version is not None:
            return SGP22_VERSIONS[self.sgp22_version]
        consumer = self.card_type is CardType.CONSUMER
        return sgp22_below(None if consumer else self.sgp32_version)

    @property
    def standards(self) -> str:
        """What the card is of, for people, such as `SGP.32 1.2, SGP.22 2.5`."""
        sgp22 = f"SGP.22 {self.sgp22.name}"
        consumer = self.card_type is CardType.CONSUMER
        return sgp22 if consumer else f"SGP.32 {self.sgp32_version}, {sgp22}"

    @property
    def eid_bytes(self) -> bytes:
        """The EID as 16 bytes of packed digits."""
        return bytes.fromhex(self.eid)

    @property
    def ci_pk_ids(self) -> tuple[bytes, ...]:
        """euiccCiPKIdListForSigning, which is also the list for verification."""
        return tuple(one.ci_pk_id for one in self.credentials)
