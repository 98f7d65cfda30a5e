"""The certificates of RFC 5280 for our codec, and names for OBJECT IDENTIFIERs.

The types are those of pyasn1_modules, rebuilt from what the codec supports: SET as SEQUENCE, and a
BIT STRING without names as octets. For displaying certificates; nothing is verified here.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pyasn1.type import namedtype, univ
from pyasn1_modules import rfc5280, rfc5480

_ROLES = ("ci", "euicc", "eum", "dp-tls", "dp-auth", "dp-pb", "ds-tls", "ds-auth")


class BitOctets(univ.OctetString):
    """A BIT STRING of octets: the first content byte is the number of unused bits."""


@cache
def certificate_part(kind: type[Any]) -> Any:
    """A type that inherits from one of RFC 5280, such as our Certificate; None for others."""
    origin = next((one for one in kind.__mro__ if one.__module__ == rfc5280.__name__), None)
    return None if origin is None else readable(origin())


@cache
def extension(oid: str) -> Any:
    """The type of a certificate extension's value, None if RFC 5280 has none."""
    spec = rfc5280.certificateExtensionsMap.get(univ.ObjectIdentifier(oid))
    return None if spec is None else readable(spec)


def readable(spec: Any) -> Any:
    """The type rebuilt from what our codec supports, with the same names and tags."""
    if isinstance(spec, univ.Choice):
        return _rebuilt(univ.Choice, spec, _fields(spec))
    if isinstance(spec, univ.SequenceAndSetBase):
        return _rebuilt(univ.Sequence, spec, _fields(spec))
    if isinstance(spec, univ.SequenceOfAndSetOfBase):
        return _rebuilt(univ.SequenceOf, spec, readable(spec.componentType))
    if isinstance(spec, univ.BitString) and not len(spec.namedValues):
        return _rebuilt(BitOctets, spec, None)
    return spec


def _rebuilt(base: type, spec: Any, component: Any) -> Any:
    content = {} if component is None else {"componentType": component}
    return type(type(spec).__name__, (base,), {"tagSet": spec.tagSet, **content})()


def _fields(spec: Any) -> namedtype.NamedTypes:
    return namedtype.NamedTypes(
        *(
            (
                namedtype.OptionalNamedType
                if one.isOptional or one.isDefaulted
                else namedtype.NamedType
            )(one.name, readable(one.asn1Object))
            for one in spec.componentType.namedTypes
        )
    )


def oid_name(dotted: str) -> str:
    """The name of an OBJECT IDENTIFIER in RFC 5280, RFC 5480 or SGP.14, "" if unknown."""
    return _oid_names().get(dotted, "")


@cache
def _oid_names() -> dict[str, str]:
    found = {
        str(one): name.replace("_", "-")
        for module in (rfc5480, rfc5280)
        for name, one in vars(module).items()
        if isinstance(one, univ.ObjectIdentifier) and len(one)
    }
    found["1.3.36.3.3.2.8.1.1.7"] = "brainpoolP256r1"
    found |= {f"2.23.146.1.2.1.{n}": f"id-rspRole-{role}" for n, role in enumerate(_ROLES)}
    return found
