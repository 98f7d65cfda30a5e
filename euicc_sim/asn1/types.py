"""The bases of all ASN.1 types: pyasn1's own, which know as well what their values are in Python.

`class GetCertsRequest(Sequence[GetCertsRequestValue])` is the ASN.1 and, for mypy, stands for its
values. Knows no message.
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
"""The value of a SEQUENCE OF: a list when it was read, any row when it is to be written."""


class Nothing(TypedDict):
    """The value of a SEQUENCE without fields."""


class Type(Generic[V_co]):
    """An ASN.1 type whose values are V.

    `root` is the type that this one takes the place of in other versions of the standard, or the
    type itself: a version's own is a subclass of the one that it replaces. `hidden` types are how
    the card looks at a message; nobody is offered them by name.
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
    """A CHOICE; V is a union of pairs, the alternative's name and its value."""


class SequenceOf(univ.SequenceOf, Type[V_co]):
    """A SEQUENCE OF; V is a ListOf."""


_BASES: set[type] = {Sequence, Choice, SequenceOf}


class Prepared(bytes):
    """An object already encoded, which is put in its place unchanged."""

    __slots__ = ()


def prepared(_: type[Type[V]], encoded: bytes) -> V:
    """An object of that type, already encoded, in the place of its value: to be written only."""
    return cast("V", Prepared(encoded))
