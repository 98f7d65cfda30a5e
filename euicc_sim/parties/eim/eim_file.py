"""An eIM in a file: what it must remember between two packages, as JSON of mode 0600.

A file is the eIM as one card knows it, since counter and token are per card. The private key in it
is not encrypted; error messages never contain it. Field names are those of SGP.32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from msgspec import Meta, field

from euicc_sim.asn1.wire import VERSIONS, WIRE_1_2, Wire
from euicc_sim.parties.eim.eim import MAX_COUNTER, Eim
from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.errors import EimError
from euicc_sim.parties.messages.json_document import (
    DocumentError,
    from_json,
    read_json,
    write_document,
)
from keys import Curve, PkiError

SCHEMA: Literal[1] = 1

IdType = Literal["oid", "fqdn", "proprietary"]
Protocol = Literal["retrieveHttps", "retrieveCoaps", "injectHttps", "injectCoaps", "proprietary"]

ID_TYPES: dict[str, int] = {name: number for number, name in enumerate(get_args(IdType), 1)}
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
"""By the bits of eimSupportedProtocol."""


class EimDocument(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The document of an eIM: the fields of `Eim` under the names of SGP.32."""

    schema: Literal[1] = SCHEMA
    eim_id: Annotated[str, Meta(min_length=1, max_length=128)] = field(name="eimId")
    fqdn: str | None = field(name="eimFqdn", default=None)
    id_type: IdType | None = field(name="eimIdType", default=None)
    protocols: tuple[Protocol, ...] | None = field(name="eimSupportedProtocol", default=None)
    ci_pk_id: bytes | None = field(name="euiccCiPKId", default=None)
    indirect_download: bool = field(name="indirectProfileDownload", default=False)
    counter: Annotated[int, Meta(ge=0, le=MAX_COUNTER)] = field(name="counterValue")
    token: Annotated[int, Meta(ge=1)] | None = field(name="associationToken", default=None)
    curve: Literal["NIST", "BRP"]
    certificate: bytes | None = field(name="eimCertificate", default=None)
    private_key: str = field(name="privateKey")
    wire: str | None = field(name="sgp32", default=None)
    wants_token: bool | None = field(name="wantsToken", default=None)

    def __repr__(self) -> str:
        return f"EimDocument({self.eim_id!r})"


def parse(content: bytes) -> Eim:
    """Read a document. Raises EimError with the place and the reason."""
    try:
        document = read_json(content)
        found = document.get("schema") if isinstance(document, dict) else None
        if found != SCHEMA:
            raise EimError(
                f'its "schema" is {str(found)[:20]}; this program reads schema {SCHEMA}. '
                "Take a file that eim new made."
            )
        record = from_json(EimDocument, document)
    except DocumentError as error:
        raise EimError(str(error)) from None
    # Any: fields of all types, matched by name.
    values: dict[str, Any] = {
        name: getattr(record, name) for name in record.__struct_fields__ if name not in _ONLY_KEPT
    }
    for name, taken in _TAKEN.items():
        values[name] = None if values[name] is None else taken(record, values[name])
    return Eim(**{name: one for name, one in values.items() if one is not None})


def render(eim: Eim) -> bytes:
    """The document of an eIM; it holds the private key."""
    values: dict[str, Any] = {one.name: getattr(eim, one.name) for one in fields(eim)}
    for name, kept in _KEPT.items():
        values[name] = None if values[name] is None else kept(values[name])
    return write_document(EimDocument(**values, curve=Curve.of(eim.private_key).value))


def _private_key(record: EimDocument, pem: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and Curve.of(key).value == record.curve:
            return key
    except (ValueError, TypeError, UnsupportedAlgorithm, PkiError):
        # Without the cause, which might quote the key.
        raise EimError(
            "at privateKey: it is not an unencrypted PEM private key. Restore a copy of the file."
        ) from None
    raise EimError("at privateKey: its curve is not the one named at curve. Mend that place.")


def _wire(_: EimDocument, version: str) -> Wire:
    if version not in VERSIONS:
        raise EimError(f"at sgp32: it is none of {', '.join(VERSIONS)}. Mend that place.")
    return VERSIONS[version]


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


_ONLY_KEPT = {"schema", "curve"}
"""Fields that only the file has."""
_TAKEN: Mapping[str, Callable[[EimDocument, Any], object]] = {
    "id_type": lambda _, name: ID_TYPES[name],
    "protocols": lambda _, names: frozenset(map(PROTOCOLS.index, names)),
    "private_key": _private_key,
    "wire": _wire,
}
_KEPT: Mapping[str, Callable[[Any], object]] = {
    "id_type": {number: name for name, number in ID_TYPES.items()}.__getitem__,
    "protocols": lambda bits: tuple(PROTOCOLS[one] for one in sorted(bits)),
    "private_key": _pem,
    "wire": lambda wire: None if wire is WIRE_1_2 else wire.version,
    "wants_token": lambda wants: None if wants else False,
}
"""The fields that differ between a file and an `Eim`, both ways; all others are the same."""


def create(path: Path, eim: Eim) -> None:
    """Write a new file, complete and on the disk, or none. Raises EimError, also if it exists."""
    try:
        safe_file.create(path, render(eim))
    except FileExistsError as error:
        raise EimError(
            f"{path} exists, and keys are never overwritten. Choose another name, or move it away."
        ) from error
    except OSError as error:
        raise _unwritable(path, error) from error


def load(path: Path) -> Eim:
    """Read a file. Raises EimError with the file, the place in it and the reason."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        return parse(content)
    except EimError as error:
        raise EimError(f"{path} is not an eIM's file: {error}") from error


@contextmanager
def changing(path: Path) -> Iterator[Eim]:
    """Yield the eIM of a file for changes; it is saved when the block ends without an error.

    The file is locked meanwhile, so no counter is used twice. Send packages signed in the block
    after it: then their counter is on the disk. Raises EimError.
    """
    path = path.resolve()
    with ExitStack() as stack:
        try:
            stack.enter_context(safe_file.locked(path))
        except OSError as error:
            raise _unreadable(path, error) from error
        eim = load(path)
        yield eim
        try:
            safe_file.replace(path, render(eim))
        except OSError as error:
            raise _unwritable(path, error) from error


def _unreadable(path: Path, error: OSError) -> EimError:
    return EimError(
        f"{path} cannot be read: {error.strerror}. Check its name and permissions, "
        f"or make an eIM with: euicc-sim eim new {path} --id ID"
    )


def _unwritable(path: Path, error: OSError) -> EimError:
    return EimError(
        f"{path} cannot be written: {error.strerror}. Check that its folder exists, "
        "that you may write there, and that the disk has room."
    )
