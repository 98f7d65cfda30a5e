"""AddInitialEim: the first trust, unsigned, its checks in their order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from support.eims import (
    LIST_EIM,
    Eim,
    add_initial,
    ask,
    configurations,
    eim1,
    eim2,
    raw_add_initial,
    spki,
    stored_results,
    tlv,
    trust,
    value_of,
    vector_key,
)
from support.es10 import SELECT_ISDR, es10_sw
from support.fresh import fresh_card
from support.hexes import hx
from support.vectors import vector

from euicc_sim import Card

Send = Callable[[bytes], bytes]
SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "add_initial_eim_onomondo.ber"

ADDED = hx("BF57 04 A002 0500")
INSUFFICIENT_MEMORY, EXISTS, CI_UNKNOWN, BAD_TOKEN, OUT_OF_RANGE, COMMAND_ERROR = (
    hx(f"BF57 03 8101 0{code}") for code in (1, 2, 3, 5, 6, 7)
)
NOBODY = hx("BF55 02 A000")


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Any:
    """A card with room for three eIMs."""
    with Card.open(fresh_card(tmp_path / "card", pki_folder, max_eims=3), fsync=False) as card:
        yield card


def entry(**changes: bytes | None) -> bytes:
    """An EimConfigurationData, field by field; None leaves a field out."""
    fields = {
        "80": b"eim.example.com",
        "83": b"\x00",
        "A5": tlv("A0", spki(vector_key("eim1"))[2:]),
    }
    fields |= {name.removeprefix("f"): value for name, value in changes.items()}  # type: ignore[misc]
    return tlv(
        "30", *(tlv(tag, value) for tag, value in sorted(fields.items()) if value is not None)
    )


def test_an_eim_without_token_is_added(isdr: Send) -> None:
    assert ask(isdr, add_initial(eim1().configuration())) == ADDED
    assert list(configurations(isdr)) == ["eim1.example.com"]


def test_a_token_is_given_when_asked_for(isdr: Send) -> None:
    request = add_initial(eim1().configuration(token_wanted=True))
    assert ask(isdr, request) == hx("BF57 05 A003 840101")


def test_one_answer_for_each_entry_in_order(isdr: Send) -> None:
    request = add_initial(
        eim2().configuration(token_wanted=True),
        eim1().configuration(),
        eim1().configuration(eimId="eim3", associationToken=-1),
    )
    assert ask(isdr, request) == hx("BF57 0A A008 840101 0500 840102")


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the samples are not beside the project")
def test_the_request_of_a_real_ipa_is_accepted_and_read_back(isdr: Send) -> None:
    request = SAMPLE.read_bytes()
    assert ask(isdr, request) == hx("BF57 05 A003 840101")
    found = configurations(isdr)["eIM"]
    assert found["eimFqdn"] == "127.0.0.1:8000"
    assert found["associationToken"] == 1
    assert found["eimIdType"] == 3
    assert "counterValue" not in found
    key = request[request.index(hx("A55BA059")) :][:93]
    assert key in ask(isdr, hx("BF5500"))


@pytest.mark.usefixtures("lenient")
def test_a_full_30_inside_the_key_arm_is_understood(isdr: Send) -> None:
    one = spki(vector_key("eim1"))
    assert ask(isdr, raw_add_initial(entry(fA5=tlv("A0", one)))) == ADDED
    assert tlv("A5", tlv("A0", one[2:])) in ask(isdr, hx("BF5500"))


@pytest.mark.usefixtures("lenient")
def test_a_token_wish_in_more_bytes_is_understood(isdr: Send) -> None:
    assert ask(isdr, raw_add_initial(entry(f84=b"\xff\xff"))) == hx("BF57 05 A003 840101")


def test_unknown_fields_of_a_later_version_are_skipped(isdr: Send) -> None:
    assert ask(isdr, raw_add_initial(entry(fAA=hx("8001 05")))) == ADDED


# -- 1: somebody is trusted already


def test_a_second_call_is_refused_and_changes_nothing(isdr: Send) -> None:
    trust(isdr, eim1())
    before = ask(isdr, hx("BF5500"))
    assert ask(isdr, add_initial(eim2().configuration())) == EXISTS
    assert ask(isdr, hx("BF5500")) == before


@pytest.mark.parametrize("request_", ["BF5700", "BF57 02 A000", "BF57 03 A00100"])
def test_that_somebody_is_trusted_comes_before_bad_content(isdr: Send, request_: str) -> None:
    trust(isdr, eim1())
    assert ask(isdr, hx(request_)) == EXISTS


def test_the_vector_sent_twice_is_refused(isdr: Send) -> None:
    trust(isdr, eim1())
    assert ask(isdr, vector("add_initial_eim_req")) == vector("add_initial_eim_resp_exists")


# -- 2: content


@pytest.mark.parametrize("request_", ["BF5700", "BF57 02 A000", "BF57 02 8000", "BF57 04 A0023000"])
def test_a_list_that_is_empty_or_missing_is_command_error(isdr: Send, request_: str) -> None:
    assert ask(isdr, hx(request_)) == COMMAND_ERROR
    assert ask(isdr, hx("BF5500")) == NOBODY


@pytest.mark.parametrize("field", ["f80", "f83", "fA5"])
def test_a_missing_mandatory_field_is_command_error(isdr: Send, field: str) -> None:
    assert ask(isdr, raw_add_initial(entry(**{field: None}))) == COMMAND_ERROR
    assert ask(isdr, hx("BF5500")) == NOBODY


@pytest.mark.parametrize(
    ("field", "content"),
    [
        ("f80", b""),
        ("f80", b"a" * 129),
        ("f80", b"\xff"),
        ("f81", b"\xc3"),
        ("f83", b""),
        ("fA5", b""),
        ("fA5", tlv("A0")),
        ("fA5", tlv("A2", spki(vector_key("eim1")))),
        ("fA5", tlv("A0", spki(ec.derive_private_key(7, ec.SECP384R1()))[2:])),
        ("fA6", tlv("A0")),
        ("fA6", tlv("A1", b"\x05\x00")),
        ("f87", b""),
        ("f89", b"\x00"),
    ],
)
def test_an_unreadable_field_is_command_error(isdr: Send, field: str, content: bytes) -> None:
    assert ask(isdr, raw_add_initial(entry(**{field: content}))) == COMMAND_ERROR
    assert ask(isdr, hx("BF5500")) == NOBODY


@pytest.mark.parametrize("field", ["fA5", "fA6"])
@pytest.mark.parametrize("arm", ["A0", "A1"])
def test_a_full_30_inside_an_arm_is_6a80(isdr: Send, field: str, arm: str) -> None:
    request = raw_add_initial(entry(**{field: tlv(arm, b"\x30\x00")}))
    assert es10_sw(isdr, request) == (b"", 0x6A80)
    assert ask(isdr, hx("BF5500")) == NOBODY


def test_an_eim_id_of_128_characters_is_accepted(isdr: Send) -> None:
    assert ask(isdr, raw_add_initial(entry(f80=b"e" * 128))) == ADDED


def test_the_same_eim_id_twice_is_command_error(isdr: Send) -> None:
    request = add_initial(eim1().configuration(), eim2().configuration(eimId="eim1.example.com"))
    assert ask(isdr, request) == COMMAND_ERROR


def test_eim_ids_are_compared_byte_for_byte(isdr: Send) -> None:
    request = add_initial(eim1().configuration(), eim1().configuration(eimId="EIM1.example.com"))
    assert ask(isdr, request) == hx("BF57 06 A004 0500 0500")


# -- 3: counter


@pytest.mark.parametrize("counter", [-1, -8388608, 8388608, 2**31, 2**64])
def test_a_counter_outside_0_to_8388607_is_out_of_range(isdr: Send, counter: int) -> None:
    request = add_initial(eim1().configuration(counterValue=counter))
    assert ask(isdr, request) == OUT_OF_RANGE
    assert ask(isdr, hx("BF5500")) == NOBODY


@pytest.mark.parametrize("counter", [0, 1, 8388607])
def test_a_counter_from_0_to_8388607_is_accepted(isdr: Send, counter: int) -> None:
    assert ask(isdr, add_initial(eim1().configuration(counterValue=counter))) == ADDED


# -- 4: CI


def test_an_unknown_ci_is_refused(isdr: Send) -> None:
    assert ask(isdr, add_initial(eim1().configuration(euiccCiPKId=bytes(20)))) == CI_UNKNOWN


def test_each_ci_of_the_card_is_accepted(isdr: Send, card: Card) -> None:
    ids = [one.ci_pk_id for one in card.identity.credentials]
    request = add_initial(
        *(eim1().configuration(eimId=f"eim{n}", euiccCiPKId=ci) for n, ci in enumerate(ids))
    )
    assert ask(isdr, request) == hx("BF57 06 A004 0500 0500")


# -- 5: token


@pytest.mark.parametrize("token", [0, 1, -2, 128])
def test_a_token_cannot_be_chosen(isdr: Send, token: int) -> None:
    assert ask(isdr, add_initial(eim1().configuration(associationToken=token))) == BAD_TOKEN


# -- 6: room


def test_more_eims_than_fit_are_insufficient_memory(isdr: Send) -> None:
    four = [eim1().configuration(eimId=f"eim{n}") for n in range(4)]
    assert ask(isdr, add_initial(*four)) == INSUFFICIENT_MEMORY
    assert ask(isdr, hx("BF5500")) == NOBODY
    assert ask(isdr, add_initial(*four[:3])) == hx("BF57 08 A006 0500 0500 0500")


# -- order, and all or nothing


PAIRS: list[tuple[str, dict[str, Any], bytes]] = [
    ("no key before the counter", {"eimPublicKeyData": None, "counterValue": -1}, COMMAND_ERROR),
    ("the counter before the CI", {"counterValue": -1, "euiccCiPKId": b"x"}, OUT_OF_RANGE),
    ("the counter before the token", {"counterValue": -1, "associationToken": 5}, OUT_OF_RANGE),
    ("the CI before the token", {"euiccCiPKId": b"x", "associationToken": 5}, CI_UNKNOWN),
]


@pytest.mark.parametrize(
    ("fields", "answer"), [one[1:] for one in PAIRS], ids=[p[0] for p in PAIRS]
)
def test_the_first_failing_check_decides(isdr: Send, fields: dict[str, Any], answer: bytes) -> None:
    assert ask(isdr, add_initial(eim1().configuration(**fields))) == answer


def test_the_token_is_checked_before_the_room(isdr: Send) -> None:
    four = [eim1().configuration(eimId=f"eim{n}", associationToken=7) for n in range(4)]
    assert ask(isdr, add_initial(*four)) == BAD_TOKEN


@pytest.mark.parametrize(
    "bad",
    [{"counterValue": -1}, {"euiccCiPKId": b"x"}, {"associationToken": 3}, {"eimId": "good"}],
)
def test_one_bad_entry_and_nobody_is_added(isdr: Send, bad: dict[str, Any]) -> None:
    good = eim1().configuration(eimId="good", associationToken=-1)
    assert ask(isdr, add_initial(good, eim2().configuration(**bad)))[:4] == hx("BF57 03 81")
    assert ask(isdr, hx("BF5500")) == NOBODY


def test_a_refused_request_uses_up_no_token(isdr: Send) -> None:
    bad = eim2().configuration(counterValue=-1)
    ask(isdr, add_initial(eim1().configuration(token_wanted=True), bad))
    eim = eim1()
    trust(isdr, eim, token_wanted=True)
    assert eim.token == 1


# -- effects


def test_it_leaves_no_result_and_no_notification(isdr: Send) -> None:
    trust(isdr, eim1())
    assert stored_results(isdr) == []
    assert ask(isdr, hx("BF2B00")) == hx("BF2B 02 A000")


def test_the_configured_counter_is_where_the_eim_starts(isdr: Send) -> None:
    eim = eim1(counter=41)
    trust(isdr, eim)
    assert (
        value_of(ask(isdr, eim.package(LIST_EIM, counter=41)))[1]["euiccPackageErrorDataSigned"][
            "euiccPackageErrorCode"
        ]
        == 4
    )
    eim.counter = 41
    assert eim.load(isdr, LIST_EIM)[0][0] == "listEimResult"


def test_it_works_again_after_the_last_eim_deleted_itself(isdr: Send) -> None:
    eim = eim1()
    trust(isdr, eim)
    eim.load(isdr, ("deleteEim", {"eimId": eim.name}))
    assert ask(isdr, add_initial(eim2().configuration())) == ADDED


def test_it_works_again_after_a_memory_reset(isdr: Send) -> None:
    trust(isdr, eim1())
    ask(isdr, vector("MemoryReset_req_eim"))
    assert ask(isdr, add_initial(eim1().configuration())) == ADDED


def test_trust_outlives_a_reset(isdr: Send, card: Card) -> None:
    trust(isdr, eim1())
    card.reset()
    isdr(SELECT_ISDR)
    assert ask(isdr, add_initial(eim2().configuration())) == EXISTS


def test_the_key_of_one_eim_says_nothing_about_another(isdr: Send) -> None:
    one, two = eim1(), Eim("eim2.example.com", vector_key("eim1"))
    trust(isdr, one, two)
    assert one.load(isdr, LIST_EIM)
    assert two.load(isdr, LIST_EIM)
    assert value_of(ask(isdr, eim1(counter=1).package(LIST_EIM)))[0] == "euiccPackageResultSigned"
