"""An eIM in a file: what it must not forget between two packages, as JSON of mode 0600.

One file stands for the eIM as one card knows it, since counter and token are a card's. The private
key in it is not encrypted, and no error tells it. Names of fields are SGP.32's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from euicc_sim.parties.eim.eim import MAX_COUNTER, Eim
from euicc_sim.parties.messages import safe_file
from euicc_sim.parties.messages.errors import EimError
from keys import Curve, PkiError

SCHEMA = 1
ID_TYPES = {"oid": 1, "fqdn": 2, "proprietary": 3}
PROTOCOLS = ("retrieveHttps", "retrieveCoaps", "injectHttps", "injectCoaps", "proprietary")


def _from_hex(value: object) -> object:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("hex digits in a string are needed here")  # noqa: TRY004 pydantic's way
    return bytes.fromhex(value)


Hex = Annotated[bytes | None, BeforeValidator(_from_hex)]


class _Record(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        hide_input_in_errors=True,
    )

    schema_: Annotated[Literal[1], Field(alias="schema")]
    eim_id: Annotated[str, Field(min_length=1, max_length=128)]
    eim_fqdn: str | None = None
    eim_id_type: Literal["oid", "fqdn", "proprietary"] | None = None
    eim_supported_protocol: list[Literal[PROTOCOLS]] | None = None  # type: ignore[valid-type]
    euicc_ci_pk_id: Annotated[Hex, Field(alias="euiccCiPKId")] = None
    indirect_profile_download: bool = False
    counter_value: Annotated[int, Field(ge=0, le=MAX_COUNTER)]
    association_token: Annotated[int, Field(ge=1)] | None = None
    curve: Literal["NIST", "BRP"]
    eim_certificate: Hex = None
    private_key: Annotated[str, Field(repr=False)]


def parse(content: bytes) -> Eim:
    """Read a document. Raises EimError with the place and the reason."""
    try:
        document = json.loads(content)
    except ValueError:
        # The cause would carry the whole text, key included.
        raise EimError("it is not JSON. Take the file that eim new made.") from None
    found = document.get("schema") if isinstance(document, dict) else None
    if found != SCHEMA:
        raise EimError(
            f'its "schema" is {str(found)[:20]}; this program reads schema {SCHEMA}. '
            "Take a file that eim new made."
        )
    try:
        return _eim(_Record.model_validate(document))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise EimError(f"at {place}: {first['msg']}. Mend that place.") from None


def render(eim: Eim) -> bytes:
    """The document of an eIM; it holds the private key."""
    kinds = {number: name for name, number in ID_TYPES.items()}
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "eimId": eim.eim_id,
        "eimFqdn": eim.fqdn,
        "eimIdType": None if eim.id_type is None else kinds[eim.id_type],
        "eimSupportedProtocol": _names(eim.protocols),
        "euiccCiPKId": _hex(eim.ci_pk_id),
        "indirectProfileDownload": eim.indirect_download,
        "counterValue": eim.counter,
        "associationToken": eim.token,
        "curve": Curve.of(eim.private_key).value,
        "eimCertificate": _hex(eim.certificate),
        "privateKey": eim.private_key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode(),
    }
    kept = {name: value for name, value in document.items() if value is not None}
    return json.dumps(kept, indent=2, ensure_ascii=False).encode() + b"\n"


def _eim(record: _Record) -> Eim:
    protocols = record.eim_supported_protocol
    return Eim(
        eim_id=record.eim_id,
        private_key=_private_key(record),
        counter=record.counter_value,
        token=record.association_token,
        fqdn=record.eim_fqdn,
        id_type=None if record.eim_id_type is None else ID_TYPES[record.eim_id_type],
        protocols=None if protocols is None else frozenset(map(PROTOCOLS.index, protocols)),
        ci_pk_id=record.euicc_ci_pk_id,
        certificate=record.eim_certificate,
        indirect_download=record.indirect_profile_download,
    )


def _private_key(record: _Record) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(record.private_key.encode(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and Curve.of(key).value == record.curve:
            return key
    except (ValueError, TypeError, UnsupportedAlgorithm, PkiError):
        # The cause is not told: it might quote the key.
        raise EimError(
            "at privateKey: it is no unencrypted PEM private key. Restore a copy of the file."
        ) from None
    raise EimError("at privateKey: its curve is not the one named at curve. Mend that place.")


def _names(protocols: frozenset[int] | None) -> list[str] | None:
    return None if protocols is None else [PROTOCOLS[one] for one in sorted(protocols)]


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex().upper()


def create(path: Path, eim: Eim) -> None:
    """Write a new file, whole and on the disk, or none. Raises EimError, also when it exists."""
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
        raise EimError(f"{path} is no eIM's file: {error}") from error


@contextmanager
def changing(path: Path) -> Iterator[Eim]:
    """Give the eIM of a file to change; it is saved when the block ends without an error.

    Nobody else changes the file meanwhile, so no counter is given out twice. Packages signed in the
    block leave after it: then their counter is on the disk. Raises EimError.
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
