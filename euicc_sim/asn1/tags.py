"""Helpers to declare ASN.1 types with pyasn1: one line per field or tag."""

from typing import Any

from pyasn1.type import char, constraint, namedtype, namedval, tag, univ

from euicc_sim.asn1.primitives import AllBits, Codes

_CLASSES = {
    "context": tag.tagClassContext,
    "application": tag.tagClassApplication,
    "private": tag.tagClassPrivate,
}


def implicit(number: int, of: Any, cls: str = "context") -> Any:
    """`[number] IMPLICIT of`; what AUTOMATIC TAGS gives to every type but CHOICE."""
    return of.subtype(implicitTag=tag.Tag(_CLASSES[cls], tag.tagFormatSimple, number))


def explicit(number: int, of: Any, cls: str = "context") -> Any:
    """`[number] EXPLICIT of`; what AUTOMATIC TAGS gives to a CHOICE."""
    return of.subtype(explicitTag=tag.Tag(_CLASSES[cls], tag.tagFormatConstructed, number))


def application(number: int, of: Any) -> Any:
    """`[APPLICATION number] IMPLICIT of`."""
    return implicit(number, of, "application")


def private(number: int, of: Any) -> Any:
    """`[PRIVATE number] IMPLICIT of`."""
    return implicit(number, of, "private")


def context(number: int) -> Any:
    """The tag set of a SEQUENCE that is `[number] IMPLICIT`."""
    return univ.Sequence.tagSet.tagImplicitly(
        tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, number)
    )


def choice_context(number: int) -> Any:
    """The tag set of a CHOICE that is `[number] EXPLICIT`."""
    return univ.Choice.tagSet.tagExplicitly(
        tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, number)
    )


class _Fields(namedtype.NamedTypes):
    """Components without pyasn1's maps of tags and positions, which cost most of a declaration.

    Our codec reads `namedTypes` alone; whoever needs the rest, such as pyasn1's own decoder, gets
    all of it at the first touch.
    """

    def __init__(self, *named: namedtype.NamedType) -> None:
        self._NamedTypes__namedTypes = named

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_NamedTypes__"):
            raise AttributeError(name)
        super().__init__(*self._NamedTypes__namedTypes)
        return vars(self)[name]

    def __len__(self) -> int:
        return len(self._NamedTypes__namedTypes)

    def __bool__(self) -> bool:
        return bool(self._NamedTypes__namedTypes)


def fields(*named: tuple[str, Any] | namedtype.NamedType) -> namedtype.NamedTypes:
    """The components of a SEQUENCE or CHOICE; a bare pair is mandatory."""
    return _Fields(
        *(
            one if isinstance(one, namedtype.NamedType) else namedtype.NamedType(*one)
            for one in named
        )
    )


def named(of: Any) -> list[Any]:
    """The components of a SEQUENCE or CHOICE, for another version of it."""
    return list(of.componentType.namedTypes)


def optional(name: str, of: Any) -> namedtype.NamedType:
    """A component that may be absent."""
    return namedtype.OptionalNamedType(name, of)


def default(name: str, of: Any) -> namedtype.NamedType:
    """A component with a DEFAULT, which is the value of `of`."""
    return namedtype.DefaultedNamedType(name, of)


def size(low: int, high: int | None = None) -> constraint.ValueSizeConstraint:
    """`SIZE (low..high)`: octets or characters."""
    return constraint.ValueSizeConstraint(low, low if high is None else high)


def sequence_of(of: Any) -> Any:
    """`SEQUENCE OF of`."""
    return univ.SequenceOf(componentType=of)


def codes(**named: int) -> Codes:
    """An INTEGER decoded as a name, such as a result code, and encoded from it."""
    return Codes(namedValues=namedval.NamedValues(*named.items()))


def numbers(**named: int) -> univ.Integer:
    """An INTEGER with names, but decoded as a number, to be stored or compared."""
    return univ.Integer(namedValues=namedval.NamedValues(*named.items()))


def older(newer: Any, **instead: str) -> Any:
    """The codes of an earlier version, without these, each of which is replaced by another one."""
    kept = [(name, value) for name, value in newer.namedValues.items() if name not in instead]
    kind = type("OlderCodes", (Codes,), {"instead": instead})
    return kind(namedValues=namedval.NamedValues(*kept))


def bits(*names: str) -> univ.BitString:
    """A BIT STRING with named bits; the first is bit 0."""
    return univ.BitString(namedValues=namedval.NamedValues(*((n, i) for i, n in enumerate(names))))


def all_bits(*names: str) -> AllBits:
    """A BIT STRING with named bits that is written whole, with its zeros at the end."""
    return AllBits(namedValues=namedval.NamedValues(*((n, i) for i, n in enumerate(names))))


def octets(low: int, high: int | None = None) -> Any:
    """An OCTET STRING of `low` to `high` octets."""
    return univ.OctetString().subtype(subtypeSpec=size(low, high))


def utf8(low: int, high: int) -> Any:
    """A UTF8String of `low` to `high` characters."""
    return char.UTF8String().subtype(subtypeSpec=size(low, high))


def private_use(number: int) -> Any:
    """The tag set of a SEQUENCE that is `[PRIVATE number] IMPLICIT`."""
    return univ.Sequence.tagSet.tagImplicitly(
        tag.Tag(tag.tagClassPrivate, tag.tagFormatConstructed, number)
    )


def result(name: str, **named: int) -> namedtype.NamedTypes:
    """The single field of many answers, [0]: ok, undefinedError and the codes in between."""
    return fields((name, implicit(0, codes(ok=0, **named, undefinedError=127))))


def carried(tag_set: Any) -> Any:
    """A SEQUENCE or CHOICE with these tags, passed on as received."""
    return type("Carried", (univ.Sequence,), {"tagSet": tag_set, "kept_as_is": True})()
