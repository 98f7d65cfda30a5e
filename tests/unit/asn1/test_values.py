"""The types of values say what the ASN.1 says: every type, in every version."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import GenericAlias
from typing import Any, Literal, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from pyasn1.type import char, univ

from euicc_sim.asn1 import es9plus, esipa
from euicc_sim.asn1.primitives import Codes
from euicc_sim.asn1.types import Choice, ListOf, Sequence, SequenceOf, Type, UnknownCode
from euicc_sim.asn1.wire import WIRES

BASES = (Choice, Sequence, SequenceOf)


def value_of(kind: type) -> Any:
    """The V of a type's declaration, `Sequence[V]`."""
    for one in kind.__mro__:
        for base in getattr(one, "__orig_bases__", ()):
            if get_origin(base) in BASES:
                return get_args(base)[0]
    raise TypeError(f"{kind} does not say what its values are")


def inside(spec: Any) -> Iterator[Any]:
    """A type and all types in it, but for those whose bytes are passed on."""
    yield spec
    if getattr(spec, "kept_whole", False) or getattr(spec, "kept_as_is", False):
        return
    if isinstance(spec, univ.SequenceOf):
        yield from inside(spec.componentType)
    elif isinstance(spec, univ.Choice | univ.Sequence):
        for one in spec.componentType.namedTypes:
            yield from inside(one.asn1Object)


def server_types() -> Iterator[Any]:
    """The types of ES9+ and ESipa whose values are declared, those of v1.0 too."""
    for package in (es9plus, esipa):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            yield from declared(module.name)


def declared(name: str) -> Iterator[Any]:
    """The types of a module whose values are declared."""
    for one in vars(import_module(name)).values():
        if isinstance(one, type) and one.__module__ == name and issubclass(one, Type):
            yield one()


@cache
def everywhere() -> dict[type, list[Any]]:
    """Every type, by its root, as each version has it."""
    found: dict[type, list[Any]] = {}
    tops = [spec for wire in WIRES for spec in wire.specs.values()]
    for top in (*tops, *server_types()):
        for spec in inside(top):
            if isinstance(spec, Type):
                found.setdefault(spec.root, []).append(spec)
    return found


def parts(value: Any) -> set[Any]:
    """The members of a union, or the type itself."""
    if get_origin(value) is Literal or not get_args(value) or get_origin(value) in CONTAINERS:
        return {value}
    return set(get_args(value))


CONTAINERS = (tuple, frozenset, ListOf)


def expected(specs: list[Any]) -> Any:
    """What the value of a field is, by the field's types in all versions."""
    spec = specs[0]
    if getattr(spec, "kept_whole", False) or getattr(spec, "kept_as_is", False):
        return bytes
    if isinstance(spec, univ.Choice | univ.Sequence):
        return value_of(type(spec))
    if isinstance(spec, univ.SequenceOf):
        if getattr(spec, "items_kept_as_is", False):
            return ListOf[bytes]
        return GenericAlias(ListOf, (expected([one.componentType for one in specs]),))
    if isinstance(spec, Codes):
        return frozenset(str(name) for one in specs for name in one.namedValues)
    for kind, value in SIMPLE.items():
        if isinstance(spec, kind):
            return value
    raise TypeError(type(spec).__name__)


SIMPLE: dict[Any, Any] = {
    univ.Any: bytes,
    univ.Boolean: bool,
    univ.Integer: int,
    univ.Null: type(None),
    char.UTF8String: str,
    univ.ObjectIdentifier: str,
    univ.OctetString: bytes,
    univ.BitString: frozenset[int],
}


def agrees(declared: Any, wanted: Any) -> bool:
    """Whether a declared type is the wanted one; codes are a Literal or an UnknownCode."""
    if isinstance(wanted, frozenset):
        names = [one for one in parts(declared) if get_origin(one) is Literal]
        others = parts(declared) - set(names)
        return others == {UnknownCode} and wanted == {a for one in names for a in get_args(one)}
    return bool((type(None) if declared is None else declared) == wanted)


def fields_of(specs: list[Any]) -> dict[str, list[Any]]:
    """The components of a type in all its versions, by name."""
    found: dict[str, list[Any]] = {}
    for spec in specs:
        for one in spec.componentType.namedTypes:
            found.setdefault(str(one.name), []).append(one)
    return found


KINDS = sorted(everywhere(), key=lambda one: f"{one.__module__}.{one.__name__}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: f"{one.__module__[15:]}.{one.__name__}")
def test_a_value_has_what_its_type_has_in_some_version(kind: type) -> None:
    specs, value = everywhere()[kind], value_of(kind)
    if issubclass(kind, SequenceOf):
        assert agrees(value, expected(specs))
        return
    fields = fields_of(specs)
    if issubclass(kind, Choice):
        arms = {get_args(get_args(one)[0])[0]: get_args(one)[1] for one in parts_of_choice(value)}
        assert set(arms) == set(fields)
        for name, declared in arms.items():
            assert agrees(declared, expected([one.asn1Object for one in fields[name]])), name
        return
    assert is_typeddict(value)
    hints = get_type_hints(value)
    assert set(hints) == set(fields)
    always = {
        name
        for name, found in fields.items()
        if len(found) == len(specs) and not any(one.isOptional or one.isDefaulted for one in found)
    }
    assert value.__required_keys__ == always
    for name, declared in hints.items():
        assert agrees(declared, expected([one.asn1Object for one in fields[name]])), name


def parts_of_choice(value: Any) -> list[Any]:
    """The pairs of a union; of a CHOICE with one alternative the pair itself."""
    return [value] if get_origin(value) is tuple else list(get_args(value))


def test_all_types_of_all_versions_were_seen() -> None:
    assert len(KINDS) > 150
    names = {one.__name__ for one in KINDS}
    assert {"NotificationAndEprList", "EimConfigurationData", "GetEimPackageRequest"} <= names
