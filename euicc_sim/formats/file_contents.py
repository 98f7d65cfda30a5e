"""What is in the files of a SIM that people look at: decoded into words, and a few encoded.

Contents are those of 3GPP TS 31.102 and ETSI TS 102 221. A decoder takes any bytes; what it cannot
read it gives back as None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from apdu.bcd import swapped
from euicc_sim.asn1.iccid import iccid_digits

IMSI_SIZE, SPN_SIZE, ACC_SIZE = 9, 17, 2
BLANK: Final = 0xFF
"""The byte of what was never written."""

_IMSI = re.compile(r"[0-9]{6,15}")
_ACC = re.compile(r"[0-9A-Fa-f]{4}")
_PLMN_SIZE = 3
_BCD = "0123456789*#abc"
_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet of GSM (3GPP TS 23.038 clause 6.2.1)."""
_UCS2 = 0x80

Decoder = Callable[[bytes], str | None]


class ContentError(ValueError):
    """A value that a file cannot have. The text is a sentence that says what it should be."""


# -- encoded


def imsi_content(digits: str) -> bytes:
    """EF.IMSI (TS 31.102 4.2.2): the number of bytes, parity, digits. Raises ContentError."""
    if not _IMSI.fullmatch(digits):
        raise ContentError(f"{digits[:20]!r} is not an IMSI: it has 6 to 15 digits.")
    odd = len(digits) % 2
    nibbles = f"{9 if odd else 1}{digits}{'' if odd else 'F'}"
    packed = swapped(bytes.fromhex(nibbles))
    return (bytes((len(packed),)) + packed).ljust(IMSI_SIZE, b"\xff")


def spn_content(name: str) -> bytes:
    """EF.SPN (TS 31.102 4.2.12): shown, in the GSM alphabet or UCS2. Raises ContentError."""
    try:
        text = bytes(_ALPHABET.index(one) for one in name)
    except ValueError:
        text = bytes((_UCS2,)) + name.encode("utf-16-be")
    if not name or len(text) >= SPN_SIZE:
        raise ContentError(
            f"{name[:40]!r} does not fit: an SPN has 1 to 16 characters, fewer if they are not "
            "in the alphabet of GSM."
        )
    return (b"\x01" + text).ljust(SPN_SIZE, b"\xff")


def acc_content(digits: str) -> bytes:
    """EF.ACC (TS 31.102 4.2.15): one bit for each class. Raises ContentError."""
    if not _ACC.fullmatch(digits):
        raise ContentError(
            f"{digits[:20]!r} is not an access control class: write 4 hex digits, such as 0200 for "
            "class 9."
        )
    return bytes.fromhex(digits)


# -- decoded


def _iccid(content: bytes) -> str | None:
    digits = iccid_digits(content)
    return digits if digits.isdecimal() else None


def _imsi(content: bytes) -> str | None:
    if not content or not 1 <= content[0] < len(content):
        return None
    digits = swapped(content[1 : content[0] + 1]).hex().rstrip("f")[1:]
    return digits if digits.isdecimal() else None


def _text(content: bytes) -> str | None:
    """An alpha identifier: the GSM alphabet or UCS2 (ETSI TS 102 221 annex A)."""
    if content[:1] == bytes((_UCS2,)):
        units = content[1 : len(content) - (len(content) + 1) % 2]
        return units.split(b"\xff\xff")[0].decode("utf-16-be", "replace")
    text = content.rstrip(b"\xff")
    if any(one >= len(_ALPHABET) for one in text):
        return None
    return "".join(_ALPHABET[one] for one in text)


def _spn(content: bytes) -> str | None:
    text = _text(content[1:])
    return text and f"{text!r}" if content[:1] != b"\xff" else None


def _msisdn(content: bytes) -> str | None:
    """A record of EF.MSISDN: a name, then the number in the last 14 bytes but one."""
    number = content[-14:]
    if len(number) < 14 or not 1 <= number[0] <= 11:
        return None
    digits = swapped(number[2 : number[0] + 1]).hex().rstrip("f")
    shown = "".join(_BCD[int(one, 16)] for one in digits if one != "f")
    plus = "+" if number[1] & 0x70 == 0x10 else ""
    name = _text(content[:-14])
    return f"{plus}{shown} {name!r}" if name else f"{plus}{shown}"


def plmn(three: bytes) -> str | None:
    """A PLMN, as 001-01 or 001-001; None for an empty entry."""
    if three == b"\xff" * _PLMN_SIZE:
        return None
    digits = three.hex()
    mcc = digits[1] + digits[0] + digits[3]
    mnc = digits[5] + digits[4] + digits[2].replace("f", "")
    return f"{mcc}-{mnc}" if (mcc + mnc).isdecimal() else "?"


def _plmns(size: int) -> Decoder:
    """A list of PLMNs, each with so many bytes."""

    def decode(content: bytes) -> str | None:
        entries = (content[at : at + size] for at in range(0, len(content) - size + 1, size))
        found = [one for entry in entries if (one := _entry(entry))]
        return ", ".join(found) or None

    return decode


_TECHNOLOGIES = ((15, "UTRAN"), (14, "E-UTRAN"), (11, "NG-RAN"), (7, "GSM"))
"""Bits of an access technology identifier (TS 31.102 4.2.5), the highest first."""


def _entry(entry: bytes) -> str | None:
    name = plmn(entry[:_PLMN_SIZE])
    if name is None or len(entry) == _PLMN_SIZE:
        return name
    bits = int.from_bytes(entry[_PLMN_SIZE:])
    technologies = [word for bit, word in _TECHNOLOGIES if bits >> bit & 1]
    return f"{name} ({' '.join(technologies) or 'none'})"


def _services(content: bytes) -> str | None:
    """The numbers of the services that are on."""
    on = [
        8 * at + bit + 1 for at, byte in enumerate(content) for bit in range(8) if byte >> bit & 1
    ]
    return f"services {_ranges(on)}" if on else "no services"


def _ranges(numbers: list[int]) -> str:
    """1-4 6 8-9."""
    found: list[list[int]] = []
    for one in numbers:
        if found and one == found[-1][-1] + 1:
            found[-1][1:] = [one]
        else:
            found.append([one])
    return " ".join("-".join(map(str, one)) for one in found)


def _acc(content: bytes) -> str | None:
    if len(content) != ACC_SIZE:
        return None
    bits = int.from_bytes(content)
    classes = [bit for bit in range(16) if bits >> bit & 1 and bit != 10]
    return f"class {_ranges(classes)}" if classes else "no class"


_MODES = {
    0x00: "normal operation",
    0x01: "normal operation and specific facilities",
    0x02: "maintenance, off line",
    0x04: "cell test",
    0x80: "type approval",
    0x81: "type approval and specific facilities",
}


def _ad(content: bytes) -> str | None:
    if len(content) < 3:
        return None
    mode = _MODES.get(content[0], f"mode {content[0]:02X}")
    digits = content[3] & 0x0F if len(content) > 3 else BLANK
    return f"{mode}, MNC of {digits} digits" if digits in (2, 3) else mode


_STATUS = {0: "updated", 1: "not updated", 2: "PLMN not allowed", 3: "location area not allowed"}


def _loci(content: bytes) -> str | None:
    if len(content) != 11:
        return None
    where = plmn(content[4:7]) or "no area"
    area = content[7:9].hex().upper()
    status = _STATUS.get(content[10] & 0x07, "reserved")
    return f"TMSI {content[:4].hex().upper()}, {where} LAC {area}, {status}"


DECODERS: dict[str, Decoder] = {
    "EF.ICCID": _iccid,
    "EF.IMSI": _imsi,
    "EF.SPN": _spn,
    "EF.MSISDN": _msisdn,
    "EF.PLMNWACT": _plmns(5),
    "EF.OPLMNWACT": _plmns(5),
    "EF.HPLMNWACT": _plmns(5),
    "EF.EHPLMN": _plmns(3),
    "EF.FPLMN": _plmns(3),
    "EF.UST": _services,
    "EF.ACC": _acc,
    "EF.AD": _ad,
    "EF.LOCI": _loci,
}
"""By the name of the file; of a file with records, a record is decoded."""


def decoded(label: str, content: bytes) -> str | None:
    """What a file or record says; None if it is blank, unknown or not understood."""
    decoder = DECODERS.get(label)
    if decoder is None or not content.strip(b"\xff"):
        return None
    return decoder(content)
