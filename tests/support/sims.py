"""A card with an enabled Profile whose package is made up for tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

from apdu.tlv import read, tlv
from euicc_sim import Card
from support.eims import ask
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installing import A, install
from support.saip import element, package
from support.sim_packages import (
    AKA,
    GFM,
    ISIM,
    PIN_CODES,
    PUK_CODES,
    USIM_AID,
    content,
    fcp,
    file,
    files,
    mf,
    usim,
)

Send = Callable[[bytes], bytes]
SELECT_USIM = hx("00A4 040C 0C") + USIM_AID
K = hx("465b5ce8b199b49faa5f0a2ee238a6bc")
OPC = hx("cd63cb71954a9f4e48a5994e37a02baf")
ISIM_AID = hx("A0000000871004FF49FF0589")
CSIM_AID = hx("A0000003431002F310FFFF89020000FF")
PIN1, PIN2, ADM1 = b"0000\xff\xff\xff\xff", b"9999\xff\xff\xff\xff", b"55555555"
UNIVERSAL = b"7777\xff\xff\xff\xff"
PUK1, PUK2 = b"11111111", b"22222222"
RULE_SIZE = 40
_PIN1, _PIN2, _ADM1 = "A406 830101 950108", "A406 830181 950108", "A406 83010A 950108"
RULES = (
    f"80010190 00 800102 {_ADM1}",  # 1: read always, update ADM1
    f"80011B {_PIN1}",  # 2: all PIN1
    "80011B 9000",  # 3: all always
    f"800101 9000 800102 A010 {_PIN1} {_PIN2} 840132 {_PIN1}",  # 4: EF.ACM of TS.48
    "80015B 9700",  # 5: never
    f"800101 AF10 {_PIN1} {_ADM1} 800102 9000",  # 6: read PIN1 and ADM1
    "800101 C20101",  # 7: not a condition
    f"800102 {_PIN2}",  # 8: update PIN2, nothing else
)


def rules() -> bytes:
    """The content of EF.ARR."""
    return b"".join(hx(one).ljust(RULE_SIZE, b"\xff") for one in RULES)


def managed(path: str, *commands: tuple[bytes, str], number: int = 20) -> bytes:
    """PE-GenericFileManagement: files in one directory, each with its content."""
    parts = [tlv(0x80, hx(path))]
    for described, given in commands:
        parts.append(tlv(0x62, described))
        if given:
            parts.append(tlv(0x81, hx(given)))
    return element(GFM, number, tlv(0xA1, tlv(0x30, *parts)))


def code(reference: int, value: bytes, puk: int | None, attributes: int) -> bytes:
    """A PIN with three tries."""
    number = b"\0" * (reference > 0x7F) + bytes((reference,))
    unblocking = b"" if puk is None else tlv(0x82, b"\0" * (puk > 0x7F) + bytes((puk,)))
    return tlv(
        0x30,
        tlv(0x80, number),
        tlv(0x81, value),
        unblocking,
        tlv(0x83, bytes((attributes,))),
        tlv(0x84, b"\x33"),
    )


def puk(reference: int, value: bytes) -> bytes:
    """A PUK with ten tries."""
    number = b"\0" * (reference > 0x7F) + bytes((reference,))
    return tlv(0x30, tlv(0x80, number), tlv(0x81, value), tlv(0x82, b"\0\xaa"))


def aka(parameters: bytes, *more: bytes, number: int) -> bytes:
    """PE-AKAParameter."""
    return element(AKA, number, tlv(0xA1, parameters), *more)


def algorithm(number: int, key: bytes, opc: bytes, options: int = 0) -> bytes:
    """AlgoParameter: 1 Milenage, 2 TUAK, 3 the test algorithm."""
    parts = (tlv(0x80, bytes((number,))), tlv(0x81, bytes((options,))))
    return tlv(0xA1, *parts, tlv(0x82, key), tlv(0x83, opc))


def same_keys_as(aid: bytes) -> bytes:
    """MappingParameter."""
    return tlv(0xA0, tlv(0x80, b"\0"), tlv(0x81, aid))


def arr() -> bytes:
    """EF.ARR as File."""
    given = rules()
    described = fcp(descriptor=f"422100{RULE_SIZE:02X}", size=f"{len(given):04X}")
    return file(content(given.hex()), described=described)


def isim() -> bytes:
    """An ISIM with what it must have."""
    given = {
        2: file(described=fcp(fid="7FB0", aid=ISIM_AID, rule="03", pins="81010A11")),
        3: file(content("8001"), described=fcp(size="02")),
        4: file(content("8001"), described=fcp(descriptor="42210002", size="02")),
        5: file(content("8001"), described=fcp(size="02")),
        6: file(content("01")),
        8: arr(),
    }
    return files(ISIM, (8,), given, 12)


FILES = (
    (fcp(descriptor="4121", fid="6F01", rule="6F0603", size="08", sfi="70"), "0102030405060708"),
    (fcp(descriptor="4121", fid="6F02", rule="6F0602", size="04"), "AABBCCDD"),
    (fcp(descriptor="42210004", fid="6F11", rule="6F0603", size="10", sfi="88"), "11111111"),
    (fcp(descriptor="46210003", fid="6F12", rule="6F0604", size="09"), "000001"),
    (fcp(descriptor="7921", fid="6F13", rule="6F0603", maximum="0400"), "80021234 8103AABBCC"),
    (fcp(descriptor="4121", fid="6F14", rule="6F0605", size="02"), ""),
    (fcp(descriptor="4121", fid="6F15", rule="6F0606", size="02"), "BEEF"),
    (fcp(descriptor="4121", fid="6F16", rule="6F0607", size="02"), ""),
    (fcp(descriptor="4121", fid="6F17", rule="6F0609", size="02"), ""),
    (fcp(descriptor="4121", fid="6F18", rule="6F9901", size="02"), ""),
    (fcp(descriptor="4121", fid="6F19", rule="6F0608", size="02"), ""),
    (fcp(descriptor="4121", fid="6F1A", rule="6F0603", size="0200"), "AB"),
    (fcp(fid="6F1B", descriptor="4121", rule="6F0603", link="7FD06F01"), ""),
    (fcp(descriptor="46210003", fid="6F1C", rule="6F0603", size="09"), "000001 000002 000003"),
    (
        fcp(descriptor="4121", fid="6F1D", rule="6F0603", size="02", life_cycle="04", special="40"),
        "",
    ),
    (fcp(descriptor="7821", fid="5FC0", rule="6F0603"), ""),
)
SUB_FILES = (
    (fcp(descriptor="4121", fid="4F07", rule="6F0603", size="40"), ""),
    (fcp(descriptor="4121", fid="4F0A", rule="6F0603", size="04", sfi="50"), "F0FFFFFF"),
    (fcp(descriptor="7821", fid="5F01", rule="6F0603"), ""),
)


@cache
def sim_package() -> bytes:
    """The package: USIM with Milenage, ISIM with the USIM's keys, PINs of each kind."""
    more = {
        4: arr(),
        8: file(content("9EFFBF1DFF3E00834103010000000018"), described=fcp(size="10")),
    }
    parts = (
        mf(arr(), pins="010A11"),
        element(PUK_CODES, 3, tlv(0xA1, puk(0x01, PUK1), puk(0x81, PUK2))),
        element(
            PIN_CODES,
            4,
            tlv(
                0xA1,
                tlv(
                    0xA0,
                    code(0x01, PIN1, 0x01, 7),
                    code(0x0A, ADM1, None, 1),
                    code(0x11, UNIVERSAL, None, 7),
                    code(0x12, PIN1, None, 0),
                ),
            ),
        ),
        usim(more, pins="81010A11"),
        element(PIN_CODES, 6, tlv(0xA1, tlv(0xA0, code(0x81, PIN2, 0x81, 3)))),
        aka(algorithm(1, K, OPC), number=7),
        managed("7FD0", *FILES, number=8),
        managed("7FD05FC0", *SUB_FILES, number=9),
        isim(),
        aka(same_keys_as(USIM_AID), number=13),
        managed(
            "", (fcp(descriptor="7821", fid="7FC0", aid=CSIM_AID, rule="2F0603"), ""), number=14
        ),
    )
    return package(elements=parts)


def make_sim(folder: Path, pki_folder: Path, given: bytes | None = None) -> Path:
    """A card in `folder` on which the Profile is enabled."""
    with Card.create(folder, pki=pki_folder, seed=1, fsync=False) as card:
        install(card.transmit, pki_folder, package=sim_package() if given is None else given)
        card.transmit(SELECT_ISDR)
        answer = ask(card.transmit, hx("BF31 11 A00C5A0A") + A + hx("8101FF"))
        if answer != hx("BF31 03 800100"):
            raise AssertionError(answer.hex())
    return folder


def with_keys(given: bytes, keys: bytes) -> bytes:
    """The package with that AlgoParameter in its first PE-AKAParameter."""
    found, at = b"", 0
    while at < len(given):
        one = read(given, at)
        is_aka = one.tag == AKA
        found += aka(keys, number=7) if is_aka else given[one.start : one.end]
        at = one.end
    return found


def copied(template: Path, folder: Path) -> Path:
    """A card of its own, like that one."""
    shutil.copytree(template, folder)
    return folder
