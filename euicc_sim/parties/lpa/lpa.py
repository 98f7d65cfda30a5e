"""What an LPA or IPA does with a card, through a function that exchanges APDUs (SGP.22 v2.5 3).

    lpa = Lpa(card.transmit)
    lpa.download(smdpp, matching_id="CODE-1")
    lpa.enable("89001234567890123456")

Works on the basic channel and selects the ISD-R before each task, so a reset in between is fine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from euicc_sim.asn1.codec import Unknown
from euicc_sim.asn1.sgp22.common import (
    EuiccConfiguredAddressesRequest,
    EuiccConfiguredAddressesResponse,
    GetEuiccDataRequest,
    GetEuiccDataRequestValue,
    GetEuiccDataResponse,
    ProfileInfoListRequest,
    ProfileInfoListRequestValue,
)
from euicc_sim.asn1.sgp22.notifications import (
    ListNotificationRequest,
    ListNotificationRequestValue,
    ListNotificationResponse,
    NotificationSentRequest,
    NotificationSentRequestValue,
    NotificationSentResponse,
    RetrieveNotificationsListRequest,
    RetrieveNotificationsListRequestValue,
)
from euicc_sim.asn1.sgp22.profiles import (
    DeleteProfileRequest,
    DeleteProfileResponse,
    DisableProfileRequest,
    DisableProfileResponse,
    EnableProfileRequest,
    EnableProfileResponse,
    EuiccMemoryResetRequest,
    EuiccMemoryResetRequestValue,
    EuiccMemoryResetResponse,
    ProfileAndRefreshValue,
    SetNicknameRequest,
    SetNicknameRequestValue,
    SetNicknameResponse,
)
from euicc_sim.asn1.sgp32.functions import RetrieveNotificationsListResponse
from euicc_sim.asn1.sgp32.profiles import ProfileInfoListResponse
from euicc_sim.asn1.types import Nothing, Type, UnknownCode
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.lpa.es10_messages import (
    DownloadResult,
    NotificationInfo,
    ProfileInfo,
    ResetOption,
    iccid,
    identifier,
    notification_info,
    notifications_of,
    profile_info,
    tag_list,
)
from euicc_sim.parties.lpa.event_discovery import discover
from euicc_sim.parties.lpa.profile_download import Download, Progress
from euicc_sim.parties.messages.activation_code import ActivationCode
from euicc_sim.parties.messages.address import same_server
from euicc_sim.parties.messages.apdus import StatusWordError, Transmit, exchange, select_isdr
from euicc_sim.parties.messages.encoding import answer, request, shown
from euicc_sim.parties.messages.errors import LpaError, SmdppError
from euicc_sim.parties.messages.interfaces import EventEntry, EventServer, RspServer

V = TypeVar("V")
A = TypeVar("A")

_EID_TAG = b"\x5a"

ADVICE = {
    "catBusy": "End the proactive session of the terminal, then try again.",
    "disallowedByPolicy": "A policy rule of the Profile forbids it.",
    "iccidNotFound": "List the Profiles to see their ICCIDs.",
    "iccidOrAidNotFound": "List the Profiles to see their identifiers.",
    "nothingToDelete": "The card has nothing of that kind.",
    "profileNotInDisabledState": "The Profile is enabled; disable it first.",
    "profileNotInEnabledState": "The Profile is disabled already.",
    "wrongProfileReenabling": "Enable the Profile that was enabled before the test Profile.",
}
"""The next step for each result code of a card."""

ADVICE_FOR = {
    ("EnableProfile", "profileNotInDisabledState"): "The Profile is enabled already.",
    ("DeleteProfile", "profileNotInDisabledState"): (
        "The Profile is enabled; disable it before deleting it."
    ),
}
"""The next step where it depends on the function too."""


class Lpa:
    """An LPA with one card. All errors are LpaError."""

    def __init__(self, transmit: Transmit, wire: Wire = WIRE_1_2) -> None:
        """`transmit` takes a command APDU and returns data and status word.

        `wire` is the version of SGP.32 to speak; an LPA of SGP.22 can keep the default.
        """
        self._transmit = transmit
        self._wire = wire

    def eid(self) -> str:
        """The card's EID, 32 digits (GetEID, clause 5.7.20)."""
        found = self._ask(
            GetEuiccDataRequest, GetEuiccDataRequestValue(tagList=_EID_TAG), GetEuiccDataResponse
        )
        return found["eidValue"].hex()

    def download(
        self,
        server: RspServer,
        *,
        matching_id: str = "",
        confirmation_code: str | None = None,
        progress: Progress | None = None,
        oid: str = "",
    ) -> DownloadResult:
        """Download and install a Profile, clause 3.1.3; it is disabled afterwards.

        The server must have that `oid` if one is given. `progress` is called with the step, the
        requests done and the total. A failure after the server has authenticated itself cancels the
        session on both sides. Raises LpaError.
        """
        with self._selected():
            return Download(self._exchange, server, progress, self._wire, oid).run(
                matching_id, confirmation_code
            )

    def discover(self, server: EventServer, event_id: str = "") -> tuple[EventEntry, ...]:
        """The events that wait for the card at an SM-DS, or that one, clause 3.6.2."""
        with self._selected():
            return discover(self._exchange, server, event_id, self._wire)

    def root_smds(self) -> str:
        """The address of the card's root SM-DS (GetEuiccConfiguredAddresses, clause 5.7.3)."""
        found = self._ask(
            EuiccConfiguredAddressesRequest, Nothing(), EuiccConfiguredAddressesResponse
        )
        return found["rootDsAddress"]

    def profiles(self, tags: Collection[int] | None = None) -> list[ProfileInfo]:
        """The Profiles of the card, GetProfilesInfo of clause 5.7.15.

        `tags` are the fields to return, such as 0x5A and 0x9F70; by default the card chooses.
        """
        value: ProfileInfoListRequestValue = {} if tags is None else {"tagList": tag_list(tags)}
        found = self._ask(ProfileInfoListRequest, value, ProfileInfoListResponse)
        if found[0] == "profileInfoListOk":
            return [profile_info(one, self._wire) for one in found[1]]
        raise _refused("list its Profiles", found)

    def enable(self, profile: str | bytes, *, refresh: bool = False) -> None:
        """EnableProfile, clause 5.7.16, by ICCID (digits) or AID (bytes or 32 hex digits)."""
        value = _switching(profile, refresh)
        found = self._ask(EnableProfileRequest, value, EnableProfileResponse)
        _check("EnableProfile", found["enableResult"])

    def disable(self, profile: str | bytes, *, refresh: bool = False) -> None:
        """DisableProfile, clause 5.7.17."""
        value = _switching(profile, refresh)
        found = self._ask(DisableProfileRequest, value, DisableProfileResponse)
        _check("DisableProfile", found["disableResult"])

    def delete(self, profile: str | bytes) -> None:
        """DeleteProfile, clause 5.7.18; the Profile must be disabled."""
        found = self._ask(DeleteProfileRequest, identifier(profile), DeleteProfileResponse)
        _check("DeleteProfile", found["deleteResult"])

    def set_nickname(self, profile: str, nickname: str) -> None:
        """SetNickname, clause 5.7.21, by ICCID; "" removes the nickname."""
        value: SetNicknameRequestValue = {"iccid": iccid(profile), "profileNickname": nickname}
        found = self._ask(SetNicknameRequest, value, SetNicknameResponse)
        _check("SetNickname", found["setNicknameResult"])

    def memory_reset(self, options: Iterable[ResetOption] = tuple(ResetOption)) -> None:
        """eUICCMemoryReset, clause 5.7.19; without options, reset everything."""
        value: EuiccMemoryResetRequestValue = {"resetOptions": frozenset(options)}
        found = self._ask(EuiccMemoryResetRequest, value, EuiccMemoryResetResponse)
        _check("EuiccMemoryReset", found["resetResult"])

    def notifications(self) -> list[NotificationInfo]:
        """The pending notifications (ListNotification, clause 5.7.9), oldest first."""
        found = self._ask(
            ListNotificationRequest, ListNotificationRequestValue(), ListNotificationResponse
        )
        if found[0] == "notificationMetadataList":
            return sorted(map(notification_info, found[1]), key=lambda one: one.seq_number)
        raise _refused("list its notifications", found)

    def process_notifications(
        self, server: RspServer, *, remove: bool = True
    ) -> list[NotificationInfo]:
        """Deliver to the server the notifications for its address, oldest first; remove them.

        Returns the delivered ones. Stops if the server refuses one; that one stays on the card.
        """
        waiting = [one for one in self.notifications() if same_server(one.address, server.address)]
        for one in waiting:
            pending = self.notification(one.seq_number)
            try:
                server.handle_notification(pending)
            except SmdppError as error:
                raise LpaError(
                    f"The server refused notification {one.seq_number}: {error}",
                    f"{error.subject}/{error.reason}",
                ) from error
            if remove:
                self.remove_notification(one.seq_number)
        return waiting

    def notification(self, seq_number: int) -> bytes:
        """A PendingNotification (BF37 or 30) as the card wrote it, clause 5.7.10."""
        asked = request(
            self._wire[RetrieveNotificationsListRequest],
            RetrieveNotificationsListRequestValue(searchCriteria=("seqNumber", seq_number)),
        )
        with self._selected():
            message = self._exchange(asked)
        found = answer(self._wire[RetrieveNotificationsListResponse], message)
        if found[0] != "notificationList":
            raise _refused(f"give notification {seq_number}", found)
        pending = notifications_of(message)
        if len(pending) != 1:
            raise LpaError(
                f"The card has {len(pending)} notifications {seq_number}. List them again."
            )
        return pending[0]

    def remove_notification(self, seq_number: int) -> None:
        """RemoveNotificationFromList, clause 5.7.11."""
        found = self._ask(
            NotificationSentRequest,
            NotificationSentRequestValue(seqNumber=seq_number),
            NotificationSentResponse,
        )
        _check("NotificationSent", found["deleteNotificationStatus"])

    def _ask(self, asked: type[Type[V]], value: V, answered: type[Type[A]]) -> A:
        message = request(self._wire[asked], value)
        with self._selected():
            return answer(self._wire[answered], self._exchange(message))

    def _exchange(self, message: bytes) -> bytes:
        return exchange(self._transmit, message)

    @contextmanager
    def _selected(self) -> Iterator[None]:
        try:
            select_isdr(self._transmit)
            yield
        except StatusWordError as error:
            raise LpaError(str(error), f"{error.sw:04X}") from error


def _switching(profile: str | bytes, refresh: bool) -> ProfileAndRefreshValue:
    return {"profileIdentifier": identifier(profile), "refreshFlag": refresh}


def _check(function: str, code: str | UnknownCode) -> None:
    """Raise LpaError unless the result code is ok."""
    if code != "ok":
        raise _refused(function, ("", code))


def _refused(what: str, found: tuple[str, object]) -> LpaError:
    """The LpaError for an alternative other than the good one."""
    code = shown(found if isinstance(found, Unknown) else found[1])
    advice = ADVICE_FOR.get((what, code)) or ADVICE.get(code, "Check the request.")
    return LpaError(f"The card refused {what}: {code}. {advice}", code)


def download_over_es9(
    lpa: Lpa,
    code: ActivationCode,
    *,
    trust: Iterable[bytes] = (),
    verify: bool = True,
    url: str | None = None,
    confirmation_code: str | None = None,
    progress: Progress | None = None,
) -> DownloadResult:
    """Install the Profile of an activation code, over HTTPS. Raises LpaError.

    `trust` and `verify` are those of `Es9Client`; `url` is where to find the SM-DP+ if not at its
    address.
    """
    if code.confirmation and confirmation_code is None:
        raise LpaError("The activation code requires a confirmation code. Ask the user for it.")
    where = url or f"https://{code.address}"
    with Es9Client(where, trust=trust, verify=verify, address=code.address) as server:
        return lpa.download(
            server,
            matching_id=code.matching_id,
            confirmation_code=confirmation_code,
            progress=progress,
            oid=code.oid,
        )
