"""The ES10b functions that an IPAd calls (SGP.32 v1.2 clause 5.9), each as a method.

Works on the basic channel and selects the ISD-R before each request, so a reset in between is
fine. A proactive command after a Profile change is fetched and performed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from apdu import SW, Command, TlvError, tlv
from apdu.tlv import children, whole
from euicc_sim.asn1 import codec
from euicc_sim.asn1.codec import Asn1Error, Unknown
from euicc_sim.asn1.esipa.v1_0 import NotificationsList, NotificationsListValue
from euicc_sim.asn1.sgp22.common import (
    EuiccConfiguredAddressesRequest,
    EuiccConfiguredAddressesResponse,
    EuiccConfiguredAddressesResponseValue,
    GetEuiccDataRequest,
    GetEuiccDataRequestValue,
    GetEuiccDataResponse,
)
from euicc_sim.asn1.sgp22.notifications import (
    NotificationSentRequest,
    NotificationSentRequestValue,
    NotificationSentResponse,
    RetrieveNotificationsListRequest,
    RetrieveNotificationsListRequestValue,
)
from euicc_sim.asn1.sgp32.eims import (
    GetEimConfigurationDataRequest,
    GetEimConfigurationDataRequestValue,
    GetEimConfigurationDataResponse,
    TrustedPublicKeyDataTlsValue,
)
from euicc_sim.asn1.sgp32.functions import (
    ImmediateEnableRequest,
    ImmediateEnableRequestValue,
    ImmediateEnableResponse,
    ProfileRollbackRequest,
    ProfileRollbackResponse,
    RefreshValue,
)
from euicc_sim.asn1.types import Nothing, Type
from euicc_sim.asn1.wire import WIRE_1_2, Wire
from euicc_sim.parties.lpa.es10_messages import ProfileInfo
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.apdus import StatusWordError, Transmit, exchange, select_isdr
from euicc_sim.parties.messages.encoding import answer, request, shown
from euicc_sim.parties.messages.errors import EimError, LpaError
from euicc_sim.parties.messages.package_results import PackageAnswer, read_result

_STATES = (0x5A, 0x9F70, 0x9F7B, 0x9F26)
"""ICCID, profileState, ecallIndication and fallbackAttribute."""

V = TypeVar("V")
A = TypeVar("A")

TERMINAL_CAPABILITY = bytes.fromhex("80AA000005A903840101")
"""The device supports an IPAd (ETSI TS 102 221 clause 11.1.19, SGP.32 clause 3.8.4)."""

_PROACTIVE, _PERFORMED = 0x91, b"\x83\x01\x00"
_FETCH, _TERMINAL_RESPONSE = 0x12, 0x14
_COMMAND_DETAILS = (0x01, 0x81)
_REFRESH_WITH_RESET = b"\x01\x04"
"""Type and qualifier of the command: REFRESH, UICC Reset (ETSI TS 102 223 clause 8.6)."""
_WAITS = f"{SW.CONDITIONS_NOT_SATISFIED:04X}"
_TERMINAL_TO_CARD = b"\x82\x02\x82\x81"
_LISTS = codec.message(NotificationsList)
_ALL, _RESULTS = b"\xbf\x2b\x00", bytes.fromhex("BF2B04A0028200")


@dataclass(frozen=True, slots=True)
class TrustedEim:
    """An eIM that the card trusts."""

    eim_id: str
    fqdn: str | None
    token: int | None
    tls: TrustedPublicKeyDataTlsValue | None = None


class IpaCard:
    """A card; all errors are LpaError."""

    def __init__(
        self,
        transmit: Transmit,
        wire: Wire = WIRE_1_2,
        reset: Callable[[], object] | None = None,
    ) -> None:
        """`transmit` takes a command APDU and returns data and status word.

        `wire` is the version of SGP.32 that the card speaks, `reset` resets it, if the IPA may.
        """
        self._raw = transmit
        self._reset = reset
        self._refreshed = False
        self.wire = wire

    def begin(self) -> None:
        """Declare the device's IPAd; a card that does not support this is not an error."""
        self._raw(TERMINAL_CAPABILITY)

    def settle(self) -> None:
        """After a change of the enabled Profile, reset a card that waits for it.

        That is one that asked for it with REFRESH, or that answers ES10 with 6985 until then.
        """
        if self._reset is None:
            return
        if self._refreshed or self._waits():
            self._reset()
            self.begin()
        self._refreshed = False

    def _waits(self) -> bool:
        try:
            self.eid()
        except LpaError as error:
            return error.code == _WAITS
        return False

    def transmit(self, apdu: bytes) -> bytes:
        """Send a command. If a proactive command is pending then, perform it before returning."""
        found = self._raw(apdu)
        if found[-2] != _PROACTIVE:
            return found
        self._be_terminal(found[-1])
        return found[:-2] + b"\x90\x00"

    def ask(self, message: bytes) -> bytes:
        """Send an ES10 request; return its answer. Raises LpaError."""
        try:
            select_isdr(self.transmit)
            return exchange(self.transmit, message)
        except StatusWordError as error:
            raise LpaError(str(error), f"{error.sw:04X}") from error

    def call(self, asked: type[Type[V]], value: V, answered: type[Type[A]]) -> A:
        """Call a function with that request; return the value of its answer. Raises LpaError."""
        return answer(self.wire[answered], self.ask(request(self.wire[asked], value)))

    def eid(self) -> str:
        """The EID, 32 digits."""
        value = GetEuiccDataRequestValue(tagList=b"\x5a")
        return self.call(GetEuiccDataRequest, value, GetEuiccDataResponse)["eidValue"].hex()

    def eims(self) -> list[TrustedEim]:
        """The eIMs that the card trusts, GetEimConfigurationData (clause 5.9.18)."""
        found = self.call(
            GetEimConfigurationDataRequest,
            GetEimConfigurationDataRequestValue(),
            GetEimConfigurationDataResponse,
        )
        return [
            TrustedEim(
                one["eimId"],
                one.get("eimFqdn"),
                one.get("associationToken"),
                one.get("trustedPublicKeyDataTls"),
            )
            for one in found["eimConfigurationDataList"]
        ]

    def addresses(self) -> EuiccConfiguredAddressesResponseValue:
        """GetEuiccConfiguredAddresses (SGP.22 clause 5.7.3)."""
        return self.call(
            EuiccConfiguredAddressesRequest, Nothing(), EuiccConfiguredAddressesResponse
        )

    def notifications(self, criterion: bytes | None = None) -> list[bytes]:
        """The card's notifications for SM-DP+s; `criterion` is a search criterion, DER."""
        asked = _ALL if criterion is None else tlv(0xBF2B, tlv(0xA0, criterion))
        match self._lists(asked):
            case ("notificationAndEprList", both):
                return list(both["notificationList"])
            case ("notificationList", found):
                return list(found)
        return []

    def emergency(self) -> bool:
        """Whether the Emergency Profile is enabled: then no server is asked for anything."""
        return any(one.emergency and one.enabled for one in self.profiles())

    def profiles(self) -> list[ProfileInfo]:
        """The Profiles: ICCID, state, and whether they are for emergencies or a fallback."""
        return Lpa(self.transmit, self.wire).profiles(_STATES)

    def results(self, seq_number: int | None = None) -> list[bytes]:
        """The package results that the card keeps: all, or the one with that number."""
        asked = _RESULTS
        if seq_number is not None:
            criteria = RetrieveNotificationsListRequestValue(
                searchCriteria=("seqNumber", seq_number)
            )
            asked = request(self.wire[RetrieveNotificationsListRequest], criteria)
        match self._lists(asked):
            case ("euiccPackageResultList", found):
                return list(found)
        return []

    def load_package(self, package: bytes) -> tuple[bytes, PackageAnswer]:
        """LoadEuiccPackage (clause 5.9.1): the result as received, and its value."""
        result = self.ask(package)
        return result, self.package_answer(result)

    def immediate_enable(self) -> str:
        """ImmediateEnable with REFRESH (clause 5.9.15): "ok", or why the card does not do it."""
        value: ImmediateEnableRequestValue = {"refreshFlag": True}
        if not self.wire.since("1.1"):
            value = {}
        found = self.call(ImmediateEnableRequest, value, ImmediateEnableResponse)
        return str(found["immediateEnableResult"])

    def rollback(self) -> bytes:
        """ProfileRollback (clause 5.9.16): its result (BF51). Raises LpaError if refused."""
        message = self.ask(
            request(self.wire[ProfileRollbackRequest], RefreshValue(refreshFlag=False))
        )
        code = answer(self.wire[ProfileRollbackResponse], message)["cmdResult"]
        if code != "ok":
            raise LpaError(
                f"The card did not go back to the previous Profile: {code}. Give it a package "
                "with enable and rollback first.",
                str(code),
            )
        return _part(message, 0xBF51)

    def remove(self, seq_number: int) -> None:
        """RemoveNotificationFromList (clause 5.9.12); one that is gone already is not an error."""
        self.call(
            NotificationSentRequest,
            NotificationSentRequestValue(seqNumber=seq_number),
            NotificationSentResponse,
        )

    def package_answer(self, result: bytes) -> PackageAnswer:
        """The value of a package's result. Raises LpaError."""
        try:
            return read_result(result, self.wire)
        except EimError as error:
            raise LpaError(str(error)) from error

    def _lists(self, asked: bytes) -> NotificationsListValue:
        try:
            found = _LISTS.read_keeping(self.ask(asked))
        except Asn1Error as error:
            raise LpaError(f"The card's list cannot be read: {error}. Ask it again.") from error
        if isinstance(found, Unknown) or found[0] == "notificationsListResultError":
            code = shown(found if isinstance(found, Unknown) else found[1])
            raise LpaError(f"The card refused to list its notifications: {code}.", code)
        return found

    def _be_terminal(self, length: int) -> None:
        """FETCH the proactive command and answer that it was performed."""
        while True:
            found = self._raw(bytes(Command(0x80, _FETCH, 0, 0, ne=length or 256)))
            self._refreshed |= _details(found[:-2])[3:5] == _REFRESH_WITH_RESET
            response = _details(found[:-2]) + _TERMINAL_TO_CARD + _PERFORMED
            done = self._raw(bytes(Command(0x80, _TERMINAL_RESPONSE, 0, 0, response)))
            if done[-2] != _PROACTIVE:
                return
            length = done[-1]


def _details(command: bytes) -> bytes:
    """The command details of a proactive command, to be repeated in TERMINAL RESPONSE."""
    try:
        outer = whole(command)
        for one in children(command, outer.value, outer.end):
            if one.tag in _COMMAND_DETAILS:
                return command[one.start : one.end]
    except TlvError:
        pass
    return b"\x81\x03\x01\x01\x00"


def _part(message: bytes, tag: int) -> bytes:
    outer = whole(message)
    found = (one for one in children(message, outer.value, outer.end) if one.tag == tag)
    part = next(found, None)
    if part is None:
        raise LpaError(f"The card's answer lacks {tag:X}. Check the answer.")
    return message[part.start : part.end]
