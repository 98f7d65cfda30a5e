"""Bound Profile Packages with a mistake in them, under right MACs and lengths or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from euicc_sim.crypto.bsp import Bsp
from euicc_sim.parties.smdpp.binding import Binding
from support.eims import tlv
from support.loading import sections


@dataclass(frozen=True, kw_only=True)
class Tampering(Binding):
    """A binding whose agreed session, and so its segments, are another's work."""

    tamper: Callable[[Bsp], Bsp]

    def agreed(self, euicc_otpk: bytes) -> Bsp:
        """The right keys in the wrong hands."""
        return self.tamper(super().agreed(euicc_otpk))


@dataclass
class Payload(Bsp):
    """A session whose segment number `at` has another payload under a right MAC."""

    at: int = 0
    payload: Callable[[Bsp, bytes], bytes] = field(default=lambda _, plain: plain)

    def protect(self, tag: int, plaintext: bytes) -> bytes:
        """As usual, but for the one segment."""
        if self.counter != self.at:
            return super().protect(tag, plaintext)
        payload = self.payload(self, plaintext)
        data = tlv(f"{tag:02X}", payload + bytes(8))[:-8]
        mac = self._mac(data)
        self._advance(mac)
        return data + mac[:8]


def tampered(binding: Binding, at: int, payload: Callable[[Bsp, bytes], bytes]) -> Binding:
    """A binding whose segment number `at` (1 is that of A0) has that payload."""
    fields = {name: getattr(binding, name) for name in binding.__dataclass_fields__}

    def tamper(session: Bsp) -> Bsp:
        keys = session.chaining, session.s_enc, session.s_mac
        return Payload(*keys, session.counter, at, payload)

    return Tampering(**fields, tamper=tamper)


def enciphered(pad: Callable[[bytes], bytes]) -> Callable[[Bsp, bytes], bytes]:
    """A payload that is padded in another way."""
    return lambda session, plain: session._cipher().encryptor().update(pad(plain))


def rebuilt(package: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The package with `change` of each section's tag and content in place of the section."""
    return tlv("BF36", *(change(tag, content) for tag, content in sections(package)))


def with_section(tag: str, content: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """The change that gives the section of that tag another content; lengths are put right."""
    return lambda package: rebuilt(
        package, lambda one, old: tlv(one, content(old) if one == tag else old)
    )


def flipped(data: bytes, at: int, mask: int = 1) -> bytes:
    """With some bits of one byte the other way round."""
    at %= len(data)
    return data[:at] + bytes((data[at] ^ mask,)) + data[at + 1 :]
