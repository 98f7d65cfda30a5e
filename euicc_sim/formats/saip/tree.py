"""From the Profile Elements of a package to the files, codes and keys of a SIM.

A `SimContents` is what a package describes: every file with its content, the PINs and PUKs, and the
parameters of authentication. A file is known by its path: the identifiers from the MF, without
3F00; an ADF has a temporary identifier there. What contradicts itself is a PackageError with the
status and the element of the standard (TCA eUICC Profile Package specification v3.3.1, clause 8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from apdu.tlv import TlvError, children, tlv
from euicc_sim.asn1.codec import Asn1Error, message
from euicc_sim.asn1.primitives import number
from euicc_sim.asn1.saip.elements import (
    MILENAGE,
    TUAK,
    USIM_TEST_ALGORITHM,
    AkaParameter,
    AlgoParameterValue,
    PinCodes,
    PukCodes,
)
from euicc_sim.asn1.saip.files import (
    FILES,
    FcpValue,
    FileItemValue,
    FileManagementItemValue,
    FilesValue,
    GenericFileManagement,
    read_files,
)
from euicc_sim.asn1.saip.names import PEStatus
from euicc_sim.asn1.types import ListOf
from euicc_sim.formats.saip.labels import label
from euicc_sim.formats.saip.package import (
    Element,
    PackageError,
    elements,
    may_be_passed_over,
)
from euicc_sim.formats.saip.remote import RemoteFiles, RemoteKey, remote_files, remote_keys
from euicc_sim.formats.saip.templates import (
    BLANK,
    CREATED_BY_DEFAULT,
    TEMPLATES,
    FileTemplate,
    Kind,
    Pattern,
    size_of,
)

MF = b""
"""The path of the MF."""
MAX_FILE = 0xFFFF
"""The largest content of a file, in bytes."""
MAX_RECORDS = 254
"""The most records of a file (ETSI TS 102 221 clause 8.2.2.2)."""
MAX_FILES = 0x80000
"""The most bytes in all files of a Profile."""
ARR_OF_MF, ARR = b"\x2f\x06", b"\x6f\x06"
ACTIVATED = 0x05
DEACTIVATED = (0x04, 0x06)

_STRUCTURE, _TRANSPARENT, _LINEAR, _CYCLIC = 0x07, 0x01, 0x02, 0x06
_TYPE, _DIRECTORY, _BER_TLV = 0x3F, 0x38, 0x39
_DESCRIPTORS = {
    Kind.MF: 0x78,
    Kind.DF: 0x78,
    Kind.ADF: 0x78,
    Kind.TRANSPARENT: 0x41,
    Kind.LINEAR_FIXED: 0x42,
    Kind.CYCLIC: 0x46,
    Kind.BER_TLV: 0x79,
}
_BELOW_MF = ("mf", "cd", "telecom", "iot", "usim", "isim", "csim")
_PINS_AT_MOST = 0xFF


@dataclass(frozen=True, slots=True)
class File:
    """A file as the package makes it.

    `descriptor` is the first byte of its file descriptor; `record` is the size of a record, 0 for a
    file without; `rule` is the identifier of its EF.ARR (2 bytes) and the number of a record there;
    `label` is its name in the standard, or its identifier where it has none; `sfi` is None without
    a short identifier. An ADF has a `name`, its AID; a directory has the key references of its
    PINs. A `link` is the path of another file whose content this one
    shares; its own is empty.
    """

    path: bytes
    kind: Kind
    descriptor: int
    rule: bytes
    label: str
    life_cycle: int = ACTIVATED
    record: int = 0
    content: bytes = field(default=b"", repr=False)
    sfi: int | None = None
    special: int = 0
    name: bytes = b""
    pins: tuple[int, ...] = ()
    link: bytes | None = None
    maximum: int = 0
    """The most bytes of all objects in a BER-TLV file."""

    @property
    def fid(self) -> bytes:
        """The file identifier; that of an ADF is temporary."""
        return self.path[-2:] or b"\x3f\x00"

    @property
    def is_activated(self) -> bool:
        """Whether the package leaves it in the activated state."""
        return self.life_cycle not in DEACTIVATED

    @property
    def parent(self) -> bytes:
        """The path of its directory; that of the MF itself for the MF."""
        return self.path[:-2]


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN or ADM key: its value (8 bytes), the reference of its PUK, and its counters."""

    reference: int
    value: bytes = field(repr=False)
    puk: int | None
    enabled: bool
    may_change: bool
    may_disable: bool
    tries: int
    left: int


@dataclass(frozen=True, slots=True)
class Puk:
    """The code (8 bytes) that unblocks PINs, and its counters."""

    reference: int
    value: bytes = field(repr=False)
    tries: int
    left: int


@dataclass(frozen=True, slots=True)
class AkaParameters:
    """What an application authenticates with: PE-AKAParameter.

    `algorithm` is MILENAGE, TUAK or USIM_TEST_ALGORITHM; `opc` is OPc or TOPc. `sqn` has one
    sequence number (6 bytes) for each of the 32 indices. `delta` and `age_limit` are 6 bytes.
    """

    algorithm: int
    options: int
    key: bytes = field(repr=False)
    opc: bytes = field(repr=False)
    rotations: bytes | None
    constants: bytes | None
    iterations: int
    sqn_options: int
    delta: bytes
    age_limit: bytes
    sqn: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SimContents:
    """All that a package says about the SIM of its Profile.

    `files` are in the order of their creation. `pins` are by the path of the directory that they
    were defined for, and `shared_pins` say which directory has those of which other one;
    `authentication` is by the path of an ADF, and `same_keys` by the path of one that uses the keys
    of the application with that AID. `remote_keys` are those of the MNO-SD by version and
    identifier, `remote_files` say which TAR may manage which files with them.
    """

    files: Mapping[bytes, File]
    pins: Mapping[bytes, tuple[Pin, ...]]
    shared_pins: Mapping[bytes, bytes]
    puks: Mapping[int, Puk]
    authentication: Mapping[bytes, AkaParameters]
    same_keys: Mapping[bytes, bytes]
    remote_keys: Mapping[tuple[int, int], RemoteKey] = field(default_factory=dict)
    remote_files: tuple[RemoteFiles, ...] = ()

    def body(self, file: File) -> File:
        """The file whose content this one shows: itself, or what it links to."""
        return file if file.link is None else self.files[file.link]


def contents_of(package: bytes) -> SimContents:
    """Read a package that `examine` accepts. Raises PackageError at the first contradiction."""
    builder = _Builder()
    for element in elements(package):
        with _readable(element):
            builder.add(element)
    return builder.finished()


@contextmanager
def _readable(element: Element) -> Iterator[None]:
    """Name the element in every refusal."""
    try:
        yield
    except _FaultError as error:
        why = f"{element.name}: {error}"
        raise PackageError(error.status, why, element.identification) from error
    except (Asn1Error, TlvError) as error:
        why = f"{element.name}: {error}"
        raise PackageError(PEStatus.INVALID_REQUEST_FORMAT, why, element.identification) from error


class _FaultError(ValueError):
    def __init__(self, status: PEStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


def _bad(why: str) -> _FaultError:
    return _FaultError(PEStatus.BAD_VALUES, why)


def _unknown(why: str) -> _FaultError:
    return _FaultError(PEStatus.INVALID_PARAMETER, why)


class _Builder:
    """What the elements so far have made."""

    def __init__(self) -> None:
        self._files: dict[bytes, File] = {}
        self._pins: dict[bytes, tuple[Pin, ...]] = {}
        self._shared: dict[bytes, bytes] = {}
        self._puks: dict[int, Puk] = {}
        self._aka: dict[bytes, AkaParameters] = {}
        self._mapped: dict[bytes, tuple[bytes, Element]] = {}
        self._remote_keys: dict[tuple[int, int], RemoteKey] = {}
        self._remote_files: list[RemoteFiles] = []
        self._application: bytes | None = None
        self._context = MF
        self._size = 0

    def add(self, element: Element) -> None:
        """Take one element; those that make neither files nor codes nor keys are passed over."""
        raw = tlv(element.tag, element.content)
        if element.name in FILES:
            if not may_be_passed_over(element):
                self._templated(element.name, read_files(element.name, raw))
        elif element.name == "genericFileManagement":
            for commands in message(GenericFileManagement).decode(raw)["fileManagementCMD"]:
                self._managed(commands)
        elif element.name == "pinCodes":
            self._add_pins(raw)
        elif element.name == "pukCodes":
            self._add_puks(raw)
        elif element.name == "akaParameter":
            self._add_aka(element, raw)
        elif element.name == "securityDomain" and not self._remote_keys:
            self._remote_keys = remote_keys(raw)  # those of the first, the MNO-SD
        elif element.name == "rfm":
            self._remote_files.append(remote_files(raw))

    def finished(self) -> SimContents:
        """All of it, once the last element is in."""
        names = {one.name for one in self._files.values() if one.kind is Kind.ADF}
        for aid, element in self._mapped.values():
            if aid not in names:
                raise PackageError(
                    PEStatus.INVALID_PARAMETER,
                    f"akaParameter: no application has the AID {aid.hex().upper()}",
                    element.identification,
                )
        return SimContents(
            self._files,
            self._pins,
            self._shared,
            self._puks,
            self._aka,
            {path: aid for path, (aid, _) in self._mapped.items()},
            self._remote_keys,
            tuple(self._remote_files),
        )

    # -- files of templates

    def _templated(self, name: str, value: FilesValue) -> None:
        templates = TEMPLATES[name]
        base = MF if name in _BELOW_MF else self._naa()
        made: dict[str, bytes] = {}
        for one in templates.values():
            items = value.files.get(one.field)
            if items is None and name not in CREATED_BY_DEFAULT:
                continue
            if any(kind == "doNotCreate" for kind, _ in items or ()) and one.fid != b"\x2f\xe2":
                continue
            if items is None and one.field in ("mf", "adf-usim"):
                continue
            self._template_file(value.template, one, items or (), base, made)

    def _naa(self) -> bytes:
        if self._application is None:
            raise _unknown("there is no application for these files yet")
        return self._application

    def _template_file(
        self,
        template: str,
        one: FileTemplate,
        items: ListOf[FileItemValue],
        base: bytes,
        made: dict[str, bytes],
    ) -> None:
        given: FcpValue = {}
        for item in items:
            if item[0] == "fileDescriptor":
                given = {**given, **item[1]}
        directory = self._directory_of(one, base, made)
        fid = given.get("fileID", one.fid)
        if fid is None:
            raise _unknown(f"{one.field} has no file identifier")
        path = MF if one.kind is Kind.MF else directory + fid
        kind, record = _kind(given, one.kind)
        count, record_size = size_of(template, one)
        if record is None:
            record = record_size
        size = _given_size(given)
        if size is None and count is not None:
            size = count if not kind.has_records else count * record if record else None
        fill = _pattern(given) or one.fill
        file = self._file(path, kind, given, label(one.field), one.rule, one.sfi)
        pieces = _pieces(items)
        self._create(self._with_content(one.field, file, given, record, size, fill, pieces))
        if kind.is_directory:
            made[one.field] = path
            if one.parent is None:
                self._context = path
            if kind is Kind.ADF:
                self._application = path
                if not file.name:
                    raise _unknown(f"{one.field} has no AID")

    def _directory_of(self, one: FileTemplate, base: bytes, made: Mapping[str, bytes]) -> bytes:
        """Where a file goes: into a directory of the same element, or the current one."""
        if one.parent is None:
            return base
        if one.parent in made:
            return made[one.parent]
        raise _unknown(f"{one.field} is in {one.parent}, which the element does not have")

    # -- files without a template

    def _managed(self, commands: ListOf[FileManagementItemValue]) -> None:
        """PE-GenericFileManagement: paths, files to create, and contents of the last one."""
        directory = MF
        path: bytes | None = None
        given: FcpValue = {}
        pieces: list[Piece] = []
        for command in commands:
            match command:
                case ("filePath", wanted):
                    self._generic_file(path, given, pieces)
                    path, pieces = None, []
                    directory = wanted.removeprefix(b"\x3f\x00")
                    if directory != MF and directory not in self._files:
                        raise _unknown(f"there is no directory {directory.hex().upper()}")
                    if directory != MF and not self._files[directory].kind.is_directory:
                        raise _unknown(f"{directory.hex().upper()} is not a directory")
                case ("createFCP", fcp):
                    self._generic_file(path, given, pieces)
                    given, pieces = fcp, []
                    if "fileID" not in fcp:
                        raise _unknown("a file without an identifier")
                    path = directory + fcp["fileID"]
                case ("fillFileOffset", offset):
                    pieces.append(Piece(offset, b""))
                case ("fillFileContent", content):
                    pieces.append(Piece(0, content))
        self._generic_file(path, given, pieces)

    def _generic_file(self, path: bytes | None, given: FcpValue, pieces: list[Piece]) -> None:
        """Create a file of PE-GenericFileManagement, once its contents are known."""
        if path is None:
            if pieces:
                raise _unknown("contents before any file")
            return
        if "fileDescriptor" not in given:
            raise _unknown(f"{path[-2:].hex().upper()} has no file descriptor")
        kind, record = _kind(given, Kind.DF)
        if kind is Kind.DF and "dfName" in given:
            kind = Kind.ADF
        name, number = path[-2:].hex().upper(), path[-1] & 0x1F
        implied = number if 0 < number < 0x1F else None
        file = self._file(path, kind, given, name, None, implied)
        fill, size = _pattern(given) or BLANK, _given_size(given)
        self._create(self._with_content(name, file, given, record, size, fill, pieces))
        if kind.is_directory:
            self._context = path
            if kind is Kind.ADF:
                self._application = path

    # -- any file

    def _file(
        self,
        path: bytes,
        kind: Kind,
        given: FcpValue,
        name: str,
        rule: int | None,
        sfi: int | None,
    ) -> File:
        """A file without its content; `rule` and `sfi` are those that hold if none are given."""
        return File(
            path,
            kind,
            _descriptor(given, kind),
            self._rule(given, path, kind, rule),
            name,
            life_cycle=given["lcsi"][0] if "lcsi" in given else ACTIVATED,
            sfi=None if kind.is_directory else _sfi(given, sfi),
            special=_special(given),
            name=given.get("dfName", b""),
            pins=tuple(given.get("pinStatusTemplateDO", b"")),
        )

    def _create(self, file: File) -> None:
        if file.path in self._files:
            raise _bad(f"there are two files {file.path.hex().upper() or '3F00'}")
        if file.path != MF and (file.parent != MF or MF not in self._files):
            parent = self._files.get(file.parent)
            if parent is None or not parent.kind.is_directory:
                raise _unknown(f"{file.path.hex().upper()} is in a directory that does not exist")
        self._size += len(file.content)
        if self._size > MAX_FILES:
            raise _FaultError(PEStatus.NOT_ENOUGH_MEMORY, f"files of more than {MAX_FILES} bytes")
        self._files[file.path] = file

    def _with_content(
        self,
        name: str,
        file: File,
        given: FcpValue,
        record: int | None,
        size: int | None,
        fill: Pattern,
        pieces: ListOf[Piece],
    ) -> File:
        """The file with its size, and with what is in it or where that is."""
        if file.kind.is_directory:
            if pieces:
                raise _bad(f"{name} is a directory and has contents")
            return file
        if link := given.get("linkPath"):
            return self._linked(name, file, link, pieces)
        end = _extent(pieces)
        if file.kind is Kind.BER_TLV:
            return self._objects(name, file, given, size, pieces)
        if file.kind.has_records:
            record = record or (end if end and not size else 0)
            if not record:
                raise _unknown(f"{name} has records of no size")
            if record > 0xFF:
                raise _bad(f"{name} has records of {record} bytes, more than 255")
        if size is None:
            size = -(-end // record) * record if file.kind.has_records and record else end
        if not size:
            raise _unknown(f"{name} has neither a size nor contents")
        if size > MAX_FILE:
            raise _bad(f"{name} has a size {number(size)}, more than {MAX_FILE} bytes")
        if file.kind.has_records and record and size % record:
            raise _bad(f"{name} has {size} bytes, which are not records of {record}")
        if file.kind.has_records and record and size // record > MAX_RECORDS:
            raise _bad(f"{name} has {size // record} records, more than {MAX_RECORDS}")
        one = fill.filled(record) if file.kind.has_records and record else fill.filled(size)
        content = bytearray(one * (size // len(one)))
        if end > size:
            raise _bad(f"{name} has {size} bytes, and contents up to byte {end}")
        at = 0
        for piece in pieces:
            at += piece.skip
            content[at : at + len(piece.content)] = piece.content
            at += len(piece.content)
        return replace(file, content=bytes(content), record=record or 0)

    def _linked(self, name: str, file: File, link: bytes, pieces: ListOf[Piece]) -> File:
        target = self._files.get(link.removeprefix(b"\x3f\x00"))
        if target is None:
            raise _unknown(f"{name} links to {link.hex().upper()}, which does not exist")
        if target.kind.is_directory:
            raise _FaultError(PEStatus.FEATURE_NOT_SUPPORTED, f"{name} links to a directory")
        if target.link is not None:
            target = self._files[target.link]
        if pieces:
            raise _bad(f"{name} is a link and has contents")
        return replace(file, link=target.path, kind=target.kind, descriptor=target.descriptor)

    def _objects(
        self, name: str, file: File, given: FcpValue, size: int | None, pieces: ListOf[Piece]
    ) -> File:
        """A BER-TLV file: its contents are objects."""
        content = b"".join(piece.content for piece in pieces)
        stated = given.get("proprietaryEFInfo", {}).get("maximumFileSize")
        maximum = int.from_bytes(stated) if stated else size or len(content)
        if not 0 < maximum <= MAX_FILE:
            raise _unknown(f"{name} has no maximum size")
        children(content)
        if len(content) > maximum:
            raise _bad(f"{name} has at most {maximum} bytes, and contents of {len(content)}")
        return replace(file, content=content, maximum=maximum)

    def _rule(self, given: FcpValue, path: bytes, kind: Kind, default: int | None) -> bytes:
        """EF.ARR's identifier and a record: one byte is a record of the implied EF.ARR."""
        attributes = given.get("securityAttributesReferenced")
        if attributes is None:
            if default is None:
                raise _unknown(f"{path[-2:].hex().upper()} has no access rule")
            attributes = bytes((default,))
        if len(attributes) == 1:
            at_mf = kind in (Kind.MF, Kind.ADF) or path[:-2] == MF
            return (ARR_OF_MF if at_mf else ARR) + attributes
        if len(attributes) == 2:
            raise _bad(f"{path[-2:].hex().upper()}: two bytes are not an access rule")
        return attributes

    # -- codes and keys

    def _add_pins(self, raw: bytes) -> None:
        given = message(PinCodes).decode(raw)["pinCodes"]
        if given[0] == "filePath":
            source = given[1].removeprefix(b"\x3f\x00")
            if source not in self._pins:
                raise _FaultError(
                    PEStatus.PIN_CODE_MISSING, f"{source.hex().upper() or '3F00'} has no PINs"
                )
            self._shared[self._context] = source
            return
        found: dict[int, Pin] = {}
        for one in given[1]:
            reference, puk = one["keyReference"], one.get("unblockingPINReference")
            if reference in found:
                raise _bad(f"PIN {reference:02X} is there twice")
            if not 0 < reference <= _PINS_AT_MOST:
                raise _bad(f"{number(reference)} is not a reference of a PIN")
            if puk is not None and puk not in self._puks:
                raise _unknown(f"PIN {reference:02X} has PUK {puk:02X}, which does not exist")
            tries, left = _counters(one["maxNumOfAttemptsRetryNumLeft"])
            attributes = one["pinAttributes"]
            found[reference] = Pin(
                reference,
                one["pinValue"],
                puk,
                enabled=bool(attributes & 1),
                may_change=bool(attributes & 2),
                may_disable=bool(attributes & 4),
                tries=tries,
                left=left,
            )
        if set(found) & {one.reference for one in self._pins.get(self._context, ())}:
            raise _bad("a PIN is there twice")
        self._pins[self._context] = (*self._pins.get(self._context, ()), *found.values())

    def _add_puks(self, raw: bytes) -> None:
        for one in message(PukCodes).decode(raw)["pukCodes"]:
            reference = one["keyReference"]
            if reference in self._puks:
                raise _bad(f"PUK {reference:02X} is there twice")
            if not 0 < reference <= _PINS_AT_MOST:
                raise _bad(f"{number(reference)} is not a reference of a PUK")
            tries, left = _counters(one["maxNumOfAttemptsRetryNumLeft"])
            self._puks[reference] = Puk(reference, one["pukValue"], tries, left)

    def _add_aka(self, element: Element, raw: bytes) -> None:
        naa = self._naa()
        if naa in self._aka or naa in self._mapped:
            raise _bad("an application has two sets of keys")
        value = message(AkaParameter).decode(raw)
        if value["algoConfiguration"][0] == "mappingParameter":
            self._mapped[naa] = value["algoConfiguration"][1]["mappingSource"], element
            return
        given = value["algoConfiguration"][1]
        _check_keys(given)
        self._aka[naa] = AkaParameters(
            given["algorithmID"],
            given["algorithmOptions"][0],
            given["key"],
            given["opc"],
            given.get("rotationConstants"),
            given.get("xoringConstants"),
            given["numberOfKeccak"],
            value.get("sqnOptions", DEFAULT_SQN_OPTIONS)[0],
            value.get("sqnDelta", DEFAULT_SQN_LIMIT),
            value.get("sqnAgeLimit", DEFAULT_SQN_LIMIT),
            tuple(value.get("sqnInit", (bytes(6),) * 32)),
        )


DEFAULT_SQN_OPTIONS = b"\x02"
DEFAULT_SQN_LIMIT = bytes.fromhex("000010000000")
"""sqnDelta and sqnAgeLimit that a package does not give."""


def _check_keys(given: AlgoParameterValue) -> None:
    """Keys have the size of their algorithm; the test algorithm ignores OPc."""
    sizes = {
        MILENAGE: ((16,), (16,)),
        TUAK: ((16, 32), (32,)),
        USIM_TEST_ALGORITHM: ((16,), None),
    }
    algorithm = given["algorithmID"]
    if algorithm not in sizes:
        raise _FaultError(
            PEStatus.FEATURE_NOT_SUPPORTED, f"algorithm {number(algorithm)} is not known"
        )
    of_key, of_opc = sizes[algorithm]
    if len(given["key"]) not in of_key:
        raise _bad(f"a key of {len(given['key'])} bytes does not fit algorithm {algorithm}")
    if of_opc is not None and len(given["opc"]) not in of_opc:
        raise _bad(f"an OPc of {len(given['opc'])} bytes does not fit algorithm {algorithm}")
    if not 1 <= given["numberOfKeccak"] <= 0xFF:
        raise _bad(f"{number(given['numberOfKeccak'])} iterations of Keccak")


def _counters(both: int) -> tuple[int, int]:
    """The most tries and the tries left: the two nibbles of a byte."""
    tries, left = divmod(both, 0x10)
    if not 0 <= both <= 0xFF or left > tries or not tries:
        raise _bad(f"{left} of {number(tries)} tries left")
    return tries, left


# -- descriptions of files


def _kind(given: FcpValue, default: Kind) -> tuple[Kind, int | None]:
    """What a file descriptor says: the kind, and the size of a record."""
    descriptor = given.get("fileDescriptor")
    if descriptor is None:
        return default, None
    first = descriptor[0]
    record = int.from_bytes(descriptor[2:]) if len(descriptor) > 2 else None
    if first & _TYPE == _BER_TLV:
        return Kind.BER_TLV, None
    if first & _TYPE == _DIRECTORY:
        return default if default.is_directory else Kind.DF, None
    kind = {
        _TRANSPARENT: Kind.TRANSPARENT,
        _LINEAR: Kind.LINEAR_FIXED,
        _CYCLIC: Kind.CYCLIC,
    }.get(first & _STRUCTURE)
    if kind is None:
        raise _bad(f"{descriptor.hex().upper()} is not a file descriptor")
    return kind, record if kind.has_records else None


def _descriptor(given: FcpValue, kind: Kind) -> int:
    descriptor = given.get("fileDescriptor")
    return descriptor[0] if descriptor else _DESCRIPTORS[kind]


def _given_size(given: FcpValue) -> int | None:
    size = given.get("efFileSize")
    return int.from_bytes(size) if size else None


def _pattern(given: FcpValue) -> Pattern | None:
    info = given.get("proprietaryEFInfo", {})
    if "fillPattern" in info and "repeatPattern" in info:
        raise _bad("both fillPattern and repeatPattern")
    if "fillPattern" in info:
        return Pattern(info["fillPattern"])
    return Pattern(info["repeatPattern"], whole=True) if "repeatPattern" in info else None


def _special(given: FcpValue) -> int:
    return given.get("proprietaryEFInfo", {}).get("specialFileInformation", b"\0")[0]


def _sfi(given: FcpValue, default: int | None) -> int | None:
    """The short identifier; in an FCP it is shifted, and an empty one is none."""
    stated = given.get("shortEFID")
    if stated is None:
        return default
    return stated[0] >> 3 if stated else None


@dataclass(frozen=True, slots=True)
class Piece:
    """Contents, after so many bytes that stay as they are."""

    skip: int
    content: bytes


def _pieces(items: ListOf[FileItemValue]) -> list[Piece]:
    found = []
    for item in items:
        if item[0] == "fillFileOffset":
            found.append(Piece(item[1], b""))
        elif item[0] == "fillFileContent":
            found.append(Piece(0, item[1]))
    return found


def _extent(pieces: ListOf[Piece]) -> int:
    """Where the last content ends."""
    at = end = 0
    for piece in pieces:
        if not 0 <= piece.skip <= MAX_FILE:
            raise _bad(f"an offset {number(piece.skip)}")
        at += piece.skip + len(piece.content)
        if piece.content:
            end = at
    return end
