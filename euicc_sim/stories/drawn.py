"""Parties in a picture: what is said to an SM-DP+ or a card is drawn as arrows, and passed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from re import fullmatch
from types import MappingProxyType
from typing import TypeVar

from apdu import TlvError, names
from apdu.tlv import read_tag
from euicc_sim.asn1.recognition import recognised
from euicc_sim.parties.messages import (
    ClientAuthentication,
    EimError,
    EventEntries,
    EventRegistry,
    LpaError,
    RspServer,
    ServerAuthentication,
    Servers,
    SmdppError,
    Transmit,
    events_of,
    read_result,
)
from euicc_sim.stories.arrows import TYPES, Arrows, Part
from euicc_sim.stories.telling import in_words, ordered
from euicc_sim.tracing import tpdu
from euicc_sim.tracing.conversation import OK, Conversation, Es10, Exchange
from euicc_sim.tracing.gsmtap import Kind, Message

T = TypeVar("T")

PACKAGE, INSTALLED = 0xBF51, 0xBF37
EVENT = "profileManagementOperation"
LOADED, BPP = "LoadBoundProfilePackage", "BoundProfilePackage"
AUTHENTICATE = 0x88
_OK_CODE = "0"
DRAWN = {
    0xBF21: "PrepareDownload",
    0xBF2E: "GetEUICCChallenge",
    0xBF38: "AuthenticateServer",
    0xBF41: "CancelSession",
    0xBF51: "LoadEuiccPackage",
    0xBF58: "ProfileRollback",
}
"""The ES10 functions that are drawn when an IPA or LPA calls them; the others only read or tidy."""


def same(text: str) -> str:
    """The text as it is."""
    return text


@dataclass(frozen=True)
class DrawnServer:
    """An `RspServer` that draws what goes from `source` to `target` and back."""

    server: RspServer
    arrows: Arrows
    source: str
    target: str

    @property
    def address(self) -> str:
        """The server's."""
        return self.server.address

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        """ES9+.InitiateAuthentication."""
        return self._drawn(
            "InitiateAuthentication",
            [
                Part("euiccInfo1", euicc_info1, type="EUICCInfo1"),
                Part("euiccChallenge", challenge, is_plain=True),
                Part("smdpAddress", text=address),
            ],
            lambda: self.server.initiate_authentication(euicc_info1, challenge, address),
            _authentication,
        )

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        """ES9+.AuthenticateClient."""
        return self._drawn(
            "AuthenticateClient",
            [_transaction(transaction_id), Part("AuthenticateServerResponse", response)],
            lambda: self.server.authenticate_client(transaction_id, response),
            _client,
        )

    def authenticate_events(self, transaction_id: bytes, response: bytes) -> EventEntries:
        """ES11.AuthenticateClient."""
        server = events_of(self.server)
        return self._drawn(
            "AuthenticateClient",
            [_transaction(transaction_id), Part("AuthenticateServerResponse", response)],
            lambda: server.authenticate_events(transaction_id, response),
            lambda found: [Part(one.event_id, text=f"at {one.address}") for one in found.entries],
        )

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        """ES9+.GetBoundProfilePackage."""
        return self._drawn(
            "GetBoundProfilePackage",
            [_transaction(transaction_id), Part("PrepareDownloadResponse", response)],
            lambda: self.server.get_bound_profile_package(transaction_id, response),
            lambda package: [Part("boundProfilePackage", package, type=BPP)],
        )

    def handle_notification(self, pending: bytes) -> object:
        """ES9+.HandleNotification."""
        return self._drawn(
            f"HandleNotification: {_event(pending)}",
            [Part("pendingNotification", pending, type="PendingNotification")],
            lambda: self.server.handle_notification(pending),
        )

    def cancel_session(self, transaction_id: bytes, response: bytes) -> object:
        """ES9+.CancelSession."""
        return self._drawn(
            "CancelSession",
            [_transaction(transaction_id), Part("CancelSessionResponse", response)],
            lambda: self.server.cancel_session(transaction_id, response),
        )

    def _drawn(
        self,
        name: str,
        asked: Sequence[Part],
        work: Callable[[], T],
        answered: Callable[[T], Sequence[Part]] = lambda _: (),
    ) -> T:
        self.arrows.say(self.source, self.target, name, *asked)
        try:
            found = work()
        except (SmdppError, LpaError) as error:
            self.arrows.answer(self.target, self.source, str(error), refused=True)
            raise
        parts = answered(found)
        self.arrows.answer(self.target, self.source, _names(parts), *parts)
        return found


def _event(pending: bytes) -> str:
    """What a notification is about: install, enable, disable or delete."""
    reading = Part("", pending, type="PendingNotification").tree()
    said = [one.text for one in reading.lines if EVENT in one.names] if reading else []
    return ", ".join(said).lower().replace("notification", "") or "?"


def _transaction(number: bytes) -> Part:
    return Part("transactionId", number, is_plain=True)


def _authentication(found: ServerAuthentication) -> list[Part]:
    return [
        _transaction(found.transaction_id),
        Part("serverSigned1", found.server_signed1, type="ServerSigned1"),
        Part("serverSignature1", found.server_signature1, is_plain=True),
        Part("euiccCiPKIdToBeUsed", found.ci_pk_id, is_plain=True),
        Part("serverCertificate", found.certificate, type="Certificate"),
    ]


def _client(found: ClientAuthentication) -> list[Part]:
    return [
        _transaction(found.transaction_id),
        Part("profileMetadata", found.profile_metadata, type="StoreMetadataRequest"),
        Part("smdpSigned2", found.smdp_signed2, type="SmdpSigned2"),
        Part("smdpSignature2", found.smdp_signature2, is_plain=True),
        Part("smdpCertificate", found.certificate, type="Certificate"),
    ]


def _names(parts: Sequence[Part]) -> str:
    """What the answer is called in the picture."""
    named = [one.name for one in parts if one.data and not one.is_plain]
    return ", ".join(named) if named else "taken"


def drawn(
    servers: Servers,
    arrows: Arrows,
    source: str,
    target: str,
    others: Mapping[str, str] = MappingProxyType({}),
) -> Servers:
    """The same servers, each one drawn as `target`, or as `others` names it by its address."""

    def server(address: str) -> DrawnServer:
        return DrawnServer(servers(address), arrows, source, others.get(address, target))

    return server


@dataclass(frozen=True)
class DrawnRegistry:
    """An `EventRegistry` that draws what goes from `source` to `target`."""

    registry: EventRegistry
    arrows: Arrows
    source: str
    target: str

    def register_event(self, eid: str, event_id: str, address: str, *, forward: bool) -> None:
        """ES12.RegisterEvent."""
        parts = (Part("eid", text=eid), Part("rspServerAddress", text=address))
        self.arrows.say(self.source, self.target, f"RegisterEvent: {event_id}", *parts)
        self.registry.register_event(eid, event_id, address, forward=forward)
        self.arrows.answer(self.target, self.source, "taken")

    def delete_event(self, eid: str, event_id: str) -> None:
        """ES12.DeleteEvent."""
        self.arrows.say(self.source, self.target, f"DeleteEvent: {event_id}", Part("eid", text=eid))
        self.registry.delete_event(eid, event_id)
        self.arrows.answer(self.target, self.source, "taken")


@dataclass
class DrawnCard:
    """A card whose functions are drawn when `source` calls them; `named` puts names in texts."""

    send: Transmit
    arrows: Arrows
    source: str
    target: str
    named: Callable[[str], str] = same
    _conversation: Conversation = field(default_factory=Conversation, init=False)
    _package: bytes = field(default=b"", init=False)

    def transmit(self, apdu: bytes) -> bytes:
        """Pass on a command; draw the function that it completes."""
        answer = self.send(apdu)
        for item in self._conversation.feed(0.0, Message(Kind.APDU, tpdu.join(apdu, answer))):
            if isinstance(item, Es10):
                self._draw(item)
            elif isinstance(item, Exchange) and item.instruction == AUTHENTICATE:
                self._say("AUTHENTICATE", item, Part("command", item.command, is_plain=True))
        return answer

    def _draw(self, item: Es10) -> None:
        if item.is_package_piece:
            self._package += item.request
            if item.answer or item.sw != int.from_bytes(OK):
                package, self._package = self._package, b""
                self._say(LOADED, item, Part("boundProfilePackage", package, type=BPP))
        elif (name := DRAWN.get(tag := _tag(item.request))) is not None:
            if tag == PACKAGE:
                name = f"{name}: {ordered(item.request)}"
            self._say(name, item, Part("request", item.request, is_request=True))

    def _say(self, name: str, item: Exchange, asked: Part) -> None:
        is_plain = not isinstance(item, Es10)
        self.arrows.say(self.source, self.target, name, asked)
        if not item.answer:
            text = "" if item.sw == int.from_bytes(OK) else names.status(item.sw)
            self.arrows.answer(self.target, self.source, text or "ok", refused=bool(text))
            return
        refused, text = (False, _of_sim(item.answer)) if is_plain else outcome(item.answer)
        part = Part("response", item.answer, is_plain=is_plain)
        self.arrows.answer(self.target, self.source, self.named(text), part, refused=refused)


def _of_sim(answer: bytes) -> str:
    """The outcome of AUTHENTICATE: a response with keys, or where the SIM's numbers are."""
    return "AUTS: out of step" if answer[:1] == b"\xdc" else "RES, CK, IK"


def outcome(answer: bytes) -> tuple[bool, str]:
    """Whether an ES10 or ESipa answer refuses, and its outcome in a word or two."""
    if (tag := _tag(answer)) == PACKAGE:
        try:
            found = read_result(answer)
        except EimError:
            return False, "?"
        return not found.done, in_words(found)
    reading = recognised(answer, is_request=False, types=TYPES)
    if reading is None:
        return False, "?"
    lines = reading.lines
    if tag == INSTALLED:
        is_well = any("successResult" in one.names for one in lines)
        return not is_well, "installed" if is_well else "not installed"
    first = lines[min(1, len(lines) - 1)]
    if code := fullmatch(r"(\w+)\((-?\d+)\)", first.text):
        return code[2] != _OK_CODE or "Error" in first.name, code[1]
    return "Error" in first.name, first.names[-1]


def _tag(message: bytes) -> int:
    try:
        return read_tag(message)[0]
    except TlvError:
        return 0
