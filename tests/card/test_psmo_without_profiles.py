"""PSMOs on a card that has no Profile: honest answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.eims import LIST_EIM, Eim, ask, eim1, raw_package, read_result, tlv, trust, value_of
from support.hexes import hx

Send = Callable[[bytes], bytes]
ICCID = hx("98001032547698103214")


@pytest.fixture
def eim(send: Send) -> Eim:
    eim = eim1()
    trust(send, eim)
    return eim


@pytest.mark.parametrize(
    ("operation", "fields", "result"),
    [
        ("enable", {"iccid": ICCID}, "enableResult"),
        ("enable", {"iccid": ICCID, "rollbackFlag": 0}, "enableResult"),
        ("disable", {"iccid": ICCID}, "disableResult"),
        ("delete", {"iccid": ICCID}, "deleteResult"),
        ("setFallbackAttribute", {"iccid": ICCID}, "setFallbackAttributeResult"),
    ],
)
def test_no_iccid_is_found(
    send: Send, eim: Eim, operation: str, fields: dict[str, Any], result: str
) -> None:
    assert eim.load(send, (operation, fields)) == [(result, 1)]


def test_there_is_no_fallback_attribute_to_unset(send: Send, eim: Eim) -> None:
    assert eim.load(send, ("unsetFallbackAttribute", {})) == [("unsetFallbackAttributeResult", 2)]


@pytest.mark.parametrize(
    "request_", [{}, {"tagList": hx("5A9F70")}, {"searchCriteria": ("iccid", ICCID)}]
)
def test_the_profile_list_is_empty(send: Send, eim: Eim, request_: dict[str, Any]) -> None:
    assert eim.load(send, ("listProfileInfo", request_)) == [
        ("listProfileInfoResult", ("profileInfoListOk", []))
    ]


def test_a_wrong_criterion_for_the_list_stops_the_package(send: Send, eim: Eim) -> None:
    content = tlv("A0", hx("BF2D 05 A003 9F0100"), hx("A600"))
    answer = ask(send, raw_package(eim, content, counter=1))
    assert read_result(answer).data["euiccResult"] == [
        ("listProfileInfoResult", ("profileInfoListError", 1))
    ]


def test_the_rules_authorisation_table_is_empty(send: Send, eim: Eim) -> None:
    answer = ask(send, eim.package(("getRAT", {})))
    assert hx("30 02 A6 00") in answer


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"immediateEnableFlag": 0},
        {
            "immediateEnableFlag": 0,
            "defaultSmdpOid": (1, 3, 6, 1, 4, 1, 46304),
            "defaultSmdpAddress": "smdp.example.com",
        },
    ],
)
def test_immediate_enable_is_configured(send: Send, eim: Eim, fields: dict[str, Any]) -> None:
    assert eim.load(send, ("configureImmediateEnable", fields)) == [
        ("configureImmediateEnableResult", 0)
    ]


def test_the_default_dp_address_is_set(send: Send, eim: Eim) -> None:
    operation = ("setDefaultDpAddress", {"defaultDpAddress": "smdp.example.com"})
    assert eim.load(send, operation) == [
        ("setDefaultDpAddressResult", {"setDefaultDpAddressResult": 0})
    ]
    assert value_of(ask(send, hx("BF3C00")))["defaultDpAddress"] == "smdp.example.com"


def test_a_default_dp_address_that_is_too_long_stops_the_package(send: Send, eim: Eim) -> None:
    found = eim.load(send, ("setDefaultDpAddress", {"defaultDpAddress": "a" * 256}), ("getRAT", {}))
    assert found == [("setDefaultDpAddressResult", {"setDefaultDpAddressResult": 127})]


def test_operations_before_a_failure_stand(send: Send, eim: Eim) -> None:
    found = eim.load(
        send,
        ("setDefaultDpAddress", {"defaultDpAddress": "smdp.example.com"}),
        ("enable", {"iccid": ICCID}),
        ("getRAT", {}),
    )
    assert [name for name, _ in found] == ["setDefaultDpAddressResult", "enableResult"]
    assert value_of(ask(send, hx("BF3C00")))["defaultDpAddress"] == "smdp.example.com"


def test_a_psmo_leaves_no_notification(send: Send, eim: Eim) -> None:
    eim.load(send, ("enable", {"iccid": ICCID}))
    assert ask(send, hx("BF2800")) == hx("BF28 02 A000")


def test_an_eco_in_a_list_of_psmos_is_unknown(send: Send, eim: Eim) -> None:
    content = tlv("A0", hx("AB00"))
    answer = ask(send, raw_package(eim, content, counter=1))
    assert read_result(answer).data["euiccResult"] == [("processingTerminated", 2)]
    assert eim.load(send, LIST_EIM, counter=2)
