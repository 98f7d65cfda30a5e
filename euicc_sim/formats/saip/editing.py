"""Changes a profile package: ICCID, IMSI, names and keys; every other byte stays as it is.

Only the objects concerned are written anew; what the types of this program do not know is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from apdu.bcd import swapped
from apdu.tlv import children, tlv
from euicc_sim.asn1.iccid import iccid_from
from euicc_sim.asn1.saip.elements import MILENAGE, TUAK
from euicc_sim.asn1.saip.files import FILES
from euicc_sim.formats.file_contents import acc_content, imsi_content, spn_content
from euicc_sim.formats.saip.package import Element, elements, examine
from euicc_sim.formats.saip.tree import contents_of

_FIRST_FILE = 2
_HIGH_TAG = 0x1F
_DO_NOT_CREATE, _DESCRIPTOR, _OFFSET, _CONTENT = 0x80, 0xA1, 0x82, 0x83
_LINK_PATH = 0xC7
_ICCID, _SERVICES = 0x83, 0xA5
_SERVICE_OF = {MILENAGE: 0x84, TUAK: 0x85}
_ALGORITHM_SERVICES = frozenset((0x84, 0x85, 0x90, 0x91))
_CONFIGURATION, _MAPPED, _OWN = 0xA1, 0xA0, 0xA1
_RES_OF_8_BYTES = b"\x01"
_KEY_SIZES = {MILENAGE: ((16,), (16,)), TUAK: ((16, 32), (32,))}
_NAMES = {MILENAGE: ("Milenage", "OPc"), TUAK: ("TUAK", "TOPc")}


class EditError(ValueError):
    """A change that cannot be made. The text is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What a USIM is to authenticate with: MILENAGE or TUAK, K, and OPc or TOPc."""

    algorithm: int
    key: bytes = field(repr=False)
    opc: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raise EditError for keys of a size that the algorithm does not have."""
        algorithm, name = _NAMES[self.algorithm]
        for what, value, sizes in zip(
            ("K", name), (self.key, self.opc), _KEY_SIZES[self.algorithm], strict=True
        ):
            if len(value) not in sizes:
                due = " or ".join(str(2 * one) for one in sizes)
                raise EditError(
                    f"The {what} of {algorithm} has {due} hex digits, not {2 * len(value)}."
                )


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None stays. `iccid`, `imsi` are digits, `acc` is four hex digits."""

    iccid: str | None = None
    imsi: str | None = None
    spn: str | None = None
    acc: str | None = None
    keys: Keys | None = None


def edited(package: bytes, changes: Changes) -> bytes:
    """A package with these changes, which a card still accepts.

    Raises EditError, ContentError and ValueError for values that cannot be, and PackageError for a
    package that no card would take, before or after.
    """
    found = list(elements(package))
    if changes.iccid is not None:
        iccid = iccid_from(changes.iccid)
        _change(found, "header", lambda one: _with_iccid(one, iccid))
        _change_file(found, ("mf", "iot"), "ef-iccid", iccid)
    if changes.imsi is not None:
        _change_file(found, ("usim", "iot"), "ef-imsi", imsi_content(changes.imsi))
    if changes.spn is not None:
        _change_file(found, ("usim", "opt-iot"), "ef-spn", spn_content(changes.spn))
    if changes.acc is not None:
        _change_file(found, ("usim", "iot"), "ef-acc", acc_content(changes.acc))
    if changes.keys is not None:
        keys = changes.keys
        _change(found, "akaParameter", lambda one: _with_keys(one, keys))
        _change(found, "header", lambda one: _with_service(one, keys))
    result = b"".join(tlv(one.tag, one.content) for one in found)
    examine(result)
    contents_of(result)
    return result


def _change(found: list[Element], name: str, change: Callable[[bytes], bytes]) -> None:
    """Change the contents of every element of that name; there must be one."""
    places = [at for at, one in enumerate(found) if one.name == name]
    if not places:
        raise EditError(f"The package has no {name}.")
    for at in places:
        found[at] = _with_content(found[at], change(found[at].content))


def _change_file(found: list[Element], names: tuple[str, ...], file: str, content: bytes) -> None:
    """Change the content of a file in the first element that can have it."""
    for at, one in enumerate(found):
        if one.name in names:
            found[at] = _with_content(one, _with_file(one, file, content))
            return
    raise EditError(f"The package has no {' and no '.join(names)}, where {file} would be.")


def _with_content(one: Element, content: bytes) -> Element:
    size = len(tlv(one.tag, content))
    return Element(one.name, one.tag, one.identification, one.mandated, size, content)


def _with_file(element: Element, file: str, content: bytes) -> bytes:
    """The contents of an element in which a file has other content."""
    number = list(FILES[element.name]).index(file) + _FIRST_FILE
    objects = _objects(element.content)
    items = _objects(dict(objects).get(tag := _tag(number), b""))
    kept = [(one, given) for one, given in items if one not in (_OFFSET, _CONTENT, _DO_NOT_CREATE)]
    if any(one == _DESCRIPTOR and _LINK_PATH in dict(_objects(given)) for one, given in kept):
        raise EditError(f"In this package {file} is a link to another file and cannot be changed.")
    written = _joined([*kept, (_CONTENT, content)])
    others = [(one, given) for one, given in objects if one != tag]
    return _joined(sorted([*others, (tag, written)], key=lambda one: _number(one[0])))


def _tag(number: int) -> int:
    return 0xA0 + number if number < _HIGH_TAG else 0xBF00 + number


def _number(tag: int) -> int:
    return tag & (_HIGH_TAG if tag <= 0xFF else 0x7F)


def _with_iccid(header: bytes, iccid: bytes) -> bytes:
    """In the header the digits are in their printed order."""
    return _replaced(header, _ICCID, swapped(iccid))


def _with_service(header: bytes, keys: Keys) -> bytes:
    """The algorithm among the mandatory services, in place of others."""
    services = [one for one, _ in _objects(dict(_objects(header))[_SERVICES])]
    wanted = [one for one in services if one not in _ALGORITHM_SERVICES]
    if len(keys.key) == _KEY_SIZES[MILENAGE][0][0]:
        wanted.append(_SERVICE_OF[keys.algorithm])
    return _replaced(header, _SERVICES, b"".join(tlv(one) for one in sorted(wanted)))


def _with_keys(element: bytes, keys: Keys) -> bytes:
    """PE-AKAParameter with other keys; one that shares those of another application stays."""
    (arm, _), *_ = _objects(dict(_objects(element))[_CONFIGURATION])
    if arm == _MAPPED:
        return element
    parts = ((0x80, bytes((keys.algorithm,))), (0x81, _RES_OF_8_BYTES))
    written = tlv(_OWN, _joined([*parts, (0x82, keys.key), (0x83, keys.opc)]))
    return _replaced(element, _CONFIGURATION, written)


def _objects(data: bytes) -> list[tuple[int, bytes]]:
    return [(one.tag, data[one.value : one.end]) for one in children(data)]


def _joined(objects: Iterable[tuple[int, bytes]]) -> bytes:
    return b"".join(tlv(tag, content) for tag, content in objects)


def _replaced(sequence: bytes, tag: int, content: bytes) -> bytes:
    return _joined((one, content if one == tag else given) for one, given in _objects(sequence))
