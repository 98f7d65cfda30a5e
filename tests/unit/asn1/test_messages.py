"""The messages: every vector both ways, what is tolerated, and every number against the judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyasn1.type import univ
from support.by_name import V1_2, V1_3
from support.eims import spki, tlv, vector_key
from support.hexes import hx
from support.judge import SGP22, SGP32, module
from support.judged_types import LATER_FIELDS, LATER_NAMES
from support.vectors import sgp32

from euicc_sim.asn1.codec import Asn1Error
from euicc_sim.asn1.wire import VERSIONS, WIRE_1_2

ALIASES = {
    "SGP.22 NotificationSentRequest": "NotificationSentRequest",
    "SGP.22 NotificationSentResponse": "NotificationSentResponse",
}
BY_HAND = {"ISDR_select_fci"}
VECTORS = [one["name"] for one in sgp32()["vectors"] if one["name"] not in BY_HAND]
VALUES = {one["name"]: one for one in sgp32()["vectors"]}


def test_every_vector_is_read_and_written_byte_for_byte() -> None:
    for name in VECTORS:
        one = VALUES[name]
        kind = ALIASES.get(one["type"], one["type"])
        raw = bytes.fromhex(one["hex"])
        wire = V1_3 if name.endswith("_v13") else V1_2
        assert wire.encode(kind, wire.decode(kind, raw)) == raw, name


def test_only_the_template_that_is_no_asn1_type_is_left_out() -> None:
    assert len(VECTORS) == len(VALUES) - 1


# -- liberal when receiving, DER when sending


def config(*fields: bytes) -> dict[str, Any]:
    found: dict[str, Any] = V1_2.decode("EimConfigurationData", tlv("30", *fields))
    return found


KEY = spki(vector_key("eim1"))
ID = tlv("80", b"eim")


@pytest.mark.parametrize("inside", [KEY, KEY[2:]], ids=["with its 30", "without"])
def test_a_key_in_its_arm_may_keep_its_30(inside: bytes) -> None:
    found = config(ID, tlv("A5", tlv("A0", inside)))
    assert found["eimPublicKeyData"] == ("eimPublicKey", KEY)
    assert V1_2.encode("EimConfigurationData", found) == tlv(
        "30", ID, tlv("A5", tlv("A0", KEY[2:]))
    )


@pytest.mark.parametrize(
    "raw",
    [
        "A003 800108",
        "9F7F00 A003 800108",
        "A003 800108 9900",
        "9F7F00 A003 800108 BF20 02 0500",
    ],
)
def test_unknown_fields_are_skipped(raw: str) -> None:
    found = V1_2.decode("RetrieveNotificationsListRequest", tlv("BF2B", hx(raw)))
    assert found == {"searchCriteria": ("seqNumber", 8)}


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [ID, ID],
        [tlv("83", b"\0"), ID],
        [ID, tlv("A5")],
        [ID, tlv("A5", tlv("A0", KEY), tlv("A0", KEY))],
        [ID, tlv("A5", tlv("A7"))],
        [ID, hx("83 05 00")],
        [ID, tlv("A5", tlv("A0", hx("30 05")))],
    ],
)
def test_missing_double_and_misplaced_fields_are_refused(fields: list[bytes]) -> None:
    with pytest.raises(Asn1Error):
        config(*fields)


def test_a_value_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(Asn1Error, match="has no field other"):
        V1_2.encode("EimIdInfo", {"eimId": "eim", "other": 1})
    with pytest.raises(Asn1Error, match="lacks eimId"):
        V1_2.encode("EimIdInfo", {})
    with pytest.raises(Asn1Error, match="no alternative other"):
        V1_2.encode("AddEimResult", ("other", 1))


def test_a_default_is_read_and_not_written() -> None:
    found = V1_2.decode("ProfileInfo", hx("E3 04 9F70 01 01"))
    assert found == {"profileState": "enabled", "fallbackAttribute": False}
    assert V1_2.encode("ProfileInfo", found) == hx("E3 04 9F70 01 01")
    shown = V1_2.encode("ProfileInfo", {"fallbackAttribute": True})
    assert shown == hx("E3 04 9F26 01 FF")


def test_an_alternative_is_told_by_its_tag() -> None:
    assert V1_2.alternative("Eco", hx("AB00")) == "listEim"
    assert V1_2.alternative("Psmo", hx("BF2D00")) == "listProfileInfo"
    assert V1_2.alternative("Psmo", hx("AB00")) is None
    assert V1_2.alternative("Psmo", b"") is None


def test_before_v1_1_a_result_is_tied_to_the_signature_of_its_package() -> None:
    old = VERSIONS["1.0.1"]
    assert old.result_suffix(hx("840100"), bytes(64)) == tlv("5F37", bytes(64))
    assert WIRE_1_2.result_suffix(hx("840100"), bytes(64)) == hx("840100")


# -- every number against the judge


MISSPELT = {"undfinedError": "undefinedError"}
"""A name that GSMA's module has wrong in GetCertsResponse."""


def judges_type(name: str) -> Any:
    if name.startswith("SGP22 "):
        return getattr(module(SGP22).RSPDefinitions, name.removeprefix("SGP22 "))
    for path, part in ((SGP32, "SGP32Definitions"), (SGP22, "RSPDefinitions")):
        found = getattr(getattr(module(path), part), name, None)
        if found is not None:
            return found
    return None


def numbers(ours: Any, theirs: Any, path: str) -> Iterator[tuple[str, dict[str, int], Any]]:
    """The named numbers of a type of ours, beside the judge's type in the same place."""
    if isinstance(ours, univ.Choice | univ.Sequence):
        if getattr(ours, "kept_whole", False):
            return
        for one in ours.componentType.namedTypes:
            name = str(one.name)
            if name in LATER_FIELDS and name not in theirs._cont:
                continue
            yield from numbers(one.asn1Object, theirs._cont[name], f"{path}.{name}")
    elif isinstance(ours, univ.SequenceOf):
        yield from numbers(ours.componentType, theirs._cont, f"{path}[]")
    elif isinstance(ours, univ.Boolean):
        return
    elif isinstance(ours, univ.Integer | univ.BitString) and ours.namedValues:
        named = {str(name): int(number) for name, number in ours.namedValues.items()}
        yield path, named, theirs


NUMBERS = [
    found
    for name, ours in WIRE_1_2.types.items()
    if (theirs := judges_type(name)) is not None
    for found in numbers(ours, theirs, name)
]


def test_named_numbers_are_those_of_gsmas_module() -> None:
    for path, ours, theirs in NUMBERS:
        known = {name: number for name, number in ours.items() if name not in LATER_NAMES}
        judged = {MISSPELT.get(name, name): number for name, number in theirs._cont.items()}
        assert (path, known) == (path, judged)


def test_many_types_were_compared() -> None:
    assert len(NUMBERS) > 60
    compared = {path for path, _, _ in NUMBERS}
    assert any("addInitialEimError" in path for path in compared)
    assert any("euiccPackageErrorCode" in path for path in compared)


def test_every_type_with_a_judge_has_the_judges_fields_in_order() -> None:
    for name, ours in WIRE_1_2.types.items():
        theirs = judges_type(name)
        if theirs is None or not isinstance(ours, univ.Choice | univ.Sequence):
            continue
        if getattr(ours, "kept_whole", False) or not ours.componentType:
            continue
        names = [str(one.name) for one in ours.componentType.namedTypes]
        names = [one for one in names if one not in LATER_FIELDS or one in theirs._cont]
        assert names == [one for one in theirs._cont if one in names], name
        assert not set(names) - set(theirs._cont), name
