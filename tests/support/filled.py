"""Objects of the model with every field different from its default, made from the fields alone.

A field that is added is in them at once, so a place that forgets it fails.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum

from euicc_sim.model.eim import Eim, KeyForm, PublicKeyData
from euicc_sim.model.identity import Credential, Identity
from euicc_sim.model.notification import Notification, PackageResult
from euicc_sim.model.profile import Installation, Profile
from euicc_sim.model.sim import FileState, PinState, SimState
from euicc_sim.model.state import ImmediateEnable, RefusedElement, State
from support.packages import certificate, key

SPECIAL: dict[tuple[type, str], object] = {
    # values that are not any of their type
    (Eim, "eim_id"): "eim9",
    (Eim, "id_type"): 2,
    (Eim, "key"): PublicKeyData(KeyForm.KEY, key(1).spki),
    (Eim, "tls"): PublicKeyData(KeyForm.CERTIFICATE, certificate(key(1))),
    (Eim, "proprietary"): bytes.fromhex("AA03800101"),
    (Identity, "eid"): "89049032123451234512345678901235",
    (Identity, "sgp32_version"): "1.3",
    (Identity, "sgp22_version"): "2.6.1",
    (Identity, "security_level"): bytes.fromhex("1E"),
    (Identity, "highest_svn"): "3.1.0",
    (Credential, "ci_certificate"): certificate(key(1)),
    (Credential, "eum_certificate"): certificate(key(1)),
    (Credential, "euicc_certificate"): certificate(key(4, "brainpoolP256r1")),
    (Credential, "key_file"): "SK_EUICC_ECDSA_NIST.pem",
    (Installation, "step"): 5,
    (Installation, "iccid"): b"\x42" * 10,
    (Installation, "smdp_oid"): "2.999.10",
    (ImmediateEnable, "smdp_oid"): "2.999.11",
    (Profile, "profile_class"): 1,
    (Profile, "dp_oid"): "2.999.12",
    (Profile, "service_data"): bytes.fromhex("BF2200"),
    (Profile, "iot_data"): bytes.fromhex("BF6400"),
    (PackageResult, "signed"): bytes.fromhex("BF5100"),
    (Notification, "signed"): bytes.fromhex("BF3700"),
    (Notification, "iccid"): b"\x42" * 10,
    (RefusedElement, "element"): "opt-isim",
    (RefusedElement, "status"): 10,
    (State, "next_seq"): 1000,
    (State, "next_token"): 1000,
    (Profile, "icon_type"): 1,
    (PinState, "value"): b"1234\xff\xff\xff\xff",
    (PinState, "left"): 2,
    (SimState, "files"): {bytes.fromhex("7FD06F7E"): FileState(bytes(11), activated=False)},
    (SimState, "puks"): {b"\x01": 9},
    (SimState, "sequence"): {bytes.fromhex("7FD005"): 2**43 - 1},
}
"""By class and field; everything else is made from the field's type alone."""

BYTES = {"iccid": 10, "aid": 16, "mcc_mnc": 3, "fallback": 10, "emergency": 10, "test": 10}
BYTES |= {"fallback_profile": 10}


def value_for(owner: type, field: dataclasses.Field[object], hint: object, salt: int) -> object:
    """A value of that type which is not the field's default."""
    if (owner, field.name) in SPECIAL:
        return SPECIAL[owner, field.name]
    return _made(hint, field, salt)


def _made(hint: object, field: dataclasses.Field[object], salt: int) -> object:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _made(next(one for one in arguments if one is not type(None)), field, salt)
    if origin is tuple:
        return (_made(arguments[0], field, salt),)
    if origin is Mapping:
        return {b"\x01": _made(arguments[1], field, salt)}
    if origin is frozenset:
        return frozenset({0, 2, 30 + salt})
    if isinstance(hint, type):
        if dataclasses.is_dataclass(hint):
            return filled(hint, salt)
        if issubclass(hint, Enum):
            return next(one for one in hint if one is not field.default)
        made: dict[type, object] = {
            bool: field.default is not True,
            int: 100 + salt,
            str: f"{field.name} {salt}",
            bytes: bytes([salt + 1]) * BYTES.get(field.name, 5),
        }
        return made[hint]
    raise AssertionError(f"no value for {field.name}: {hint}")


def filled(owner: type, salt: int = 1) -> typing.Any:
    """An object with every field different from its default."""
    hints = typing.get_type_hints(owner)
    values = {}
    for number, field in enumerate(one for one in dataclasses.fields(owner) if one.init):
        value = value_for(owner, field, hints[field.name], salt + number % 5)
        assert value != field.default, f"{owner.__name__}.{field.name} is tried with its default"
        values[field.name] = value
    return owner(**values)
