"""Profiles, what their SIMs say, and notifications, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, NotRequired, Self, TypedDict, cast

from rich.table import Table

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.cli.console import columns, facts
from euicc_sim.cli.machine import Iccid
from euicc_sim.formats.file_contents import decoded
from euicc_sim.formats.saip import PackageError, contents_of
from euicc_sim.model.profile import Profile, ProfileClass, Rule
from euicc_sim.model.state import State
from euicc_sim.uicc import SimMisfitError, check_fit, inventory, tree_of

if TYPE_CHECKING:
    from euicc_sim.parties.lpa import NotificationInfo, ProfileInfo

_HEAD = ("ICCID", "state", "class", "name", "provider", "nickname", "marks", "bytes")
_WHOLE = {"ICCID", "state", "class", "bytes", "number"}
_RULES = {
    Rule.UPDATE_CONTROL: "pprUpdateControl",
    Rule.PPR1_NO_DISABLE: "ppr1",
    Rule.PPR2_NO_DELETE: "ppr2",
}


@dataclass(frozen=True, slots=True)
class _Row:
    iccid: str
    state: str
    profile_class: str
    name: str
    provider: str
    nickname: str
    marks: str
    size: str = ""

    @classmethod
    def of_card(cls, one: Profile, state: State) -> Self:
        """From what the card's directory has."""
        return cls(
            iccid_digits(one.iccid),
            "enabled" if one.enabled else "disabled",
            ProfileClass(one.profile_class).name.lower(),
            one.name,
            one.service_provider,
            one.nickname,
            _marks(state.fallback_profile == one.iccid, one.ecall, one.rules),
            str(one.size),
        )

    @classmethod
    def of_list(cls, one: ProfileInfo) -> Self:
        """From what the card lists to an LPA."""
        state = {True: "enabled", False: "disabled", None: ""}
        return cls(
            one.iccid or "",
            state[one.enabled],
            one.profile_class or "",
            one.name or "",
            one.service_provider or "",
            one.nickname or "",
            _marks(one.fallback, one.emergency, one.policy_rules),
        )


def kept_profiles(state: State) -> Table:
    """The Profiles in a card's directory."""
    rows = (astuple(_Row.of_card(one, state)) for one in state.profiles)
    return columns(_HEAD, rows, _WHOLE)


def sim_facts(profile: Profile) -> Table | None:
    """What the files of a SIM say that people look at; None if there are none."""
    try:
        tree = tree_of(contents_of(profile.package), profile.iccid)
        check_fit(tree, profile.sim)
    except (PackageError, SimMisfitError):
        return None
    rows: dict[str, str] = {}
    for one in inventory(tree, profile.sim):
        name = one.file.label.removeprefix("EF.")
        said = [words for record in one.records if (words := decoded(one.file.label, record))]
        if said and name != "ICCID":
            rows.setdefault(name, "; ".join(said))
    return facts(rows) if rows else None


def listed_profiles(profiles: Iterable[ProfileInfo]) -> Table:
    """The Profiles that a card lists."""
    return columns(_HEAD, (astuple(_Row.of_list(one)) for one in profiles), _WHOLE)


def listed_notifications(notifications: Iterable[NotificationInfo]) -> Table:
    """The notifications that a card lists."""
    return columns(
        ("number", "event", "ICCID", "address"),
        (
            (str(one.seq_number), ", ".join(one.events), one.iccid or "", one.address)
            for one in notifications
        ),
        _WHOLE,
    )


class ListedProfile(TypedDict):
    """A Profile that a card lists, by the ASN.1 names of its fields; codes are names."""

    iccid: Iccid | None
    isdpAid: NotRequired[bytes]
    profileState: NotRequired[str]
    profileNickname: NotRequired[str]
    serviceProviderName: NotRequired[str]
    profileName: NotRequired[str]
    iconType: NotRequired[str]
    icon: NotRequired[bytes]
    profileClass: NotRequired[str]
    notificationConfigurationInfo: NotRequired[list[dict[str, Any]]]
    profileOwner: NotRequired[dict[str, bytes]]
    dpProprietaryData: NotRequired[dict[str, str]]
    profilePolicyRules: NotRequired[list[str]]
    serviceSpecificDataStoredInEuicc: NotRequired[list[dict[str, Any]]]
    ecallIndication: NotRequired[bool]
    fallbackAttribute: NotRequired[bool]
    fallbackAllowed: NotRequired[bool]
    iotSpecificProfileInfo: NotRequired[bytes]


def for_machines(one: ProfileInfo) -> ListedProfile:
    """A Profile for programs."""
    from euicc_sim.parties.messages import json_document  # card show has no parties

    found: dict[str, Any] = {**one.fields, "iccid": one.iccid}
    if "profilePolicyRules" in one.fields:
        found["profilePolicyRules"] = _rules(one.policy_rules)
    return cast("ListedProfile", json_document.to_json(found))


def _marks(fallback: bool | None, emergency: bool | None, rules: Iterable[int]) -> str:
    marks = {"fallback": fallback, "emergency": emergency}
    return " ".join([name for name, there in marks.items() if there] + _rules(rules))


def _rules(numbers: Iterable[int]) -> list[str]:
    return [_RULES.get(Rule(one), "") if one in set(Rule) else str(one) for one in sorted(numbers)]
