"""The base classes of all ASN.1 types: those of pyasn1, with the type of their values in Python.

`class GetCertsRequest(Sequence[GetCertsRequestValue])` declares the ASN.1 and, for mypy, the type
of the values. Knows no particular message.
"""

from __future__ import annotations

import collections.abc
from typing import Any, ClassVar, Generic, TypedDict, TypeVar, cast

from pyasn1.type import univ

from euicc_sim.asn1.primitives import UnknownCode

__all__ = [
    "Choice",
    "ListOf",
    "Nothing",
    "Prepared",
    "Sequence",
    "SequenceOf",
    "Type",
    "UnknownCode",
    "prepared",
]

V_co = TypeVar("V_co", covariant=True)
V = TypeVar("V")

ListOf = collections.abc.Sequence
"""The value of a SEQUENCE OF: a list when decoded; any sequence can be encoded."""


class Nothing(TypedDict):
    """The value of a SEQUENCE without fields."""


class Type(Generic[V_co]):
    """An ASN.1 type with values of type V.

    `root` is the type that this one replaces in other versions of the standard, or the type itself:
    a version's own type is a subclass of the one that it replaces. `hidden` types are the card's
    view of a message, and are not offered by name.
    """

    root: ClassVar[type[Type[Any]]]
    hidden: ClassVar[bool] = False

    def __init_subclass__(cls, **others: Any) -> None:
        """Find the root."""
        super().__init_subclass__(**others)
        replaces = getattr(cls.__base__, "root", None)
        cls.root = cls if replaces is None or cls.__base__ in _BASES else replaces


class Sequence(univ.Sequence, Type[V_co]):
    """A SEQUENCE; V is a TypedDict."""


class Choice(univ.Choice, Type[V_co]):
    """A CHOICE; V is a union of pairs of an alternative's name and value."""


class SequenceOf(univ.SequenceOf, Type[V_co]):
    """A SEQUENCE OF; V is a ListOf."""


_BASES: set[type] = {Sequence, Choice, SequenceOf}


class Prepared(bytes):
    """An encoded object, which is inserted unchanged."""

    __slots__ = ()


def prepared(_: type[Type[V]], encoded: bytes) -> V:
    """An encoded object of that type, in place of a value; only for encoding."""
    return cast("V", Prepared(encoded))
