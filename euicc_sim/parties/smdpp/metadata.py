"""The metadata of a Profile: StoreMetadata (SGP.22 v2.5 clause 5.5.3, SGP.32 v1.2).

Knows of a Profile Package only the header.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from apdu.bcd import swapped
from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.sgp22.common import (
    NotificationConfigurationInformationValue,
    OperatorIdValue,
    VendorSpecificExtensionItemValue,
)
from euicc_sim.asn1.sgp22.packages import StoreMetadataRequest, StoreMetadataRequestValue
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.identifiers import iccid_bytes

SERVICE_PROVIDER_NAME = "Test Operator"
"""serviceProviderName of metadata made from a package."""

_MCC_MNC = re.compile(r"([0-9]{3})([0-9]{2})([0-9]?)")
ICON_SIZE = 1024
"""The maximum size of an icon in bytes."""


class MetadataError(ValueError):
    """Metadata cannot be made from this package or value; a sentence with the next step."""


class ProfileClass(IntEnum):
    """profileClass."""

    TEST = 0
    PROVISIONING = 1
    OPERATIONAL = 2


class IconType(IntEnum):
    """iconType."""

    JPG = 0
    PNG = 1

    @classmethod
    def of(cls, icon: bytes) -> Self:
        """The type of a picture, from its first bytes. Raises MetadataError."""
        kind = next((kind for start, kind in _PICTURES.items() if icon.startswith(start)), None)
        if kind is None or len(icon) > ICON_SIZE:
            raise MetadataError(
                f"This is not an icon of a Profile. Give a JPG or PNG of at most {ICON_SIZE} bytes."
            )
        return cls(kind)


_PICTURES = {b"\xff\xd8\xff": 0, b"\x89PNG": 1}


class Event(IntEnum):
    """The bits of NotificationEvent."""

    INSTALL = 0
    ENABLE = 1
    DISABLE = 2
    DELETE = 3


class PolicyRule(IntEnum):
    """The bits of PprIds: PPR1 forbids disabling, PPR2 forbids deletion."""

    UPDATE_CONTROL = 0
    PPR1 = 1
    PPR2 = 2


@dataclass(frozen=True, slots=True)
class NotificationTarget:
    """An entry of notificationConfigurationInfo: a recipient and its events."""

    events: frozenset[Event]
    address: str


@dataclass(frozen=True, slots=True)
class Owner:
    """profileOwner: MCC and MNC as in EF.IMSI's half-bytes, 3 bytes, and group identifiers."""

    mcc_mnc: bytes
    gid1: bytes | None = None
    gid2: bytes | None = None

    @classmethod
    def of(cls, digits: str) -> Self:
        """The operator of an MCC and MNC, 5 or 6 digits. Raises MetadataError."""
        found = _MCC_MNC.fullmatch(digits)
        if found is None:
            raise MetadataError(
                f"{digits[:40]!r} is not an owner. Write three digits of the MCC and two or three "
                "of the MNC, such as 00101."
            )
        mcc, mnc, third = found.groups()
        return cls(swapped(bytes.fromhex(f"{mcc}{third or 'F'}{mnc}")))


@dataclass(frozen=True, slots=True)
class VendorData:
    """A VendorSpecificExtension item: a dotted OID and a DER object of the vendor."""

    oid: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """The fields of StoreMetadata; those that are None are left out.

    `iccid` has 18 to 20 digits in printed order; an icon has at most 1024 bytes, the names 32 and
    64 bytes of UTF-8. `ecall_indication` and `fallback_allowed` are from SGP.32.
    """

    iccid: str
    service_provider_name: str = SERVICE_PROVIDER_NAME
    profile_name: str = ""
    icon_type: IconType | None = None
    icon: bytes | None = None
    profile_class: ProfileClass = ProfileClass.OPERATIONAL
    notifications: tuple[NotificationTarget, ...] | None = None
    owner: Owner | None = None
    policy_rules: frozenset[PolicyRule] | None = None
    service_data_stored: tuple[VendorData, ...] | None = None
    service_data_not_stored: tuple[VendorData, ...] | None = None
    ecall_indication: bool | None = None
    fallback_allowed: bool | None = None

    def encoded(self, wire: Wire = WIRE_1_2) -> bytes:
        """StoreMetadata (BF25), DER; the class operational, the default, is left out.

        Raises MetadataError for invalid values.
        """
        value: StoreMetadataRequestValue = {
            "iccid": _iccid_bytes(self.iccid),
            "serviceProviderName": self.service_provider_name,
            "profileName": self.profile_name,
            "profileClass": self.profile_class,
        }
        if self.icon_type is not None:
            value["iconType"] = self.icon_type
        if self.icon is not None:
            value["icon"] = self.icon
        if self.notifications is not None:
            value["notificationConfigurationInfo"] = _targets(self.notifications)
        if self.owner is not None:
            value["profileOwner"] = _owner(self.owner)
        if self.policy_rules is not None:
            value["profilePolicyRules"] = self.policy_rules
        if self.service_data_stored is not None:
            value["serviceSpecificDataStoredInEuicc"] = _vendor(self.service_data_stored)
        if self.service_data_not_stored is not None:
            value["serviceSpecificDataNotStoredInEuicc"] = _vendor(self.service_data_not_stored)
        if self.ecall_indication is not None:
            value["ecallIndication"] = self.ecall_indication
        if self.fallback_allowed is not None:
            value["fallbackAllowed"] = self.fallback_allowed
        try:
            return wire[StoreMetadataRequest].encode(value)
        except Asn1Error as error:
            raise MetadataError(f"The metadata cannot be written: {error}. Mend it.") from error


def read_metadata(metadata: bytes, wire: Wire = WIRE_1_2) -> StoreMetadataRequestValue:
    """The values of StoreMetadata (BF25). Raises MetadataError if it is malformed."""
    try:
        return wire[StoreMetadataRequest].read_keeping(metadata)
    except Asn1Error as error:
        raise MetadataError(
            f"This is not a valid StoreMetadata: {error}. Begin with BF25."
        ) from error


def iccid_of(metadata: bytes, wire: Wire = WIRE_1_2) -> str:
    """The ICCID in StoreMetadata (BF25). Raises MetadataError if it is malformed."""
    return iccid_digits(read_metadata(metadata, wire)["iccid"])


def _iccid_bytes(digits: str) -> bytes:
    try:
        return iccid_bytes(digits)
    except EimError as error:
        raise MetadataError(str(error)) from error


def _targets(
    targets: tuple[NotificationTarget, ...],
) -> list[NotificationConfigurationInformationValue]:
    return [
        {"profileManagementOperation": one.events, "notificationAddress": one.address}
        for one in targets
    ]


def _owner(owner: Owner) -> OperatorIdValue:
    value: OperatorIdValue = {"mccMnc": owner.mcc_mnc}
    if owner.gid1 is not None:
        value["gid1"] = owner.gid1
    if owner.gid2 is not None:
        value["gid2"] = owner.gid2
    return value


def _vendor(items: tuple[VendorData, ...]) -> list[VendorSpecificExtensionItemValue]:
    return [{"vendorOid": one.oid, "vendorSpecificData": one.data} for one in items]
