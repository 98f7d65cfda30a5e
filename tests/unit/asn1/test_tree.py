"""Every field of every vector has its name, and the type of a message is found by trying."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx
from support.vectors import entry, sgp32, vector

from apdu.tlv import TlvError, children, tag_bytes, whole
from euicc_sim.asn1.primitives import Asn1Error
from euicc_sim.asn1.tree import MAX_RAW_DEPTH, UNKNOWN, Line, Reading, raw, reading, readings
from euicc_sim.asn1.wire import NEWEST

TYPES = NEWEST.types
NAMES = [one["name"] for one in sgp32()["vectors"]]
BY_HAND = {"ISDR_select_fci"}
"""Vectors whose value is told by tags, not by names."""


def type_of(name: str) -> str:
    return str(entry(name)["type"]).removeprefix("SGP.22 ")


def read_as_told(name: str) -> Reading:
    return reading(type_of(name), TYPES[type_of(name)], vector(name))


def tags(data: bytes) -> list[int]:
    """The tags of all objects, found without any type."""
    found = []
    for item in children(data):
        found.append(item.tag)
        if tag_bytes(item.tag)[0] & 0x20:
            found += tags(data[item.value : item.end])
    return found


def told(value: Any) -> Iterator[tuple[str, Any]]:
    """The names in a vector's value, in order, each with its value when that is a simple one."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from named(key.split(" [")[0], inner)
        case [str(name), inner] if name.isidentifier():
            if not name.startswith("_"):
                yield from named(name, inner)
        case list():
            for inner in value:
                yield from told(inner)


def named(name: str, inner: Any) -> Iterator[tuple[str, Any]]:
    yield name, None if isinstance(inner, dict | list) else inner
    yield from told(inner)


def agrees(line: Line, expected: Any) -> bool:
    value = line.value
    if expected is None or value is None:
        return True
    if isinstance(value, str) and isinstance(expected, int):  # a code: its name, told as a number
        return line.text == f"{value}({expected})"
    if isinstance(value, bytes):
        return bool(value.hex().upper() == expected)
    return bool(value == expected)


def test_every_object_of_every_vector_is_named() -> None:
    for name in NAMES:
        lines = read_as_told(name).lines
        assert [one.tag for one in lines] == tags(vector(name)), name
        faults = [one for one in lines if UNKNOWN in one.names or one.flaw or not one.names]
        assert (name, faults) == (name, [])


def test_the_names_and_values_are_those_that_the_vectors_tell() -> None:
    for name in set(NAMES) - BY_HAND:
        decoded = entry(name)["decoded"]
        found = iter(
            (each, one) for one in read_as_told(name).lines for each in one.names
        )  # what is told comes in this order, with envelopes left out here and there
        for wanted, expected in told(decoded.get("value", decoded)):
            assert any(each == wanted and agrees(one, expected) for each, one in found), wanted


def test_the_answer_to_select_is_named_by_its_tags() -> None:
    lines = read_as_told("ISDR_select_fci").lines
    assert [(f"{one.tag:X}", one.name, one.text) for one in lines] == [
        ("6F", "FCI", ""),
        ("84", "dfName", "A0000005591010FFFFFFFF8900000100"),
        ("A5", "proprietaryData", ""),
        ("9F65", "maximumLengthOfDataField", "FF"),
        ("E0", "isdrProprietaryApplicationTemplate", ""),
        ("82", "svn", "020500 (2.5.0)"),
        ("E1", "isdrProprietaryApplicationTemplateIoT", ""),
        ("80", "euiccConfiguration", "enabledProfile"),
    ]


def test_the_type_of_every_vector_is_found() -> None:
    for name in NAMES:
        found = [one.name for one in readings(TYPES, vector(name))]
        if len(found) == 1:
            assert found == [type_of(name)], name
        else:
            stem = type_of(name).removesuffix("Request").removesuffix("Response")
            assert found == [f"{stem}Request", f"{stem}Response"], name
            assert (
                len(vector(name)) == 6
            )  # one INTEGER or BOOLEAN and nothing to tell them apart by


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("BF5A 03 800100", ["ImmediateEnableRequest", "ImmediateEnableResponse"]),
        ("BF5A 03 8001FF", ["ImmediateEnableRequest"]),
        ("BF5A 03 800105", ["ImmediateEnableResponse"]),
        ("BF5A 03 010100", ["ImmediateEnableRequest"]),
        ("BF30 03 800108", ["NotificationSentRequest"]),
        ("BF65 03 80017F", ["SetDefaultDpAddressResponse"]),
        ("BF3F 03 800131", ["SGP22 SetDefaultDpAddressRequest"]),
        ("BF42 04 80020780", ["IpaeActivationRequest"]),
        ("BF56 00", ["GetCertsRequest"]),
        ("BF2D 00", ["ProfileInfoListRequest"]),
        ("BF2D 02 A000", ["ProfileInfoListResponse"]),
        ("BF77 00", []),
        ("30 03 830100", []),
    ],
)
def test_request_or_response_is_decided_by_what_fits(data: str, names: list[str]) -> None:
    assert [one.name for one in readings(TYPES, hx(data))] == names


def test_an_unknown_field_is_shown_and_costs_the_reading() -> None:
    found = reading("GetRatResponse", TYPES["GetRatResponse"], hx("BF43 08 A000 A704 81020102"))
    assert [(one.depth, one.name, one.text) for one in found.lines[2:]] == [
        (1, UNKNOWN, ""),
        (2, UNKNOWN, "0102"),
    ]
    assert found.lines[2].flaw == "not expected in GetRatResponse"
    assert found.fit == (1, 0)


def test_what_is_missing_is_told_at_the_object_that_lacks_it() -> None:
    found = reading("EimConfigurationData", TYPES["EimConfigurationData"], hx("30 03 830105"))
    assert found.lines[0].flaw == "lacks eimId"
    assert found.fit == (1, 0)


def test_a_field_that_is_there_twice_is_no_field() -> None:
    found = reading("GetCertsRequest", TYPES["GetCertsRequest"], hx("BF56 06 800111 800122"))
    assert [one.name for one in found.lines] == ["GetCertsRequest", "euiccCiPKId", UNKNOWN]
    assert found.lines[2].flaw == "twice or out of order in GetCertsRequest"


def test_a_value_that_does_not_fit_is_shown_in_hex() -> None:
    found = reading("GetEuiccDataResponse", TYPES["GetEuiccDataResponse"], hx("BF3E 04 5A028904"))
    assert (found.lines[1].text, found.fit) == ("8904", (1, 0))


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("EuiccPackageErrorDataSigned", "30 09 800141 810101 020104", "replayError(4)"),
        ("EuiccPackageErrorDataSigned", "30 09 800141 810101 020163", "99"),
        (
            "EuiccMemoryResetRequest",
            "BF64 04 82020284",
            "deleteOperationalProfiles | resetEimConfigData",
        ),
        ("EuiccMemoryResetRequest", "BF64 03 820100", "(none)"),
        ("EuiccMemoryResetRequest", "BF64 04 82020001", "bit 7"),
        ("GetCertsRequest", "BF56 02 8000", "(empty)"),
        ("ImmediateEnableRequest", "BF5A 03 800101", "TRUE"),
        ("SetDefaultDpAddressRequest", "BF65 06 8004 61223FC3", "61223FC3"),
        ("SetDefaultDpAddressRequest", "BF65 05 8003 61C3BC", '"aü"'),
        ("ConfigureImmediateEnable", "30 05 8103 883703", "2.999.3"),
        (
            "IccidOnly",
            "30 0C 5A0A 980010325476981032F4",
            "980010325476981032F4 (digits 8900012345678901234)",
        ),
        ("EUICCInfo1", "BF20 09 8203020500 A900 AA00", ""),
    ],
)
def test_a_value_reads_as_its_type_says(name: str, data: str, text: str) -> None:
    assert reading(name, TYPES[name], hx(data)).lines[-1].text == text


def test_a_bare_object_where_a_choice_has_a_tag_is_read_too() -> None:
    found = reading(
        "GetEimConfigurationDataRequest",
        TYPES["GetEimConfigurationDataRequest"],
        hx("BF55 03 800141"),
    )
    assert [(one.name, one.flaw) for one in found.lines[1:]] == [
        ("searchCriteria eimId", "has no tag A0 around it")
    ]
    assert found.fit == (0, 1)


def test_an_object_with_its_universal_tag_is_read_too() -> None:
    name = "ProfileRollbackRequest"
    found = reading(name, TYPES[name], hx("BF58 03 0101FF"))
    assert [(one.name, one.text, one.flaw) for one in found.lines[1:]] == [
        ("refreshFlag", "TRUE", "has the tag 01 instead of 80")
    ]


def test_what_a_type_leaves_open_is_named_by_universal_tags() -> None:
    name = "VendorSpecificExtensionItem"
    data = hx("30 13 8003 883703 A10C 300A 020105 8001AA 31020500")
    found = reading(name, TYPES[name], data)
    assert [(one.name, one.text) for one in found.lines[2:]] == [
        ("vendorSpecificData", ""),
        ("Any", ""),
        ("INTEGER", "5"),
        ("?", "AA"),
        ("SET", ""),
        ("NULL", "NULL"),
    ]


def test_bare_objects_are_followed_only_so_deep() -> None:
    data = b""
    for _ in range(MAX_RAW_DEPTH + 5):
        data = bytes((0xA0, len(data))) + data
    assert [one.depth for one in raw(data).lines] == list(range(MAX_RAW_DEPTH + 1))


def test_a_bare_object_whose_content_is_none_is_shown_in_hex() -> None:
    assert [one.text for one in raw(hx("A0 02 8105")).lines] == ["8105"]


@pytest.mark.parametrize("data", ["", "BF", "BF3E", "BF3E 05 5A", "BF3E 00 00", "3080 0000"])
def test_bytes_that_are_no_object_are_an_error(data: str) -> None:
    for read in (raw, lambda it: readings(TYPES, it)):
        with pytest.raises(Asn1Error):
            read(hx(data))


def test_an_object_whose_content_cannot_be_read_is_an_error() -> None:
    with pytest.raises(Asn1Error, match="claims 5 bytes"):
        readings(TYPES, hx("BF56 02 8005"))


def test_a_type_that_does_not_begin_with_the_tag_is_an_error() -> None:
    with pytest.raises(Asn1Error, match="GetCertsRequest cannot begin with tag BF55"):
        reading("GetCertsRequest", TYPES["GetCertsRequest"], hx("BF5500"))


@given(st.sampled_from(NAMES), st.data())
def test_any_damage_is_shown_or_refused(name: str, data: st.DataObject) -> None:
    damaged = bytearray(vector(name))
    at = data.draw(st.integers(0, len(damaged) - 1))
    damaged[at] = data.draw(st.integers(0, 255))
    try:
        found = readings(TYPES, bytes(damaged))
    except Asn1Error:
        return
    for one in found:
        assert one.lines[0].depth == 0


@given(st.binary(max_size=40))
def test_any_bytes_are_bare_objects_or_refused(data: bytes) -> None:
    try:
        whole(data)
    except TlvError:
        with pytest.raises(Asn1Error):
            raw(data)
    else:
        assert raw(data).lines[0].tag == whole(data).tag
