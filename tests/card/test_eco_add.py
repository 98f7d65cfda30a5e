"""addEim: the signed way to trust another eIM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.eims import (
    LIST_EIM,
    Eim,
    ask,
    configurations,
    eim1,
    eim2,
    integer,
    raw_package,
    read_result,
    spki,
    tlv,
    trust,
    vector_key,
)
from support.fresh import fresh_card
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]
OK, NO_ROOM, EXISTS, CI_UNKNOWN, BAD_TOKEN, OUT_OF_RANGE, COMMAND_ERROR = 0, 1, 2, 3, 5, 6, 7


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    """A card with room for two eIMs."""
    with Card.open(fresh_card(tmp_path / "card", pki_folder, max_eims=2), fsync=False) as card:
        yield card


@pytest.fixture
def eim(send: Send) -> Eim:
    eim = eim1()
    trust(send, eim)
    return eim


def code(send: Send, eim: Eim, **fields: Any) -> int:
    ((name, (kind, value)),) = eim.load(send, ("addEim", eim2().configuration(**fields)))
    assert (name, kind) == ("addEimResult", "addEimResultCode")
    found: int = value
    return found


def raw_code(send: Send, eim: Eim, fields: dict[str, bytes]) -> int:
    content = b"".join(tlv(tag, value) for tag, value in sorted(fields.items()))
    package = raw_package(eim, tlv("A1", tlv("A8", content)), counter=1)
    ((_, (_, value)),) = read_result(ask(send, package)).data["euiccResult"]
    found: int = value
    return found


COMPLETE = {
    "80": b"eim2.example.com",
    "83": integer(0),
    "A5": tlv("A0", spki(vector_key("eim2"))[2:]),
}


def test_an_eim_without_token_is_answered_with_ok(send: Send, eim: Eim) -> None:
    answer = ask(send, eim.package(("addEim", eim2().configuration())))
    assert hx("30 05 A8 03 02 01 00") in answer
    assert list(configurations(send)) == ["eim1.example.com", "eim2.example.com"]


def test_an_eim_with_token_is_answered_with_the_token_alone(send: Send, eim: Eim) -> None:
    answer = ask(send, eim.package(("addEim", eim2().configuration(token_wanted=True))))
    assert hx("30 05 A8 03 84 01 01") in answer


def test_the_added_eim_sends_packages_from_its_counter_on(send: Send, eim: Eim) -> None:
    other = eim2(counter=100)
    eim.load(send, ("addEim", other.configuration()))
    assert other.load(send, LIST_EIM)


def test_defaults_are_those_of_add_initial_eim(send: Send, eim: Eim) -> None:
    eim.load(send, ("addEim", eim2().configuration()))
    one, two = configurations(send).values()
    for name in ("eimIdType", "eimSupportedProtocol", "euiccCiPKId"):
        assert one[name] == two[name]


@pytest.mark.parametrize("missing", ["80", "83", "A5"])
def test_a_missing_mandatory_field_is_command_error(send: Send, eim: Eim, missing: str) -> None:
    fields = {tag: value for tag, value in COMPLETE.items() if tag != missing}
    assert raw_code(send, eim, fields) == COMMAND_ERROR


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("80", b""),
        ("80", b"a" * 129),
        ("83", b""),
        ("A5", b""),
        ("A5", tlv("A0", b"\x30\x00")),
        ("A5", tlv("A1", b"\x30\x00")),
        ("A6", tlv("A0")),
        ("A6", tlv("A1", b"\x05\x00")),
    ],
)
def test_an_unreadable_field_is_command_error(send: Send, eim: Eim, tag: str, value: bytes) -> None:
    assert raw_code(send, eim, COMPLETE | {tag: value}) == COMMAND_ERROR
    assert list(configurations(send)) == [eim.name]


def test_a_known_eim_exists_already(send: Send, eim: Eim) -> None:
    assert code(send, eim, eimId="eim1.example.com") == EXISTS


def test_a_known_eim_keeps_what_it_had(send: Send, eim: Eim) -> None:
    before = ask(send, hx("BF5500"))
    code(send, eim, eimId="eim1.example.com", eimIdType=2)
    assert ask(send, hx("BF5500")) == before


@pytest.mark.parametrize("counter", [-1, 8388608])
def test_a_counter_out_of_range_is_refused(send: Send, eim: Eim, counter: int) -> None:
    assert code(send, eim, counterValue=counter) == OUT_OF_RANGE


def test_an_unknown_ci_is_refused(send: Send, eim: Eim) -> None:
    assert code(send, eim, euiccCiPKId=bytes(20)) == CI_UNKNOWN


@pytest.mark.parametrize("token", [0, 1, -2])
def test_a_token_cannot_be_chosen(send: Send, eim: Eim, token: int) -> None:
    assert code(send, eim, associationToken=token) == BAD_TOKEN


def test_no_room_is_insufficient_memory(send: Send, eim: Eim) -> None:
    assert code(send, eim) == OK
    assert code(send, eim, eimId="eim3") == NO_ROOM


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"eimPublicKeyData": None, "eimId": "eim1.example.com"}, COMMAND_ERROR),
        ({"eimId": "eim1.example.com", "counterValue": -1}, EXISTS),
        ({"counterValue": -1, "euiccCiPKId": b"x"}, OUT_OF_RANGE),
        ({"euiccCiPKId": b"x", "associationToken": 9}, CI_UNKNOWN),
    ],
)
def test_the_first_failing_check_decides(
    send: Send, eim: Eim, fields: dict[str, Any], expected: int
) -> None:
    assert code(send, eim, **fields) == expected
    assert list(configurations(send)) == [eim.name]


def test_the_token_is_checked_before_the_room(send: Send, eim: Eim) -> None:
    code(send, eim)
    assert code(send, eim, eimId="eim3", associationToken=9) == BAD_TOKEN


def test_a_refused_add_uses_up_no_token(send: Send, eim: Eim) -> None:
    code(send, eim, euiccCiPKId=b"x", associationToken=-1)
    found = eim.load(send, ("addEim", eim2().configuration(token_wanted=True)))
    assert found == [("addEimResult", ("associationToken", 1))]


def test_an_eim_that_comes_anew_with_a_token_has_the_fresh_counter(send: Send, eim: Eim) -> None:
    """A token ends what was signed before, so the counter may begin again (clause 3.5)."""
    found = eim.load(
        send,
        ("deleteEim", {"eimId": eim.name}),
        ("addEim", eim1().configuration(counterValue=0, token_wanted=True)),
        counter=8388607,
    )
    assert found == [("deleteEimResult", 2), ("addEimResult", ("associationToken", 1))]
    eim.token = 1
    assert eim.load(send, LIST_EIM, counter=1)


def test_an_eim_that_comes_anew_without_a_token_has_the_counter_of_its_package(
    send: Send, eim: Eim
) -> None:
    """Otherwise this very package would be accepted again and again."""
    again = (
        ("deleteEim", {"eimId": eim.name}),
        ("addEim", eim1().configuration(counterValue=0)),
    )
    package = eim.package(*again, counter=6)
    ask(send, package)
    assert ask(send, package)[3:4] == hx("A1")
    assert eim.load(send, LIST_EIM, counter=7)
