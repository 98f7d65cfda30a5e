"""Reads a profile package far enough to accept or refuse it.

A package is a sequence of DER Profile Elements (PE), from the header to the end, as in the eUICC
Profile Package Interoperable Format Technical Specification v3.3.1 of the Trusted Connectivity
Alliance. Knows DER objects and the header, and nothing of the card, its state or ES10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from apdu.tlv import TlvError, children, read, tlv
from euicc_sim.asn1.iccid import iccid_from
from euicc_sim.asn1.primitives import Asn1Error, read_integer, read_oid, write_integer
from euicc_sim.asn1.saip.names import ELEMENTS, PEStatus

MAX_MAJOR_VERSION = 3
MAX_DEPTH = 16
"""Levels of nested objects in an element; the files of the TS.48 test profiles have five."""
_MAX_UINT8, _MAX_UINT15 = 0xFF, 0x7FFF
_ICCID_SIZE = 10

HEADER, END, _FIRST_FILES = 0xA0, 0xAA, 0xB0
_PE_HEADER = 0xA0
_SEQUENCE = 0x30


NAMES = {
    (0xA0 + number if number < 0x1F else 0xBF00 + number): name
    for number, name in enumerate(ELEMENTS)
}
"""The Profile Elements of the standard, by their tags."""

_KNOWN = frozenset(
    tag for tag, name in NAMES.items() if name != "nonStandard" and not name.startswith("rfu")
)

_SERVICES = (
    *("contactless", "usim", "isim", "csim", "milenage", "tuak128", "cave"),
    *("gba-usim", "gba-isim", "mbms", "eap", "javacard", "multos"),
    *("multiple-usim", "multiple-isim", "multiple-csim", "tuak256", "usim-test-algorithm"),
    *("ber-tlv", "dfLink", "cat-tp", "get-identity", "profile-a-x25519", "profile-b-p256"),
    *("suciCalculatorApi", "dns-resolution", "scp11ac", "scp11c-authorization-mechanism"),
    *("s16mode", "eaka"),
)
"""The fields of ServicesList; the position is the tag number."""

_JAVACARD = 0x80 + _SERVICES.index("javacard")

SUPPORTED_SERVICES = frozenset(
    {
        *("usim", "isim", "csim", "milenage", "tuak128", "usim-test-algorithm", "javacard"),
        *("ber-tlv", "get-identity", "profile-a-x25519", "profile-b-p256"),
    }
)
"""What a package may mandate: the card's uiccCapability in EUICCInfo2."""

TEMPLATES = frozenset(f"2.23.143.1.2.{number}" for number in range(1, 19)) | frozenset(
    f"2.23.143.1.2.{number}"
    for number in ("3.2", "4.2", "5.2", "5.3", "9.2", "10.2", "11.2", "13.2", "13.3", "13.4")
)
"""The file templates of annex A, with their later versions."""


class PackageError(ValueError):
    """A refused package: its PEStatus, and the identification of the PE if that could be read."""

    def __init__(self, status: int, why: str, identification: int | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.identification = identification


@dataclass(frozen=True, slots=True)
class Facts:
    """The contents of the header, and the number of elements, including header and end.

    `iccid` is coded as in EF.ICCID, with swapped nibbles; in the header they are not swapped.
    `connectivity` is the value of connectivityParameters. `needs_runtime` says that Java Card is
    mandatory; `applications` is how many elements have one that is not, and that nobody runs.
    `fields` are all fields of the header, by their tags, those that v3.3.1 does not know included.
    """

    iccid: bytes
    profile_type: str
    version: tuple[int, int]
    connectivity: bytes | None
    elements: int
    needs_runtime: bool = False
    applications: int = 0
    fields: Mapping[int, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Element:
    """One Profile Element; `size` includes its tag and length.

    A header has no `identification`, and an "unknown" element need not have one.
    """

    name: str
    tag: int
    identification: int | None
    mandated: bool
    size: int
    content: bytes = field(repr=False)


def examine(package: bytes) -> Facts:
    """Check a complete package. Raises PackageError at the first fault."""
    found = _elements(package)
    header = next(found, None)
    if header is None or header.tag != HEADER:
        raise _malformed("the first element is not the header")
    with _readable():
        facts = _header(header.content)
    count, position, applications = 1, header.size, 0
    for element in found:
        count, position = count + 1, position + element.size
        _check(element)
        if element.name == "application":
            _check_application(element, facts)
            applications += 1
        if element.tag == END:
            break
    else:
        raise _malformed("the package has no end")
    if left := len(package) - position:
        raise _malformed(f"{left} bytes follow the end", element.identification)
    return replace(facts, elements=count, applications=applications)


def elements(package: bytes) -> tuple[Element, ...]:
    """All elements, known or not. Raises PackageError when the package cannot be read."""
    return tuple(_elements(package))


def check_accepted(begun: bytes, refused: Mapping[str, int]) -> None:
    """Raise PackageError for the first element of a package that the card is told to refuse.

    `refused` has a PEStatus for the name of each such element. The package may have arrived only
    in part; what cannot be read is left to `examine`.
    """
    for element in _readable_part(begun) if refused else ():
        if (status := refused.get(element.name)) is not None:
            why = f"{element.name} is refused (card set --no-refuse-element)"
            raise PackageError(status, why, element.identification)


def response(
    status: int = PEStatus.OK, identification: int | None = None, *, aborted: bool = False
) -> bytes:
    """An EUICCResponse with one PEStatus, for simaResponse."""
    concerned = () if identification is None else (tlv(0x81, write_integer(identification)),)
    one = tlv(_SEQUENCE, tlv(0x80, write_integer(status)), *concerned)
    return tlv(_SEQUENCE, tlv(0xA0, one), *((tlv(0x81),) if aborted else ()))


def _malformed(why: str, identification: int | None = None) -> PackageError:
    return PackageError(PEStatus.INVALID_REQUEST_FORMAT, why, identification)


@contextmanager
def _readable(identification: int | None = None) -> Iterator[None]:
    try:
        yield
    except (TlvError, Asn1Error, UnicodeDecodeError) as error:
        raise _malformed(str(error), identification) from error


def _elements(package: bytes) -> Iterator[Element]:
    at = 0
    while at < len(package):
        if package[at] & 0xE0 != 0xA0:
            raise _malformed(f"{package[at]:02X} at byte {at} does not begin a Profile Element")
        identification = None
        try:
            item = read(package, at)
            content = package[item.value : item.end]
            identification, mandated = _pe_header(item.tag, content)
            _check_nesting(content, 0, len(content))
        except (TlvError, Asn1Error) as error:
            raise _malformed(str(error), identification) from error
        name = NAMES.get(item.tag, "unknown")
        yield Element(name, item.tag, identification, mandated, item.end - at, content)
        at = item.end


def _readable_part(begun: bytes) -> Iterator[Element]:
    with suppress(PackageError):
        yield from _elements(begun)


def _pe_header(tag: int, content: bytes) -> tuple[int | None, bool]:
    """The identification, and whether the element is mandated."""
    if tag == HEADER:
        return None, False
    first = read(content) if content else None
    if first is None or first.tag != _PE_HEADER:
        if tag in _KNOWN:
            raise Asn1Error(f"{NAMES[tag]} does not begin with a PEHeader")
        return None, False
    fields = _fields(content[first.value : first.end])
    identification = _number(fields, 0x81, _MAX_UINT15)
    if fields.get(0x80):
        raise Asn1Error("mandated is not NULL")
    return identification, 0x80 in fields


def _check_nesting(data: bytes, start: int, end: int, depth: int = 1) -> None:
    """Raise TlvError unless nested objects fill each other exactly, at every level."""
    if depth > MAX_DEPTH:
        raise TlvError(f"more than {MAX_DEPTH} levels of objects")
    while start < end:
        item = read(data, start, end)
        if data[start] & 0x20:
            _check_nesting(data, item.value, item.end, depth + 1)
        start = item.end


def _check(element: Element) -> None:
    if element.tag == HEADER:
        raise _malformed("there are two headers")
    if element.tag not in _KNOWN:
        if element.mandated:
            why = f"{element.name} {element.tag:X} is mandated and not supported"
            raise PackageError(PEStatus.PE_NOT_SUPPORTED, why, element.identification)
        return
    if element.tag >= _FIRST_FILES and element.mandated:
        with _readable(element.identification):
            template = _fields(element.content).get(0x81)
            if template is not None:
                _check_template(template, element.identification)


def _check_application(element: Element, facts: Facts) -> None:
    """Refuse an application that has to run; this card has no runtime for it."""
    if facts.needs_runtime:
        why = "there is no Java Card runtime, which the header demands"
        raise PackageError(PEStatus.RUNTIME_NOT_SUPPORTED, why, element.identification)
    if element.mandated:
        why = "an application is mandated, and this card runs none"
        raise PackageError(PEStatus.FEATURE_NOT_SUPPORTED, why, element.identification)


def may_be_passed_over(element: Element) -> bool:
    """Whether nobody needs the element and the card does not know its template. Raises TlvError."""
    if element.mandated or element.tag < _FIRST_FILES:
        return False
    template = _fields(element.content).get(0x81)
    return template is not None and read_oid(template) not in TEMPLATES


def _check_template(oid: bytes, identification: int | None = None) -> None:
    name = read_oid(oid)
    if name not in TEMPLATES:
        why = f"template {name[:80]} is not supported"
        raise PackageError(PEStatus.TEMPLATE_NOT_SUPPORTED, why, identification)


def _header(content: bytes) -> Facts:
    """ProfileHeader. The version is checked first: another version may have different fields."""
    fields = _fields(content)
    major, minor = (_number(fields, tag, _MAX_UINT8) for tag in (0x80, 0x81))
    if not 1 <= major <= MAX_MAJOR_VERSION:
        raise PackageError(PEStatus.UNSUPPORTED_PROFILE_VERSION, f"version {major}.{minor}")
    profile_type = fields.get(0x82, b"").decode()
    iccid = _iccid(_required(fields, 0x83))
    services = _required(fields, 0xA5)
    _check_services(services)
    templates = _required(fields, 0xA6)
    for item in children(templates):
        if item.tag != 0x06:
            raise Asn1Error(f"{item.tag:X} in the list of templates")
        _check_template(templates[item.value : item.end])
    needs_runtime = _JAVACARD in _fields(services)
    return Facts(
        iccid, profile_type, (major, minor), fields.get(0x87), 1, needs_runtime, fields=fields
    )


def _iccid(plain: bytes) -> bytes:
    if len(plain) != _ICCID_SIZE:
        raise PackageError(PEStatus.BAD_VALUES, f"{plain[:16].hex().upper()} is not an ICCID")
    try:
        return iccid_from(plain.hex().upper())
    except ValueError as error:
        raise PackageError(PEStatus.BAD_VALUES, str(error)) from error


def _check_services(mandatory: bytes) -> None:
    for tag, content in _fields(mandatory).items():
        number = tag - 0x80
        name = _SERVICES[number] if 0 <= number < len(_SERVICES) else f"{tag:X}"
        if content:
            raise Asn1Error(f"service {name} is not NULL")
        if name not in SUPPORTED_SERVICES:
            why = f"service {name} is mandatory and not supported"
            raise PackageError(PEStatus.FEATURE_NOT_SUPPORTED, why)


def _fields(sequence: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    for item in children(sequence):
        if item.tag in fields:
            raise Asn1Error(f"{item.tag:X} appears twice")
        fields[item.tag] = sequence[item.value : item.end]
    return fields


def _required(fields: dict[int, bytes], tag: int) -> bytes:
    if tag not in fields:
        raise Asn1Error(f"{tag:X} is missing")
    return fields[tag]


def _number(fields: dict[int, bytes], tag: int, most: int) -> int:
    number = read_integer(_required(fields, tag))
    if not 0 <= number <= most:
        raise Asn1Error(f"the number in {tag:X} is not 0 to {most}")
    return number
