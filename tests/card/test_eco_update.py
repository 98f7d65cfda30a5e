"""updateEim: what is there is merged, what is absent stays."""

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
    unsigned_error,
    vector_key,
)
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]
OK, NOT_FOUND, CI_UNKNOWN, OUT_OF_RANGE, COMMAND_ERROR = 0, 1, 3, 6, 7
REPLAY = 4
NEW_KEY = Eim("eim2.example.com", vector_key("eim1_new"))


@pytest.fixture
def eim(send: Send) -> Eim:
    """An eIM that is trusted beside eim2, whose counter is 50."""
    eim = eim1()
    trust(send, eim, eim2(counter=50), token_wanted=True)
    return eim


@pytest.fixture
def other() -> Eim:
    """The eIM that is updated, as it was trusted."""
    return eim2(counter=50, token=2)


def update(send: Send, eim: Eim, **fields: Any) -> int:
    value = {"eimId": "eim2.example.com"} | fields
    ((name, found),) = eim.load(send, ("updateEim", value))
    assert name == "updateEimResult"
    code: int = found
    return code


def key(eim: Eim) -> tuple[str, Any]:
    found: tuple[str, Any] = eim.configuration()["eimPublicKeyData"]
    return found


def test_only_what_is_named_changes(send: Send, eim: Eim) -> None:
    before = configurations(send)["eim2.example.com"]
    assert update(send, eim, eimFqdn="new.example.com") == OK
    assert configurations(send)["eim2.example.com"] == before | {"eimFqdn": "new.example.com"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eimIdType", 1),
        ("eimSupportedProtocol", (0b11, 2)),
        ("indirectProfileDownload", 0),
        ("eimFqdn", ""),
    ],
)
def test_each_field_can_be_changed(send: Send, eim: Eim, name: str, value: object) -> None:
    assert update(send, eim, **{name: value}) == OK
    assert configurations(send)["eim2.example.com"][name] == value


def test_the_ci_can_be_changed(send: Send, eim: Eim, card: Card, other: Eim) -> None:
    second = card.identity.credentials[1]
    assert update(send, eim, euiccCiPKId=second.ci_pk_id) == OK
    answer = read_result(ask(send, other.package(LIST_EIM)))
    answer.check(second.euicc_certificate, other.token)


def test_the_other_eims_stay_as_they_were(send: Send, eim: Eim) -> None:
    before = configurations(send)["eim1.example.com"]
    update(send, eim, eimFqdn="new.example.com")
    assert configurations(send)["eim1.example.com"] == before


def test_the_place_in_the_list_stays(send: Send, eim: Eim) -> None:
    update(send, eim, eimId="eim1.example.com", eimFqdn="x")
    assert list(configurations(send)) == ["eim1.example.com", "eim2.example.com"]


def test_a_new_key_takes_the_place_of_the_old(send: Send, eim: Eim, other: Eim) -> None:
    assert update(send, eim, eimPublicKeyData=key(NEW_KEY)) == OK
    assert unsigned_error(ask(send, other.package(LIST_EIM)))
    other.key = NEW_KEY.key
    assert other.load(send, LIST_EIM)


def test_the_token_stays(send: Send, eim: Eim) -> None:
    update(send, eim, eimPublicKeyData=key(NEW_KEY), counterValue=0)
    assert configurations(send)["eim2.example.com"]["associationToken"] == 2


def test_a_higher_counter_is_taken(send: Send, eim: Eim, other: Eim) -> None:
    assert update(send, eim, counterValue=60) == OK
    assert error_code(ask(send, other.package(LIST_EIM, counter=60))) == REPLAY
    assert other.load(send, LIST_EIM, counter=61)


def test_an_equal_counter_is_allowed(send: Send, eim: Eim) -> None:
    assert update(send, eim, counterValue=50) == OK


def test_a_lower_counter_without_a_new_key_is_command_error(send: Send, eim: Eim) -> None:
    assert update(send, eim, counterValue=49) == COMMAND_ERROR


def test_a_lower_counter_with_a_new_key_is_taken(send: Send, eim: Eim, other: Eim) -> None:
    assert update(send, eim, counterValue=0, eimPublicKeyData=key(NEW_KEY)) == OK
    other.key = NEW_KEY.key
    assert other.load(send, LIST_EIM, counter=1)


def test_an_unknown_eim_is_not_found(send: Send, eim: Eim) -> None:
    assert update(send, eim, eimId="nobody", eimFqdn="x") == NOT_FOUND


@pytest.mark.parametrize("token", [-1, 0, 2, 5])
def test_a_token_cannot_be_updated(send: Send, eim: Eim, token: int) -> None:
    assert update(send, eim, associationToken=token, eimFqdn="x") == COMMAND_ERROR


def test_nothing_to_change_is_command_error(send: Send, eim: Eim) -> None:
    assert update(send, eim) == COMMAND_ERROR


@pytest.mark.parametrize("counter", [-1, 8388608])
def test_a_counter_out_of_range_is_refused(send: Send, eim: Eim, counter: int) -> None:
    assert update(send, eim, counterValue=counter, eimPublicKeyData=key(NEW_KEY)) == OUT_OF_RANGE


def test_an_unknown_ci_is_refused(send: Send, eim: Eim) -> None:
    assert update(send, eim, euiccCiPKId=bytes(20)) == CI_UNKNOWN


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"eimId": "nobody", "associationToken": 1}, NOT_FOUND),
        ({"associationToken": 1, "counterValue": -1}, COMMAND_ERROR),
        ({"counterValue": -1, "euiccCiPKId": b"x"}, OUT_OF_RANGE),
        ({"counterValue": 1, "euiccCiPKId": b"x"}, COMMAND_ERROR),
    ],
)
def test_the_first_failing_check_decides(
    send: Send, eim: Eim, fields: dict[str, Any], expected: int
) -> None:
    before = ask(send, hx("BF5500"))
    assert update(send, eim, **fields) == expected
    assert ask(send, hx("BF5500")) == before


@pytest.mark.parametrize("content", ["A504 A0023000", "A500", "8300", "A604 A0020500", "A602 A000"])
def test_an_unreadable_field_is_command_error(send: Send, eim: Eim, content: str) -> None:
    operation = tlv("AA", tlv("80", b"eim2.example.com"), hx(content))
    answer = ask(send, raw_package(eim, tlv("A1", operation), counter=1))
    assert read_result(answer).data["euiccResult"] == [("updateEimResult", COMMAND_ERROR)]


def test_an_eim_updates_itself_and_its_result_is_signed_as_before(
    send: Send, eim: Eim, card: Card
) -> None:
    first, second = card.identity.credentials
    package = eim.package(
        ("updateEim", {"eimId": eim.name, "euiccCiPKId": second.ci_pk_id, "eimFqdn": "x"})
    )
    read_result(ask(send, package)).check(first.euicc_certificate, eim.token)
    read_result(ask(send, eim.package(LIST_EIM))).check(second.euicc_certificate, eim.token)


def test_an_own_lowered_counter_ends_as_that_of_the_package(send: Send) -> None:
    """Reading OWN_UPDATE_KEEPS_PACKAGE_COUNTER: the counter is written after the operations."""
    old = eim1(counter=5)
    trust(send, old)
    new = Eim(old.name, vector_key("eim1_new"), counter=6)
    assert update(send, old, eimId=old.name, counterValue=2, eimPublicKeyData=key(new)) == OK
    assert error_code(ask(send, new.package(LIST_EIM, counter=6))) == REPLAY
    assert new.load(send, LIST_EIM, counter=7)


def test_an_own_raised_counter_ends_as_that_of_the_package(send: Send) -> None:
    """Otherwise an eIM that raises its counter would have skipped its own next packages."""
    eim = eim1(counter=5)
    trust(send, eim)
    assert update(send, eim, eimId=eim.name, counterValue=50) == OK
    assert error_code(ask(send, eim.package(LIST_EIM, counter=6))) == REPLAY
    assert eim.load(send, LIST_EIM, counter=7)
