"""What an accepted package does: operations in order, the first failure stops, a signed result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.eims import (
    LIST_EIM,
    Eim,
    ask,
    configurations,
    eim1,
    eim2,
    error_code,
    raw_package,
    read_result,
    tlv,
    trust,
)
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]


@pytest.fixture
def eim(send: Send) -> Eim:
    eim = eim1()
    trust(send, eim)
    return eim


def add(other: Eim, **fields: Any) -> tuple[str, Any]:
    return "addEim", other.configuration(**fields)


def delete(name: str) -> tuple[str, Any]:
    return "deleteEim", {"eimId": name}


def results(send: Send, package: bytes) -> list[Any]:
    found: list[Any] = read_result(ask(send, package)).data["euiccResult"]
    return found


def test_a_result_has_the_fields_of_its_package_and_a_number(send: Send, eim: Eim) -> None:
    answer = ask(send, eim.package(("deleteEim", {"eimId": "nobody"})))
    assert answer[: -64 - 3] == hx("BF51 64 A0 62 30 1D 80 10") + b"eim1.example.com" + hx(
        "81 01 01 83 01 01 30 03 89 01 01"
    )


def test_a_result_is_signed_by_the_card(send: Send, eim: Eim, card: Card) -> None:
    answer = read_result(ask(send, eim.package(LIST_EIM)))
    answer.check(card.identity.credentials[0].euicc_certificate)


def test_an_empty_list_has_an_empty_result(send: Send, eim: Eim) -> None:
    assert results(send, raw_package(eim, tlv("A1"), counter=1)) == []
    assert results(send, raw_package(eim, tlv("A0"), counter=2)) == []


def test_operations_run_in_order(send: Send, eim: Eim) -> None:
    found = eim.load(send, LIST_EIM, add(eim2()), LIST_EIM, delete("eim2.example.com"), LIST_EIM)
    assert [name for name, _ in found] == [
        "listEimResult",
        "addEimResult",
        "listEimResult",
        "deleteEimResult",
        "listEimResult",
    ]
    lists = [value[1] for name, value in found if name == "listEimResult"]
    assert [len(one) for one in lists] == [1, 2, 1]


def test_the_first_failure_stops_the_list(send: Send, eim: Eim) -> None:
    found = eim.load(send, add(eim2()), delete("nobody"), delete("eim2.example.com"), LIST_EIM)
    assert found == [("addEimResult", ("addEimResultCode", 0)), ("deleteEimResult", 1)]


def test_what_was_done_before_a_failure_stays_done(send: Send, eim: Eim) -> None:
    eim.load(send, add(eim2()), delete("nobody"))
    assert list(configurations(send)) == ["eim1.example.com", "eim2.example.com"]


def test_a_failed_operation_uses_up_the_counter(send: Send, eim: Eim) -> None:
    package = eim.package(delete("nobody"))
    assert results(send, package) == [("deleteEimResult", 1)]
    assert error_code(ask(send, package)) == 4


def test_a_token_is_a_success_and_the_list_goes_on(send: Send, eim: Eim) -> None:
    found = eim.load(send, add(eim2(), associationToken=-1), LIST_EIM)
    assert [name for name, _ in found] == ["addEimResult", "listEimResult"]


def test_deleting_the_last_eim_is_a_success_and_the_list_goes_on(send: Send, eim: Eim) -> None:
    found = eim.load(send, delete(eim.name), LIST_EIM)
    assert found == [("deleteEimResult", 2), ("listEimResult", ("eimIdList", []))]


@pytest.mark.parametrize(
    ("arm", "operation"),
    [
        ("A1", "AC00"),
        ("A1", "3000"),
        ("A1", "A300"),
        ("A0", "AB00"),
        ("A0", "AF00"),
        ("A0", "A300"),
        ("A0", "A302 5A00"),
        ("A0", "A40B 5A09 980010325476981032"),
        ("A1", "8B00"),
    ],
)
def test_an_unknown_or_damaged_operation_ends_the_list(
    send: Send, eim: Eim, arm: str, operation: str
) -> None:
    package = raw_package(eim, tlv(arm, hx(operation), hx("AB00")), counter=1)
    assert results(send, package) == [("processingTerminated", 2)]


def test_an_operation_that_is_refused_is_an_event_that_is_a_refusal(
    send: Send, eim: Eim, card: Card
) -> None:
    package = raw_package(eim, tlv("A0", hx("A4 0C 5A0A 98001032547698103214")), counter=1)
    card.take_events()
    assert results(send, package) == [("disableResult", 1)]
    (event,) = card.take_events()
    assert event.refused
    assert "disable: iccidOrAidNotFound, there is no Profile with ICCID" in event.text


def test_an_unknown_operation_is_an_event_that_is_a_refusal(
    send: Send, eim: Eim, card: Card
) -> None:
    package = raw_package(eim, tlv("A1", hx("AB00"), hx("AC00")), counter=1)
    card.take_events()
    assert results(send, package)[-1] == ("processingTerminated", 2)
    (event,) = card.take_events()
    assert (event.name, event.refused) == ("LoadEuiccPackage", True)
    assert "; unknownOrDamagedCommand: " in event.text


def test_an_unknown_operation_comes_in_the_place_of_its_result(send: Send, eim: Eim) -> None:
    content = tlv("A1", hx("AB00"), hx("AC00"), hx("AB00"))
    found = results(send, raw_package(eim, content, counter=1))
    assert [name for name, _ in found] == ["listEimResult", "processingTerminated"]


def test_a_package_of_an_eim_that_is_gone_gets_an_unsigned_error(send: Send, eim: Eim) -> None:
    other = eim2()
    eim.load(send, add(other))
    eim.load(send, delete(other.name))
    assert ask(send, other.package(LIST_EIM)) == hx("BF51 14 A212 8010") + b"eim2.example.com"


def test_eims_never_touch_each_other(send: Send, eim: Eim) -> None:
    other = eim2()
    eim.load(send, add(other))
    for _ in range(3):
        eim.load(send, LIST_EIM)
    assert other.load(send, LIST_EIM)
    assert eim.counter == 4
    assert error_code(ask(send, other.package(LIST_EIM, counter=1))) == 4
    assert eim.load(send, LIST_EIM)


def test_a_long_list_of_operations_is_answered_whole(send: Send, eim: Eim) -> None:
    found = eim.load(send, *[LIST_EIM] * 200)
    assert len(found) == 200
