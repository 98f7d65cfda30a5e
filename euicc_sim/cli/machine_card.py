"""Cards and their notifications as `--json` prints them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from msgspec import field

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.saip.names import PE_STATUSES
from euicc_sim.cli.machine import Eid, Iccid, Output
from euicc_sim.model.eim import Eim, KeyForm, PublicKeyData
from euicc_sim.model.identity import CardType, Identity
from euicc_sim.model.notification import Notification
from euicc_sim.model.profile import Profile, ProfileClass, ProfileEvent
from euicc_sim.model.state import State, Strictness, Switches
from euicc_sim.store import ID_TYPES, STEPS, protocol_name

if TYPE_CHECKING:
    from euicc_sim.parties.lpa import NotificationInfo


class Memory(Output):
    """Memory for Profiles, in bytes."""

    total: int
    free: int


class RefusedElementOutput(Output):
    """A Profile Element that the card refuses at installation, and the PEStatus in the result."""

    element: str
    status: str


class SwitchesOutput(Output):
    """How difficult the card is; see `card set`."""

    reset_after_switch: bool
    ipad_required: bool
    toolkit: bool
    poll_interval: int
    toolkit_busy: bool
    memory_full: bool
    never_twice: bool
    profile_required: bool
    lost_with_channel: bool
    number_from_zero: bool
    standard_isdr_aid: bool
    isdr_aids: list[bytes]
    refused_elements: list[RefusedElementOutput]
    strictness: Strictness

    @classmethod
    def of(cls, switches: Switches) -> Self:
        """For programs."""
        refused = [
            RefusedElementOutput(element=one.element, status=PE_STATUSES[one.status])
            for one in switches.refused_elements
        ]
        return cls(**asdict(switches) | {"refused_elements": refused})


class KeyOutput(Output):
    """A public key of an eIM: SubjectPublicKeyInfo, or a certificate."""

    form: KeyForm
    der: bytes

    @classmethod
    def of(cls, key: PublicKeyData) -> Self:
        """For programs."""
        return cls(form=key.form, der=key.der)


class EimOutput(Output):
    """An eIM that the card trusts."""

    eim_id: str
    id_type: str
    fqdn: str | None
    counter: int
    association_token: int | None
    protocols: list[str]
    key: KeyOutput
    tls: KeyOutput | None

    @classmethod
    def of(cls, eim: Eim) -> Self:
        """For programs."""
        return cls(
            eim_id=eim.eim_id,
            id_type=ID_TYPES[eim.id_type],
            fqdn=eim.fqdn,
            counter=eim.counter,
            association_token=eim.token,
            protocols=[protocol_name(bit) for bit in sorted(eim.protocols)],
            key=KeyOutput.of(eim.key),
            tls=None if eim.tls is None else KeyOutput.of(eim.tls),
        )


class ProfileOutput(Output):
    """A Profile that the card keeps; `size` is in bytes."""

    iccid: Iccid
    aid: bytes
    enabled: bool
    profile_class: str = field(name="class")
    name: str
    provider: str
    nickname: str
    fallback: bool
    emergency: bool
    size: int

    @classmethod
    def of(cls, profile: Profile, state: State) -> Self:
        """For programs."""
        return cls(
            iccid=iccid_digits(profile.iccid),
            aid=profile.aid,
            enabled=bool(profile.enabled),
            profile_class=ProfileClass(profile.profile_class).name.lower(),
            name=profile.name,
            provider=profile.service_provider,
            nickname=profile.nickname,
            fallback=state.fallback_profile == profile.iccid,
            emergency=bool(profile.ecall),
            size=profile.size,
        )


class ResultOutput(Output):
    """A package result that its eIM has not fetched yet."""

    number: int
    eim_id: str


class NotificationOutput(Output):
    """A notification that waits for its server; a load result has no event."""

    number: int
    events: list[str]
    iccid: Iccid | None
    address: str

    @classmethod
    def kept(cls, one: Notification) -> Self:
        """From what the card's directory has."""
        return cls(
            number=one.seq_number,
            events=[ProfileEvent(bit).name.lower() for bit in sorted(one.events)],
            iccid=iccid_digits(one.iccid) if one.iccid else None,
            address=one.address,
        )

    @classmethod
    def listed(cls, one: NotificationInfo) -> Self:
        """From what the card lists to an LPA."""
        return cls(
            number=one.seq_number, events=list(one.events), iccid=one.iccid, address=one.address
        )


class DownloadOutput(Output):
    """The download in progress: from where, and the next step."""

    address: str
    step: str


class CardOutput(Output):
    """A card, as `card show` has it; `changed` is when its directory was written last."""

    eid: Eid
    card_type: CardType = field(name="type")
    sgp32: str
    sgp22: str
    ipae: bool
    highest_svn: str | None
    security_level: bytes | None
    test_profile_servers: list[str]
    changed: datetime
    memory: Memory
    default_dp_address: str
    switches: SwitchesOutput
    eims: list[EimOutput]
    profiles: list[ProfileOutput]
    results: list[ResultOutput]
    notifications: list[NotificationOutput]
    download: DownloadOutput | None

    @classmethod
    def of(cls, identity: Identity, state: State, changed: float) -> Self:
        """For programs; `changed` in seconds since 1970."""
        one, limits = state.installation, identity.limits
        return cls(
            eid=identity.eid,
            card_type=identity.card_type,
            sgp32=identity.sgp32_version,
            sgp22=identity.sgp22.name,
            ipae=identity.has_ipae,
            highest_svn=identity.highest_svn,
            security_level=identity.security_level
            if identity.sgp22.checks_security_level
            else None,
            test_profile_servers=list(identity.test_profile_servers),
            changed=datetime.fromtimestamp(changed, UTC),
            memory=Memory(total=limits.memory, free=state.free_memory(limits)),
            default_dp_address=state.default_dp_address,
            switches=SwitchesOutput.of(state.switches),
            eims=[EimOutput.of(eim) for eim in state.eims],
            profiles=[ProfileOutput.of(profile, state) for profile in state.profiles],
            results=[
                ResultOutput(number=result.seq_number, eim_id=result.eim_id)
                for result in state.results
            ],
            notifications=[NotificationOutput.kept(note) for note in state.notifications],
            download=None
            if one is None
            else DownloadOutput(address=one.address, step=STEPS[one.step]),
        )
