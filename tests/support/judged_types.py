"""Our ASN.1 types held against those of a judge: modules of GSMA and TCA that pycrate compiled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyasn1.type import constraint, univ

from euicc_sim.asn1.sgp22.common import RspCapability

LATER_NAMES = {
    *("eaka", "iotminimal"),
    *list(RspCapability.namedValues)[6:],
    "installFailedDueToInsufficientMinimumSecurityLevel",
    "installFailedDueToServerAddressAbsentInEuiccAllowList",
}
"""Bits of uiccCapability and rspCapability, and reasons, that are newer than GSMA's modules."""
LATER_FIELDS = {"euiccMinimumSecurityLevel", "highestSvn"}
"""Fields that are newer: `tests/card/test_sgp22_versions.py` has their bytes."""

KEPT = ("kept_whole", "kept_as_is")
"""Marks of types that are passed on as received, so that their fields are not declared."""


def differences(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    """Where a type of ours and one of the judge's are not the same, all that is in them included.

    Compares tags, the names, order and optionality of fields, defaults, sizes and named numbers.
    """
    tags = [(one.tagClass >> 6, one.tagId) for one in reversed(ours.tagSet.superTags)]
    if tags != list(theirs._tagc):
        yield f"{path}: tags {tags}, not {list(theirs._tagc)}"
    if isinstance(ours, univ.Any) or any(getattr(ours, one, False) for one in KEPT):
        return
    if isinstance(ours, univ.Choice | univ.Sequence):
        yield from field_differences(ours, theirs, path)
    elif isinstance(ours, univ.SequenceOf):
        yield from differences(ours.componentType, theirs._cont, f"{path}[]")
    elif isinstance(ours, univ.OctetString) and not isinstance(ours, univ.Null):
        if _size(ours) != (size := _judges_size(theirs)):
            yield f"{path}: size {_size(ours)}, not {size}"
    elif isinstance(ours, univ.Integer | univ.BitString) and not isinstance(ours, univ.Boolean):
        named = {str(one): int(number) for one, number in ours.namedValues.items()}
        known = {one: number for one, number in named.items() if one not in LATER_NAMES}
        if known != dict(theirs._cont or {}):
            yield f"{path}: numbers {known}, not {dict(theirs._cont or {})}"


def field_differences(ours: Any, theirs: Any, path: str) -> Iterator[str]:
    """The same for the fields or alternatives alone."""
    named = {str(one.name): one for one in ours.componentType.namedTypes}
    both = [one for one in theirs._cont if one in named]
    yield from (f"{path}.{one}: lacking" for one in theirs._cont if one not in named)
    yield from (
        f"{path}.{one}: additional"
        for one in named
        if one not in theirs._cont and one not in LATER_FIELDS
    )
    if [one for one in named if one in theirs._cont] != both:
        yield f"{path}: another order of fields"
    for name in both:
        one, their = named[name], theirs._cont[name]
        if bool(one.isOptional) != bool(their._opt):
            yield f"{path}.{name}: optional {bool(one.isOptional)}"
        default = int(one.asn1Object) if one.isDefaulted else None
        if default != their._def:
            yield f"{path}.{name}: default {default}, not {their._def}"
        yield from differences(one.asn1Object, their, f"{path}.{name}")


def _size(ours: Any) -> tuple[int, int] | None:
    found = list(_constraints(ours.subtypeSpec))
    return (found[-1].start, found[-1].stop) if found else None


def _constraints(spec: Any) -> Iterator[Any]:
    if isinstance(spec, constraint.ValueSizeConstraint):
        yield spec
    elif isinstance(spec, constraint.ConstraintsIntersection):
        for one in spec:
            yield from _constraints(one)


def _judges_size(theirs: Any) -> tuple[int, int] | None:
    sizes = getattr(theirs, "_const_sz", None)
    return (sizes.lb, sizes.ub) if sizes is not None else None
