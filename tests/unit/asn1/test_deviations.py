"""Wrong forms that the decoder understands when it is to note them, and what it notes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hexes import hx
from support.vectors import sgp32

from euicc_sim.asn1 import codec
from euicc_sim.asn1.deviations import Deviations, Form
from euicc_sim.asn1.primitives import Asn1Error
from euicc_sim.asn1.wire import NEWEST

ALIASES = {
    "SGP.22 NotificationSentRequest": "NotificationSentRequest",
    "SGP.22 NotificationSentResponse": "NotificationSentResponse",
}
ICCID = "5A0A 98001032547698103214"
A = bytes.fromhex(ICCID[5:])


def read(kind: str, data: str | bytes) -> tuple[Any, list[tuple[str, str, str]]]:
    """The value, and the deviations: place, form, and the rest of the sentence."""
    seen = Deviations()
    raw = hx(data) if isinstance(data, str) else data
    value = codec.decode(NEWEST.types[kind], raw, seen)
    return value, [(one.place, one.form.value, one.what) for one in seen]


SEARCH = "RetrieveNotificationsListRequest"
PROFILES = "ProfileInfoListRequest"
NUMBER_1 = {"searchCriteria": ("seqNumber", 1)}
ENABLED = {"profileIdentifier": ("iccid", A), "refreshFlag": True}

WRONG: dict[str, tuple[str, str, Any, list[tuple[str, str, str]]]] = {
    "a CHOICE without its tag": (
        SEARCH,
        "BF2B 03 800101",
        NUMBER_1,
        [("searchCriteria.seqNumber", "bare", "has no tag A0 around it")],
    ),
    "a CHOICE in a SEQUENCE": (
        SEARCH,
        "BF2B 05 3003 800101",
        NUMBER_1,
        [("searchCriteria.seqNumber", "tagged", "has the tag 30 instead of A0")],
    ),
    "a field in a wrapper that nobody knows": (
        "ListNotificationRequest",
        "BF28 06 A004 81020780",
        {"profileManagementOperation": frozenset({0})},
        [
            (
                "profileManagementOperation",
                "wrapped",
                "is inside an object A0, which its type does not have",
            )
        ],
    ),
    "an ICCID without the criterion's tag": (
        PROFILES,
        f"BF2D 0C {ICCID}",
        {"searchCriteria": ("iccid", A)},
        [("searchCriteria.iccid", "bare", "has no tag A0 around it")],
    ),
    "a CHOICE in a wrapper, and something after it": (
        "DeleteProfileRequest",
        f"BF33 11 A00C {ICCID} 810100",
        ("iccid", A),
        [
            ("iccid", "wrapped", "is inside an object A0, which its type does not have"),
            ("", "unknown", "has an object 81 of no field"),
        ],
    ),
    "a universal tag": (
        "ProfileRollbackRequest",
        "BF58 03 0101FF",
        {"refreshFlag": True},
        [("refreshFlag", "tagged", "has the tag 01 instead of 80")],
    ),
    "a universal tag of a string": (
        "SetDefaultDpAddressRequest",
        "BF65 03 0C0161",
        {"defaultDpAddress": "a"},
        [("defaultDpAddress", "tagged", "has the tag 0C instead of 80")],
    ),
    "a BOOLEAN that is 01": (
        "EnableProfileRequest",
        f"BF31 11 A00C {ICCID} 810101",
        ENABLED,
        [("refreshFlag", "value", "is 01, which is FF in DER")],
    ),
    "an INTEGER with needless zeros": (
        "NotificationSentRequest",
        "BF30 04 80020001",
        {"seqNumber": 1},
        [("seqNumber", "value", "is 0001, which is 01 in DER")],
    ),
    "a BIT STRING with needless bits": (
        "ListNotificationRequest",
        "BF28 04 81020480",
        {"profileManagementOperation": frozenset({0})},
        [("profileManagementOperation", "zeros", "is 0480, which is 0780 in DER")],
    ),
    "a BIT STRING whose unused bits are set": (
        "ListNotificationRequest",
        "BF28 04 810207FF",
        {"profileManagementOperation": frozenset({0})},
        [("profileManagementOperation", "value", "is 07FF, which is 0780 in DER")],
    ),
    "an OBJECT IDENTIFIER with needless bytes": (
        "ConfigureImmediateProfileEnablingRequest",
        "BF59 05 8103 80880A",
        {"defaultSmdpOid": "2.954"},
        [("defaultSmdpOid", "value", "is 80880A, which is 880A in DER")],
    ),
    "a long length of the request": (
        PROFILES,
        "BF2D 81 03 5C015A",
        {"tagList": b"\x5a"},
        [("", "length", "has the length 8103, which is 03 in DER")],
    ),
    "a long length inside": (
        PROFILES,
        "BF2D 05 5C820001 5A",
        {"tagList": b"\x5a"},
        [("tagList", "length", "has the length 820001, which is 01 in DER")],
    ),
    "a tag with needless bytes": (
        PROFILES,
        "BF2D 04 5F1C015A",
        {"tagList": b"\x5a"},
        [("tagList", "tag", "has the tag 5F1C, which is 5C in DER")],
    ),
    "fields in the wrong order": (
        "EnableProfileRequest",
        f"BF31 11 8101FF A00C {ICCID}",
        ENABLED,
        [("profileIdentifier", "order", "comes after refreshFlag")],
    ),
    "an unknown object before a field": (
        SEARCH,
        "BF2B 08 9F7F00 A003 800101",
        NUMBER_1,
        [("", "unknown", "has an object 9F7F of no field before searchCriteria")],
    ),
    "a default value": (
        "StoreMetadataRequest",
        f"BF25 15 {ICCID} 910141 920142 950102",
        None,
        [("profileClass", "default", "is the default value, which is left out in DER")],
    ),
    "something wrong deep inside": (
        "AddInitialEimRequest",
        "BF57 0D A00B 3009 800141 83020001 8900",
        {
            "eimConfigurationDataList": [
                {"eimId": "A", "counterValue": 1, "indirectProfileDownload": None}
            ]
        },
        [("eimConfigurationDataList.counterValue", "value", "is 0001, which is 01 in DER")],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_form_is_understood_and_noted(name: str) -> None:
    kind, data, value, noted = WRONG[name]
    found = read(kind, data)
    assert found[1] == noted
    if value is not None:
        assert found[0] == value


def test_every_kind_of_wrong_form_is_here() -> None:
    """MORE is what follows a request; dispatch notes it."""
    forms = {form for *_, noted in WRONG.values() for _, form, _ in noted}
    assert forms == set(Form) - {Form.MORE}


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (SEARCH, "BF2B 06 800101 800102"),
        (SEARCH, "BF2B 08 A003800101 800102"),
        (SEARCH, "BF2B 08 A006 800101 800102"),
        (SEARCH, "BF2B 0A A003800101 A003800102"),
        (PROFILES, f"BF2D 0F {ICCID} 950102"),
        (PROFILES, "BF2D 80 5C015A 0000"),
        ("EnableProfileRequest", f"BF31 0E A00C {ICCID}"),
        ("DeleteProfileRequest", f"BF33 18 {ICCID} {ICCID}"),
        ("DeleteProfileRequest", f"BF33 10 A00E {ICCID} 8100"),
        ("NotificationSentRequest", "BF30 00"),
    ],
)
def test_what_is_ambiguous_or_missing_is_not_understood(kind: str, data: str) -> None:
    with pytest.raises(Asn1Error):
        read(kind, data)


@pytest.mark.parametrize(
    "data",
    [
        "BF2B 07 A003800101 9900",
        "BF2B 0A A003800101 3003800102",
        "BF2B 0A A003800101 BF2002 0500",
        "BF2B 02 9900",
    ],
)
def test_what_a_later_version_adds_at_the_end_is_no_deviation(data: str) -> None:
    assert read(SEARCH, data)[1] == []


VECTORS = {
    one["name"]: (ALIASES.get(one["type"], one["type"]), bytes.fromhex(one["hex"]))
    for one in sgp32()["vectors"]
    if one["type"] in ALIASES or one["type"] in NEWEST.types
}


def test_nothing_is_noted_of_what_is_right() -> None:
    for name, (kind, data) in VECTORS.items():
        assert read(kind, data) == (codec.decode(NEWEST.types[kind], data), []), name
    assert len(VECTORS) > 100


@given(st.sampled_from(sorted(VECTORS)), st.data())
def test_what_is_read_without_noting_is_read_the_same_with_it(
    name: str, data: st.DataObject
) -> None:
    kind, raw = VECTORS[name]
    damaged = bytearray(raw)
    damaged[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        value = codec.decode(NEWEST.types[kind], bytes(damaged))
    except Asn1Error:
        return
    found, noted = read(kind, bytes(damaged))
    assert noted or found == value
