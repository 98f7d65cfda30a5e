"""Profile packages made up for tests, byte by byte; no code of the card is used.

They have a header, an end and what a test puts between: no files, no keys.
"""

from __future__ import annotations

from collections.abc import Sequence

from apdu.tlv import tlv

ICCID = "89000123456789012341"
HEADER, NON_STANDARD, END = 0xA0, 0xA9, 0xAA
ISSUER = tlv(0x81, bytes.fromhex("8837"))  # 2.999

SERVICES = {
    "contactless": 0x80,
    "usim": 0x81,
    "isim": 0x82,
    "csim": 0x83,
    "milenage": 0x84,
    "tuak128": 0x85,
    "cave": 0x86,
    "gba-usim": 0x87,
    "gba-isim": 0x88,
    "mbms": 0x89,
    "eap": 0x8A,
    "javacard": 0x8B,
    "multos": 0x8C,
    "multiple-usim": 0x8D,
    "multiple-isim": 0x8E,
    "multiple-csim": 0x8F,
    "tuak256": 0x90,
    "usim-test-algorithm": 0x91,
    "ber-tlv": 0x92,
    "dfLink": 0x93,
    "cat-tp": 0x94,
    "get-identity": 0x95,
    "profile-a-x25519": 0x96,
    "profile-b-p256": 0x97,
    "suciCalculatorApi": 0x98,
    "dns-resolution": 0x99,
}


def template(*numbers: int) -> bytes:
    """The content of an OID below 2.23.143.1.2: template(4, 2) is the second USIM template."""
    return bytes.fromhex("67810F0102") + bytes(numbers)


def element(tag: int, identification: int, *parts: bytes, mandated: bool = True) -> bytes:
    """A Profile Element with its PEHeader."""
    number = identification.to_bytes(identification.bit_length() // 8 + 1)
    marks = (tlv(0x80),) if mandated else ()
    return tlv(tag, tlv(0xA0, *marks, tlv(0x81, number)), *parts)


def header(
    iccid_digits: str = ICCID,
    *,
    version: tuple[int, int] = (3, 3),
    profile_type: str | None = "Test",
    services: Sequence[str] = ("usim",),
    templates: Sequence[bytes] = (),
    connectivity: bytes | None = None,
    later: Sequence[bytes] = (),
) -> bytes:
    """The header; digits are padded with F to ten bytes, `later` are fields of later versions."""
    major, minor = (bytes(1) * (one > 0x7F) + bytes((one,)) for one in version)
    return tlv(
        HEADER,
        tlv(0x80, major),
        tlv(0x81, minor),
        b"" if profile_type is None else tlv(0x82, profile_type.encode()),
        tlv(0x83, bytes.fromhex(iccid_digits.ljust(20, "F"))),
        tlv(0xA5, *(tlv(SERVICES[name]) for name in services)),
        tlv(0xA6, *(tlv(0x06, oid) for oid in templates)),
        b"" if connectivity is None else tlv(0x87, connectivity),
        *later,
    )


def package(
    iccid_digits: str = ICCID,
    *,
    version: tuple[int, int] = (3, 3),
    profile_type: str | None = "Test",
    services: Sequence[str] = ("usim",),
    templates: Sequence[bytes] = (),
    connectivity: bytes | None = None,
    later: Sequence[bytes] = (),
    elements: Sequence[bytes] = (),
    end: bool = True,
    size: int | None = None,
) -> bytes:
    """A whole package. `size` is that of all its bytes: an element that means nothing fills it."""
    first = header(
        iccid_digits,
        version=version,
        profile_type=profile_type,
        services=services,
        templates=templates,
        connectivity=connectivity,
        later=later,
    )
    rest = element(END, 0x7FFF) if end else b""
    middle = b"".join(elements)
    fill = b"" if size is None else filler(size - len(first) - len(middle) - len(rest))
    return first + middle + fill + rest


def filler(size: int) -> bytes:
    """NonStandard elements of that many bytes, which nobody has to understand; or nothing."""
    if not size:
        return b""
    for content in range(max(size - 24, 0), size):
        made = element(NON_STANDARD, 1, ISSUER, tlv(0x82, bytes(content)), mandated=False)
        if len(made) == size:
            return made
    if size < 64:
        raise ValueError(f"no element has {size} bytes")
    return filler(32) + filler(size - 32)  # where the lengths take one byte more
