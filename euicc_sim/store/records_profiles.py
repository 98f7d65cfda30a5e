"""The records of a card's JSON document that concern Profiles. See records.py."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from euicc_sim.model.profile import (
    AuthorisationRule,
    BppCommand,
    Installation,
    Operator,
    Profile,
    Recipient,
    Rollback,
)
from euicc_sim.model.state import Returns, Switches
from euicc_sim.store.records import EVENTS, Hex, Number, Record, Text, numbers

CLASSES = ("test", "provisioning", "operational")
RULES = ("pprUpdateControl", "ppr1", "ppr2")
ICON_TYPES = ("jpg", "png")
STEPS = {
    BppCommand.INITIALISE_SECURE_CHANNEL: "initialiseSecureChannel",
    BppCommand.CONFIGURE_ISDP: "configureISDP",
    BppCommand.STORE_METADATA: "storeMetadata",
    BppCommand.REPLACE_SESSION_KEYS: "replaceSessionKeys",
    BppCommand.LOAD_PROFILE_ELEMENTS: "loadProfileElements",
}

Iccid = Annotated[Hex, Field(min_length=10, max_length=10)]
FetchPackage = Callable[[bytes], bytes]
"""From an ICCID to the profile package that is stored for it; raises ValueError, says why."""


class RecipientRecord(Record):
    """An entry of notificationConfigurationInfo."""

    profileManagementOperation: list[Literal[EVENTS] | int]  # type: ignore[valid-type]
    notificationAddress: Text


class OperatorRecord(Record):
    """An operator."""

    mccMnc: Annotated[Hex, Field(min_length=3, max_length=3)]
    gid1: Hex | None = None
    gid2: Hex | None = None

    def model(self) -> Operator:
        """The operator as the card knows it."""
        return Operator(self.mccMnc, self.gid1, self.gid2)


class RuleRecord(Record):
    """A row of the Rules Authorisation Table."""

    pprIds: list[Literal[RULES] | int]  # type: ignore[valid-type]
    allowedOperators: list[OperatorRecord]
    consentRequired: bool = False

    def model(self) -> AuthorisationRule:
        """The row as the card knows it."""
        operators = tuple(one.model() for one in self.allowedOperators)
        return AuthorisationRule(numbers(RULES, self.pprIds), operators, self.consentRequired)


class PackageRecord(Record):
    """The profile package: how big it is and what it hashes to. The file is found by ICCID."""

    file: Text
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{64}$")]

    def fetched(self, iccid: bytes, fetch: FetchPackage) -> bytes:
        """The package itself. Raises ValueError when it is not the one that was stored."""
        content = fetch(iccid)
        if len(content) != self.size or sha256(content).hexdigest().upper() != self.sha256:
            raise ValueError(f"{self.file} is not the package that was stored there")
        return content


class ProfileRecord(Record):
    """An installed Profile."""

    iccid: Iccid
    isdpAid: Annotated[Hex, Field(min_length=5, max_length=16)]
    profileState: Literal["enabled", "disabled"]
    profileNickname: Text = ""
    serviceProviderName: Text
    profileName: Text
    profileClass: Literal[CLASSES]  # type: ignore[valid-type]
    iconType: Literal[ICON_TYPES] | int | None = None  # type: ignore[valid-type]
    icon: Hex | None = None
    notificationConfigurationInfo: Annotated[list[RecipientRecord], Field(default_factory=list)]
    profileOwner: OperatorRecord | None = None
    dpOid: Text | None = None
    profilePolicyRules: Annotated[list[Literal[RULES] | int], Field(default_factory=list)]  # type: ignore[valid-type]
    serviceSpecificDataStoredInEuicc: Hex | None = None
    ecallIndication: bool | None = None
    fallbackAllowed: bool | None = None
    connectivityParameters: Hex | None = None
    iotSpecificProfileInfo: Hex | None = None
    preLoaded: bool = False
    euiccCiPKId: Hex
    package: PackageRecord

    def model(self, fetch: FetchPackage) -> Profile:
        """The Profile as the card knows it. Raises ValueError when its package is not there."""
        icon = self.iconType
        return Profile(
            iccid=self.iccid,
            aid=self.isdpAid,
            service_provider=self.serviceProviderName,
            name=self.profileName,
            ci_pk_id=self.euiccCiPKId,
            package=self.package.fetched(self.iccid, fetch),
            profile_class=CLASSES.index(self.profileClass),
            enabled=self.profileState == "enabled",
            nickname=self.profileNickname,
            icon_type=ICON_TYPES.index(icon) if isinstance(icon, str) else icon,
            icon=self.icon,
            recipients=tuple(
                Recipient(numbers(EVENTS, one.profileManagementOperation), one.notificationAddress)
                for one in self.notificationConfigurationInfo
            ),
            owner=self.profileOwner.model() if self.profileOwner else None,
            dp_oid=self.dpOid,
            rules=numbers(RULES, self.profilePolicyRules),
            service_data=self.serviceSpecificDataStoredInEuicc,
            ecall=self.ecallIndication,
            fallback_allowed=self.fallbackAllowed,
            connectivity=self.connectivityParameters,
            iot_data=self.iotSpecificProfileInfo,
            preloaded=self.preLoaded,
        )


class RollbackRecord(Record):
    """A rollback that a package has authorised."""

    iccid: Iccid
    eimId: str
    counterValue: Annotated[int, Field(ge=0)]
    eimTransactionId: Hex | None = None
    seqNumber: Number
    eimSignature: Hex = b""

    def model(self) -> Rollback:
        """The authorisation as the card knows it."""
        return Rollback(
            self.iccid,
            self.eimId,
            self.counterValue,
            self.eimTransactionId,
            self.seqNumber,
            self.eimSignature,
        )


class ReturnsRecord(Record):
    """Which Profiles to go back to."""

    rollback: RollbackRecord | None = None
    fallback: Iccid | None = None
    emergency: Iccid | None = None
    test: Iccid | None = None

    def model(self) -> Returns:
        """The references as the card knows them."""
        rollback = self.rollback.model() if self.rollback else None
        return Returns(rollback, self.fallback, self.emergency, self.test)


class InstallationRecord(Record):
    """A download under way."""

    transactionId: Hex
    address: Text
    smdpOid: Text
    euiccCiPKId: Hex
    step: Literal[tuple(STEPS.values())]  # type: ignore[valid-type]
    iccid: Iccid | None = None

    def model(self) -> Installation:
        """The download as the card knows it."""
        steps = {name: number for number, name in STEPS.items()}
        return Installation(
            self.transactionId,
            self.address,
            self.smdpOid,
            self.euiccCiPKId,
            steps[self.step],
            self.iccid,
        )


class SwitchesRecord(Record):
    """The difficult ways of a card."""

    resetAfterSwitch: bool = False
    ipadRequired: bool = False
    toolkitBusy: bool = False
    memoryFull: bool = False

    def model(self) -> Switches:
        """The switches as the card knows them."""
        return Switches(self.resetAfterSwitch, self.ipadRequired, self.toolkitBusy, self.memoryFull)


class ProfilesPart(Record):
    """The part of the document that earlier releases did not write."""

    profiles: Annotated[list[ProfileRecord], Field(default_factory=list)]
    fallbackProfile: Iccid | None = None
    returns: ReturnsRecord = ReturnsRecord()
    installation: InstallationRecord | None = None
    switches: SwitchesRecord = SwitchesRecord()

    @model_validator(mode="after")
    def _consistent_profiles(self) -> ProfilesPart:
        iccids = [one.iccid for one in self.profiles]
        if len(set(iccids)) != len(iccids):
            raise ValueError("two Profiles have the same iccid")
        if len({one.isdpAid for one in self.profiles}) != len(iccids):
            raise ValueError("two Profiles have the same isdpAid")
        if sum(one.profileState == "enabled" for one in self.profiles) > 1:
            raise ValueError("more than one Profile is enabled")
        returns = self.returns
        named = [self.fallbackProfile, returns.fallback, returns.emergency, returns.test]
        named.append(returns.rollback.iccid if returns.rollback else None)
        missing = next((one for one in named if one is not None and one not in iccids), None)
        if missing is not None:
            raise ValueError(f"there is no Profile {missing.hex().upper()} to go back to")
        return self
