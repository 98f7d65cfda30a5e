"""A small profile package with public test values, for those who have none.

A USIM with the files that a device reads before it attaches, a PIN that nobody is asked for, and
Milenage with test set 1 of 3GPP TS 35.208. PLMN 001-01 is that of test networks (TS 23.003). Each
file is as the templates of the package format say, unless a content is given here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from apdu.tlv import tlv
from euicc_sim.asn1.iccid import iccid_from
from euicc_sim.asn1.primitives import write_integer, write_oid
from euicc_sim.asn1.saip.elements import MILENAGE
from euicc_sim.asn1.saip.files import FILES
from euicc_sim.formats.file_contents import ContentError, imsi_content, spn_content
from euicc_sim.formats.saip.package import NAMES

IMSI = "001010000000001"
SPN = "euicc-sim"
AID = bytes.fromhex("A0000000871002FFFFFFFF8900000100")
K = bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc")
OPC = bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
PIN1, PUK1, PIN2, PUK2, ADM1 = "0000", "12345678", "1234", "87654321", "88888888"
"""PIN1 is disabled."""

_TYPE = "Test profile of euicc-sim"
_TEMPLATES = "2.23.143.1.2."
_IMSI_DIGITS = 15
_USUAL_PIN = 0x07
_EVERY_NETWORK = bytes.fromhex("C880")
"""Access technologies: UTRAN, E-UTRAN, NG-RAN, GSM."""
_ADF = b"\x7f\xd0"
_DIRECTORY_RULE = b"\x0e"
_TAGS = {name: tag for tag, name in NAMES.items()}

_SERVICES = (10, 12, 19, 20, 21, 27, 38, 42, 43, 71, 85, 122, 123, 124, 126)
"""EF.UST (TS 31.102 4.2.8): SMS and its parameters, SPN, lists of PLMNs, the number, access to GSM,
EPS, 5G; the device conceals the IMSI."""

_ALWAYS, _NEVER = "9000", "9700"
_PIN1, _PIN2, _ADM1 = "A406830101950108", "A406830181950108", "A40683010A950108"
_READ, _UPDATE, _MANAGE, _ANY = "800101", "800102", "800118", "80011B"
_RULES = (
    f"{_READ}{_ALWAYS}{_UPDATE}{_PIN1}{_MANAGE}{_ADM1}",
    f"{_READ}{_PIN1}80011A{_ADM1}",
    f"{_ANY}{_ADM1}",
    f"{_READ}{_PIN1}{_UPDATE}{_PIN2}{_MANAGE}{_ADM1}",
    f"800103{_PIN1}{_MANAGE}{_ADM1}",
    f"{_READ}{_ALWAYS}{_UPDATE}{_PIN2}{_MANAGE}{_ADM1}",
    f"{_READ}{_PIN1}{_UPDATE}{_PIN2}{_MANAGE}{_ADM1}840132{_PIN1}",
    f"{_READ}{_PIN1}{_UPDATE}{_PIN2}{_MANAGE}{_ADM1}",
    f"{_READ}{_ALWAYS}{_UPDATE}{_PIN1}{_MANAGE}{_ADM1}",
    f"{_READ}{_ALWAYS}80011A{_ADM1}",
    f"{_READ}{_ALWAYS}80015A{_NEVER}",
    f"{_READ}{_ADM1}80015A{_NEVER}",
    f"{_ANY}{_PIN1}",
    f"80015F{_ADM1}",
)
"""EF.ARR: the templates name these records by number, such as 10: read by anybody, written with
ADM1."""


def iccid_of(imsi: str) -> str:
    """The ICCID of the sample with that IMSI: 89, the IMSI, 0 and a check digit (ITU-T E.118)."""
    digits = f"89{imsi}0"
    doubled = (int(one) * (2 - at % 2) for at, one in enumerate(reversed(digits)))
    total = sum(one // 10 + one % 10 for one in doubled)
    return f"{digits}{-total % 10}"


def sample(imsi: str = IMSI) -> bytes:
    """A package whose USIM has that IMSI, 15 digits. Raises ContentError for anything else."""
    identity = imsi_content(imsi)
    if len(imsi) != _IMSI_DIGITS:
        raise ContentError(f"{imsi!r} has {len(imsi)} digits; the test Profile has an IMSI of 15.")
    iccid = iccid_of(imsi)
    arr = _records([bytes.fromhex(one) for one in _RULES])
    label = tlv(0x61, tlv(0x4F, AID), tlv(0x50, b"USIM"))
    mf = {
        "mf": _described((0x82, b"\x78\x21"), (0x8B, _DIRECTORY_RULE), (0xC6, b"\x01\x0a")),
        "ef-pl": _filled(b"en"),
        "ef-iccid": _filled(iccid_from(iccid)),
        "ef-dir": _records([label]),
        "ef-arr": arr,
        "ef-umpc": _filled(bytes.fromhex("3C3C000000")),
    }
    usim = {
        "adf-usim": _described(
            (0x82, b"\x78\x21"),
            (0x83, _ADF),
            (0x84, AID),
            (0x8B, _DIRECTORY_RULE),
            (0xC6, b"\x01\x81\x0a"),
        ),
        "ef-imsi": _filled(identity),
        "ef-arr": arr,
        "ef-ust": _described((0x80, b"\x11")) + _filled(_bits(_SERVICES)),
        "ef-spn": _filled(spn_content(SPN)),
        "ef-est": _filled(b"\0"),
        "ef-acc": _filled(_access_class(imsi)),
        "ef-ecc": _records([bytes.fromhex("11F2FF00")]),
    }
    optional = {
        "ef-msisdn": b"",
        "ef-plmnwact": b"",
        "ef-oplmnwact": b"",
        "ef-hplmnwact": _filled(_home(imsi) + _EVERY_NETWORK),
        "ef-ehplmn": _described((0x80, b"\x03")) + _filled(_home(imsi)),
    }
    in_5gs = {
        "df-df-5gs": _described(),
        "ef-5gs3gpploci": b"",
        "ef-5gsn3gpploci": b"",
        "ef-5gs3gppnsc": b"",
        "ef-5gsn3gppnsc": b"",
        "ef-5gauthkeys": b"",
        "ef-uac-aic": _filled(bytes(4)),
        "ef-suci-calc-info": _described((0x80, b"\x06")) + _filled(bytes.fromhex("A0020000A100")),
        "ef-routing-indicator": b"",
    }
    access = {"df-gsm-access": _described(), "ef-kc": b"", "ef-kcgprs": b""}
    parts: tuple[tuple[str, str, Mapping[str, bytes] | bytes], ...] = (
        ("mf", "1", mf),
        ("pukCodes", "", tlv(0xA1, _puk(0x01, PUK1), _puk(0x81, PUK2))),
        ("pinCodes", "", _codes(_pin(0x01, PIN1, 0x06, 0x01), _pin(0x0A, ADM1, 0x03))),
        ("usim", "4", usim),
        ("opt-usim", "5", optional),
        ("pinCodes", "", _codes(_pin(0x81, PIN2, _USUAL_PIN, 0x81))),
        ("akaParameter", "", tlv(0xA1, _keys())),
        ("gsm-access", "7", access),
        ("df-5gs", "13", in_5gs),
        ("end", "", b""),
    )
    used = [template for _, template, _ in parts if template]
    made = (_element(number, *one) for number, one in enumerate(parts, 1))
    return b"".join((_header(iccid, used), *made))


# -- elements


def _header(iccid: str, templates: Collection[str]) -> bytes:
    """SAIP 2.3, the first with all these templates; usim and milenage are mandatory."""
    return tlv(
        _TAGS["header"],
        tlv(0x80, b"\x02"),
        tlv(0x81, b"\x03"),
        tlv(0x82, _TYPE.encode()),
        tlv(0x83, bytes.fromhex(iccid.ljust(20, "F"))),
        tlv(0xA5, tlv(0x81), tlv(0x84)),
        tlv(0xA6, *(tlv(0x06, write_oid(_TEMPLATES + one)) for one in templates)),
    )


def _element(number: int, name: str, template: str, content: Mapping[str, bytes] | bytes) -> bytes:
    head = tlv(0xA0, tlv(0x80), tlv(0x81, write_integer(number)))
    if isinstance(content, bytes):
        return tlv(_TAGS[name], head, content)
    order = list(FILES[name])
    files = (_file(order.index(file) + 2, one) for file, one in content.items())
    return tlv(_TAGS[name], head, tlv(0x81, write_oid(_TEMPLATES + template)), *files)


def _file(number: int, content: bytes) -> bytes:
    return tlv(0xA0 + number if number < 0x1F else 0xBF00 + number, content)


def _described(*fields: tuple[int, bytes]) -> bytes:
    return tlv(0xA1, *(tlv(tag, content) for tag, content in fields))


def _filled(content: bytes) -> bytes:
    return tlv(0x83, content)


def _records(records: Collection[bytes]) -> bytes:
    """A linear fixed file of these records, as long as the longest."""
    size = max(map(len, records))
    content = b"".join(one.ljust(size, b"\xff") for one in records)
    described = ((0x82, b"\x42\x21\x00" + bytes((size,))), (0x80, len(content).to_bytes(2)))
    return _described(*described) + _filled(content)


# -- contents


def _bits(numbers: Collection[int]) -> bytes:
    bits = sum(1 << (one - 1) for one in numbers)
    return bits.to_bytes(max(numbers) // 8 + 1, "little").ljust(17, b"\0")


def _access_class(imsi: str) -> bytes:
    """Ordinary subscribers are in the class of the last digit of their IMSI (TS 22.011)."""
    return (1 << int(imsi[-1])).to_bytes(2)


def _home(imsi: str) -> bytes:
    """The home PLMN, with an MNC of two digits, as EF.AD says."""
    mcc, mnc = imsi[:3], imsi[3:5]
    return bytes.fromhex(f"{mcc[1]}{mcc[0]}F{mcc[2]}{mnc[1]}{mnc[0]}")


def _pin(reference: int, value: str, attributes: int, puk: int | None = None) -> bytes:
    """Attributes: enabled 1, may be changed 2, may be disabled 4."""
    unblocked = b"" if puk is None else tlv(0x82, write_integer(puk))
    content = value.encode().ljust(8, b"\xff")
    return tlv(
        0x30,
        tlv(0x80, write_integer(reference)),
        tlv(0x81, content),
        unblocked,
        b"" if attributes == _USUAL_PIN else tlv(0x83, bytes((attributes,))),
    )


def _codes(*pins: bytes) -> bytes:
    return tlv(0xA1, tlv(0xA0, *pins))


def _puk(reference: int, value: str) -> bytes:
    return tlv(0x30, tlv(0x80, write_integer(reference)), tlv(0x81, value.encode()))


def _keys() -> bytes:
    """AlgoParameter: Milenage with a RES of 8 bytes."""
    return tlv(
        0xA1, tlv(0x80, bytes((MILENAGE,))), tlv(0x81, b"\x01"), tlv(0x82, K), tlv(0x83, OPC)
    )
