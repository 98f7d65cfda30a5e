"""Cards that tests make up, for an LPA to talk to. Knows APDUs, and the order of a download."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from euicc_sim.parties.messages.interfaces import ClientAuthentication, ServerAuthentication
from support.eims import objects, tlv
from support.es10 import SELECT_ISDR
from support.euiccs import CHALLENGE, PaperEuicc

Answer = bytes | int
"""The data, or as an int the status word alone."""


class SpeakingCard:
    """Answers ES10 requests as a function says; `requests` are those that came."""

    def __init__(self, speak: Callable[[bytes], Answer]) -> None:
        """Answer by that function."""
        self.requests: list[bytes] = []
        self.selections = 0
        self._speak = speak
        self._request = b""
        self._pending = b""

    def __call__(self, apdu: bytes) -> bytes:
        """Data and status word."""
        if apdu == SELECT_ISDR:
            self.selections += 1
            return b"\x90\x00"
        if apdu[:4] == b"\x00\xc0\x00\x00":
            return self._piece()
        if apdu[:2] != b"\x80\xe2" or apdu[4] != len(apdu) - 5:
            raise AssertionError(apdu.hex())
        self._request += apdu[5:]
        if apdu[2] == 0x11:
            return b"\x90\x00"
        request, self._request = self._request, b""
        self.requests.append(request)
        answer = self._speak(request)
        if isinstance(answer, int):
            return answer.to_bytes(2)
        self._pending = answer
        return self._status()

    def _piece(self) -> bytes:
        piece, self._pending = self._pending[:255], self._pending[255:]
        return piece + self._status()

    def _status(self) -> bytes:
        left = len(self._pending)
        return bytes((0x61, min(left, 255))) if left else b"\x90\x00"


class ScriptedCard(SpeakingCard):
    """Answers from a list of pairs, in that order; anything else fails the test."""

    def __init__(self, script: Iterable[tuple[bytes, Answer]]) -> None:
        """Take the script."""
        super().__init__(self._play)
        self.script = list(script)

    @property
    def done(self) -> bool:
        """Whether all of the script was played."""
        return not self.script

    def _play(self, request: bytes) -> Answer:
        expected, answer = self.script.pop(0)
        if request != expected:
            raise AssertionError(f"{request.hex()} came, {expected.hex()} was awaited")
        return answer


@dataclass
class PaperPhone:
    """A card that lets itself be talked through a download; `instead` answers by a request's tag.

    `loaded` are the bytes of the package as they came, `cancelled` the reasons it was told.
    """

    euicc: PaperEuicc
    instead: dict[str, Answer] = field(default_factory=dict)
    error: tuple[int, int] | None = None
    loaded: bytes = b""
    parts: list[bytes] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)
    hash_cc: bytes | None = None
    context: bytes = b""
    transaction_id: bytes = b""

    def card(self) -> SpeakingCard:
        """What an LPA talks to."""
        return SpeakingCard(self.answer)

    def answer(self, request: bytes) -> Answer:
        """The answer to one request."""
        tag = request[:2].hex().upper()
        speak = {
            "BF2E": lambda _: tlv("BF2E", tlv("80", CHALLENGE)),
            "BF20": lambda _: self.euicc.info1(),
            "BF38": self._authenticate,
            "BF21": self._prepare,
            "BF41": self._cancel,
        }.get(tag, self._load)
        found = speak(request)
        return self.instead.get(tag, found)

    def _authenticate(self, request: bytes) -> bytes:
        ((_, _, inside),) = objects(request)
        signed, signature, ci, certificate, context = objects(inside)
        ((_, _, fields),) = objects(signed[1])
        self.transaction_id = next(content for tag, _, content in objects(fields) if tag == "80")
        self.context = context[1]
        named = [content.decode() for tag, _, content in objects(context[2]) if tag == "80"]
        server = ServerAuthentication(
            self.transaction_id, signed[1], signature[2], ci[2], certificate[1]
        )
        return self.euicc.authenticate(server, named[0] if named else None)

    def _prepare(self, request: bytes) -> bytes:
        ((_, _, inside),) = objects(request)
        (_, signed, _), (_, _, signature), *others = objects(inside)
        self.hash_cc = others[0][2] if others[0][0] == "04" else None
        offer = ClientAuthentication(self.transaction_id, b"", signed, signature, others[-1][1])
        return self.euicc.prepare(offer, hash_cc=self.hash_cc)

    def _cancel(self, request: bytes) -> bytes:
        reason = request[-1]
        self.cancelled.append(reason)
        return self.euicc.cancel(self.transaction_id, reason)

    def _load(self, request: bytes) -> Answer:
        self.loaded += request
        self.parts.append(request)
        place = "86" if request[:1] == b"\x86" else request[:1].hex().upper()
        if place in self.instead:
            return self.instead[place]
        if len(self.loaded) < 5 + int.from_bytes(self.loaded[3:5]):
            return b""
        return self.euicc.result(self.transaction_id, error=self.error)
