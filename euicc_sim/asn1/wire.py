"""The wire version of a card: the types of its messages, and what a result's signature covers.

A function takes its messages from the `Wire` of its session, so a new version of SGP.32 is a new
module of types, and few functions need to know about versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, TypeVar

from pyasn1.type import namedtype, univ

from apdu import tlv
from euicc_sim.asn1 import own, sgp22, sgp32
from euicc_sim.asn1.codec import Message
from euicc_sim.asn1.primitives import write_integer
from euicc_sim.asn1.types import Type

V = TypeVar("V")

SIGNATURE = 0x5F37
"""The tag of every signature, [APPLICATION 55]."""


def token_object(token: int | None) -> bytes:
    """The association-token object at the end of the signed bytes (SGP.32 clause 2.11.1.1).

    84 01 00 if there is no token.
    """
    return tlv(0x84, write_integer(token or 0))


@dataclass(frozen=True, eq=False)
class Wire:
    """One version of SGP.32, or SGP.22 alone.

    `version` is as people write it; `iot` is False for SGP.22 alone, `strict` True without the
    functions that only SGP.22 has.
    """

    version: str
    iot: bool = True
    strict: bool = False
    _messages: dict[type[Type[Any]], Message[Any]] = field(default_factory=dict, repr=False)

    def __getitem__(self, of: type[Type[V]]) -> Message[V]:
        """A type in this version. Raises LookupError if this version does not have it."""
        found = self._messages.get(of)
        if found is None:
            if of not in self:
                raise LookupError(f"{self} has no {of.__name__}")
            found = self._messages[of] = Message(self.specs[of.root])
        return found

    def __str__(self) -> str:
        return f"SGP.32 v{self.version}{' strict' * self.strict}" if self.iot else "SGP.22 v2.5"

    def __contains__(self, of: type[Type[Any]]) -> bool:
        return of.root in _kinds_of(self.version, iot=self.iot)

    def alternatives(self, of: type[Type[Any]]) -> Mapping[str, type]:
        """The alternatives of a CHOICE in this version, by name, and the root of each."""
        kind = _kinds_of(self.version, iot=self.iot)[of.root]
        named: Any = kind
        return {
            str(one.name): _root(type(one.asn1Object)) for one in named.componentType.namedTypes
        }

    @property
    def specs(self) -> Mapping[type, Any]:
        """An instance of each type, by its root."""
        return _types_of(self.version, iot=self.iot)

    @cached_property
    def types(self) -> Mapping[str, Any]:
        """The types by ASN.1 name, for tools.

        If SGP.22 and SGP.32 share a name, that of SGP.22 is prefixed with "SGP22 " on an IoT card.
        """
        return _by_name(self.specs, iot=self.iot)

    def since(self, version: str) -> bool:
        """Whether this is that version of SGP.32 or a later one."""
        return _numbers(self.version) >= _numbers(version)

    def result_suffix(self, token_object: bytes, eim_signature: bytes) -> bytes:
        """What follows the data in the signed bytes of an eUICC Package Result.

        Since v1.1 the association-token object (clause 2.11.2.1), before that the eimSignature.
        """
        return token_object if self.since("1.1") else tlv(SIGNATURE, eim_signature)


@cache
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


# -- the types of a version


_PACKAGES = (sgp22, sgp32, own)


def _modules() -> Iterator[ModuleType]:
    """All modules of the documents' packages, so that a new one needs no registration."""
    for package in _PACKAGES:
        for one in iter_modules(package.__path__, f"{package.__name__}."):
            yield import_module(one.name)


def _declared(module: ModuleType) -> list[type]:
    """The ASN.1 types that a module declares."""
    return [
        one
        for name, one in vars(module).items()
        if isinstance(one, type)
        and one.__module__ == module.__name__
        and hasattr(one, "tagSet")
        and not name.startswith("_")
    ]


_MODULES = tuple(_modules())
_DECLARED = {module: _declared(module) for module in _MODULES}


def check_own_names(declared: Mapping[ModuleType, list[type]]) -> None:
    """Raise ValueError when a type of our own has the name of a standard's."""
    ours = {one for one in declared if one.__name__.startswith(f"{own.__name__}.")}
    taken = {
        kind.__name__: module for module in declared.keys() - ours for kind in declared[module]
    }
    for module in ours:
        for kind in declared[module]:
            if kind.__name__ in taken:
                raise ValueError(
                    f"{module.__name__}.{kind.__name__} has the name of a type of "
                    f"{taken[kind.__name__].__name__}; call it something else"
                )


check_own_names(_DECLARED)


def _root(kind: type) -> type:
    return kind.root if issubclass(kind, Type) else kind


def _has(version: str, module: ModuleType) -> bool:
    """Whether a version of SGP.32 has the types of a module."""
    since, until = getattr(module, "SINCE", "1.0"), getattr(module, "UNTIL", None)
    numbers = _numbers(version)
    return _numbers(since) <= numbers and (until is None or numbers < _numbers(until))


@cache
def _kinds_of(version: str, *, iot: bool) -> dict[type, type]:
    """The types of a version, each by its root.

    On a card of SGP.22 alone, its types are not replaced.
    """
    found: dict[type, type] = {}
    for module in sorted(_MODULES, key=_order):
        if not _has(version, module):
            continue
        for kind in _DECLARED[module]:
            root = _root(kind)
            if iot or kind is root:
                found[root] = kind
    return found


@cache
def _types_of(version: str, *, iot: bool) -> dict[type, Any]:
    """An instance of every type by its root; the types around the version's own are rebuilt."""
    found = _kinds_of(version, iot=iot)
    replaced = {root: kind for root, kind in found.items() if root is not kind}
    rebuild = _Rebuilding(replaced)
    return {root: rebuild.type(root()) for root in found}


def _order(module: ModuleType) -> tuple[int, ...]:
    """Sort key: types of all versions first, then by version."""
    return _numbers(getattr(module, "SINCE", None) or "0")


class _Rebuilding:
    """Replaces types by those of another version, at any depth."""

    def __init__(self, replaced: Mapping[type, type]) -> None:
        self._replaced = replaced
        self._done: dict[int, tuple[Any, Any]] = {}

    def type(self, spec: Any) -> Any:
        """The type with the same tags; the same object if nothing in it is replaced."""
        if id(spec) not in self._done:
            self._done[id(spec)] = spec, self._rebuilt(spec)
        return self._done[id(spec)][1]

    def _rebuilt(self, spec: Any) -> Any:
        kind = type(spec)
        if kind in self._replaced:
            own = self._replaced[kind]()
            spec = own if spec.tagSet == kind.tagSet else own.clone(tagSet=spec.tagSet)
        if getattr(spec, "kept_whole", False) or getattr(spec, "kept_as_is", False):
            return spec
        if isinstance(spec, univ.SequenceOf):
            item = self.type(spec.componentType)
            return spec if item is spec.componentType else spec.clone(componentType=item)
        if isinstance(spec, univ.Sequence | univ.Choice):
            named = spec.componentType.namedTypes
            inside = [self.type(one.asn1Object) for one in named]
            if all(new is one.asn1Object for new, one in zip(inside, named, strict=True)):
                return spec
            fields = (type(one)(one.name, new) for new, one in zip(inside, named, strict=True))
            return spec.clone(componentType=namedtype.NamedTypes(*fields))
        return spec


def _by_name(types: Mapping[type, Any], *, iot: bool) -> dict[str, Any]:
    """The types by ASN.1 name; of two with the same name, that of SGP.22 gets a prefix."""
    found: dict[str, Any] = {}
    for root, spec in types.items():
        if getattr(root, "hidden", False):
            continue
        name, other = root.__name__, found.get(root.__name__)
        if other is None:
            found[name] = spec
        elif iot:
            found[f"SGP22 {name}"], found[name] = other, spec
    return found


_NAMES = ("1.0.1", "1.1", "1.2", "1.3")
VERSIONS: Mapping[str, Wire] = {name: Wire(name) for name in _NAMES}
"""The versions of SGP.32 that a card can speak, with the functions of an LPA."""
WIRE_1_2 = VERSIONS["1.2"]
NEWEST = VERSIONS[_NAMES[-1]]
"""The version with the most types, for tools that show any message."""
WIRE_CONSUMER = Wire("1.2", iot=False)
"""SGP.22 v2.5 alone."""
_STRICT = {name: Wire(name, strict=True) for name in _NAMES}
WIRES = (WIRE_CONSUMER, *VERSIONS.values(), *_STRICT.values())
"""All wires that a card can have."""


def wire_of(version: str, *, iot: bool = True, strict: bool = False) -> Wire:
    """The wire of a card: a version of SGP.32, or SGP.22 if it is not an IoT card.

    A strict card lacks the functions that only SGP.22 has. Raises KeyError for other versions.
    """
    if not iot:
        return WIRE_CONSUMER
    return (_STRICT if strict else VERSIONS)[version]
