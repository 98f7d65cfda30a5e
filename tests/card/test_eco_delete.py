"""deleteEim and listEim."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import (
    LIST_EIM,
    Eim,
    add_initial,
    ask,
    configurations,
    eim1,
    eim2,
    raw_package,
    read_result,
    stored_results,
    tlv,
    trust,
    unsigned_error,
)
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]
OK, NOT_FOUND, LAST_DELETED, COMMAND_ERROR = 0, 1, 2, 7


@pytest.fixture
def eim(send: Send) -> Eim:
    eim = eim1()
    trust(send, eim, eim2(), token_wanted=True)
    return eim


def delete(name: str) -> tuple[str, dict[str, str]]:
    return "deleteEim", {"eimId": name}


def test_another_eim_is_deleted(send: Send, eim: Eim) -> None:
    assert eim.load(send, delete("eim2.example.com")) == [("deleteEimResult", OK)]
    assert list(configurations(send)) == [eim.name]


def test_an_eim_deletes_itself_while_others_remain(send: Send, eim: Eim) -> None:
    assert eim.load(send, delete(eim.name)) == [("deleteEimResult", OK)]
    assert list(configurations(send)) == ["eim2.example.com"]


def test_the_last_one_deletes_itself(send: Send, eim: Eim) -> None:
    eim.load(send, delete("eim2.example.com"))
    assert eim.load(send, delete(eim.name)) == [("deleteEimResult", LAST_DELETED)]
    assert configurations(send) == {}


def test_the_result_of_a_deleted_eim_is_signed_with_its_token(
    send: Send, eim: Eim, card: Card
) -> None:
    answer = ask(send, eim.package(delete(eim.name)))
    assert eim.token == 1
    read_result(answer).check(card.identity.credentials[0].euicc_certificate, 1)
    assert stored_results(send) == [answer]


def test_the_results_of_a_deleted_eim_stay(send: Send, eim: Eim) -> None:
    other = eim2(token=2)
    answer = ask(send, other.package(LIST_EIM))
    eim.load(send, delete(other.name))
    assert stored_results(send)[0] == answer


def test_a_deleted_eim_is_unknown_and_its_token_is_not_shown(send: Send, eim: Eim) -> None:
    other = eim2(token=2)
    eim.load(send, delete(other.name))
    assert unsigned_error(ask(send, other.package(LIST_EIM))) == {"eimId": other.name}


def test_an_unknown_eim_is_not_found(send: Send, eim: Eim) -> None:
    assert eim.load(send, delete("nobody")) == [("deleteEimResult", NOT_FOUND)]


def test_eim_ids_are_compared_byte_for_byte(send: Send, eim: Eim) -> None:
    assert eim.load(send, delete("EIM2.example.com")) == [("deleteEimResult", NOT_FOUND)]


@pytest.mark.parametrize("operation", ["A900", "A902 8101", "A903 8001FF"])
def test_no_eim_id_is_command_error(send: Send, eim: Eim, operation: str) -> None:
    answer = ask(send, raw_package(eim, tlv("A1", hx(operation)), counter=1))
    assert read_result(answer).data["euiccResult"] == [("deleteEimResult", COMMAND_ERROR)]


def test_deleting_twice_in_one_package_fails_the_second_time(send: Send, eim: Eim) -> None:
    name = "eim2.example.com"
    assert eim.load(send, delete(name), delete(name)) == [
        ("deleteEimResult", OK),
        ("deleteEimResult", NOT_FOUND),
    ]


def test_all_eims_are_deleted_in_one_package(send: Send, eim: Eim) -> None:
    found = eim.load(send, delete(eim.name), delete("eim2.example.com"))
    assert found == [("deleteEimResult", OK), ("deleteEimResult", LAST_DELETED)]
    assert ask(send, add_initial(eim1().configuration())) == hx("BF57 04 A002 0500")


# -- listEim


def test_the_list_names_every_eim_in_order(send: Send, eim: Eim) -> None:
    (found,) = eim.load(send, LIST_EIM)
    assert found == (
        "listEimResult",
        ("eimIdList", [{"eimId": "eim1.example.com"}, {"eimId": "eim2.example.com"}]),
    )


@pytest.mark.parametrize(("kind", "shown"), [(1, {"eimIdType": 1}), (2, {"eimIdType": 2}), (3, {})])
def test_the_type_is_named_when_it_is_oid_or_fqdn(
    send: Send, kind: int, shown: dict[str, int]
) -> None:
    eim = eim1(extra={"eimIdType": kind})
    trust(send, eim)
    ((_, (_, (entry,))),) = eim.load(send, LIST_EIM)
    assert entry == {"eimId": eim.name} | shown


def test_the_type_has_tag_82(send: Send) -> None:
    eim = eim1(extra={"eimIdType": 2})
    trust(send, eim)
    answer = ask(send, eim.package(LIST_EIM))
    assert hx("AB 19 A0 17 30 15 80 10") + b"eim1.example.com" + hx("82 01 02") in answer


def test_the_list_is_as_the_operations_before_it_left_it(send: Send, eim: Eim) -> None:
    found = eim.load(send, delete("eim2.example.com"), LIST_EIM)
    assert found[1] == ("listEimResult", ("eimIdList", [{"eimId": "eim1.example.com"}]))
