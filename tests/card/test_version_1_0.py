"""A card of SGP.32 v1.0.1, as onomondo-ipa speaks it; judged by that version's own module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from support.eims import (
    EID,
    LIST_EIM,
    Eim,
    add_initial,
    check_signature,
    eim1,
    eim2,
    objects,
    seal,
    tlv,
    token_object,
)
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.fresh import fresh_card
from support.hexes import hx
from support.installed import give
from support.installing import A_DIGITS, B_DIGITS, A, B, install
from support.judge import SGP32_V1_0_1, judged
from support.psmos import enable, package
from support.rollback import ROLLBACK, result_in

from euicc_sim import Card

Send = Callable[[bytes], bytes]
NO_FUNCTION = (b"", 0x6A88)


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    with Card.open(fresh_card(tmp_path / "card", pki_folder, sgp32="1.0.1"), fsync=False) as found:
        yield found


@pytest.fixture
def eim(isdr: Send) -> Eim:
    return trusted(isdr)


def trusted(send: Send, *others: Eim) -> Eim:
    eim = eim1()
    request = add_initial(*(one.configuration() for one in (eim, *others)))
    assert es10(send, request) == tlv("BF57", tlv("A0", hx("0500") * (1 + len(others))))
    return eim


def read(name: str, answer: bytes) -> Any:
    return judged(name, answer, SGP32_V1_0_1)


def results(send: Send, eim: Eim, *operations: tuple[str, Any]) -> list[Any]:
    kind, value = read("EuiccPackageResult", es10(send, eim.package(*operations)))
    assert kind == "euiccPackageResultSigned"
    found: list[Any] = value["euiccPackageResultDataSigned"]["euiccResult"]
    return found


def test_it_announces_its_version_and_nothing_of_fallback_or_ecall(isdr: Send) -> None:
    info = read("EUICCInfo2", es10(isdr, hx("BF2200")))
    assert info["iotSpecificInfo"] == {"iotVersion": [hx("010001")]}


@pytest.mark.parametrize(
    "request_",
    [
        "BF5B03800100",
        "BF5C03800100",
        "BF5D03800100",
        "BF5E03800100",
        "BF5F00",
        "BF6503800161",
        "BF6403820120",
    ],
)
def test_functions_that_came_with_v1_1_are_not_there(isdr: Send, request_: str) -> None:
    assert es10_sw(isdr, hx(request_)) == NO_FUNCTION


def test_a_result_covers_the_signature_of_its_package(isdr: Send, eim: Eim, card: Card) -> None:
    package = eim.package(LIST_EIM)
    answer = es10(isdr, package)
    (_, _, body), *_ = objects(answer)
    ((_, _, inside),) = objects(body)
    (_, signed, _), (_, _, signature) = objects(inside)
    certificate = card.identity.credentials[0].euicc_certificate
    key: Any = x509.load_der_x509_certificate(certificate).public_key()
    check_signature(key, signature, signed + package[-67:])


def test_the_result_of_a_rollback_covers_the_signature_of_the_package_that_allowed_it(
    isdr: Send, eim: Eim, card: Card
) -> None:
    give(card, A, B, enabled=A)
    allowing = package(eim, enable(B, rollback=True))
    es10(isdr, allowing)
    answer = result_in(es10(isdr, ROLLBACK))
    (_, _, body), *_ = objects(answer)
    ((_, _, inside),) = objects(body)
    (_, signed, _), (_, _, signature) = objects(inside)
    certificate = card.identity.credentials[0].euicc_certificate
    key: Any = x509.load_der_x509_certificate(certificate).public_key()
    check_signature(key, signature, signed + allowing[-67:])


def test_a_package_is_signed_with_the_association_token_all_the_same(isdr: Send, eim: Eim) -> None:
    assert token_object(eim.token) == hx("840100")
    assert results(isdr, eim, LIST_EIM)[0][0] == "listEimResult"


def test_list_eim_gives_the_type_in_tag_84(isdr: Send) -> None:
    named = eim2(extra={"eimIdType": 2})
    eim = trusted(isdr, named)
    answer = es10(isdr, eim.package(LIST_EIM))
    assert tlv("30", tlv("80", named.name.encode()), hx("840102")) in answer
    read("EuiccPackageResult", answer)


def test_an_unsigned_error_has_no_transaction_identifier(isdr: Send, eim: Eim) -> None:
    answer = es10(isdr, eim.package(LIST_EIM, name="nobody", transaction=hx("A1B2")))
    assert answer == hx("BF51 0A A208 8006 6E6F626F6479")


def test_an_eim_that_is_there_is_a_command_error(isdr: Send, eim: Eim) -> None:
    found = results(isdr, eim, ("addEim", eim.configuration()))
    assert found == [("addEimResult", ("addEimResultCode", 7))]


def test_an_unreadable_add_initial_eim_is_an_undefined_error(isdr: Send) -> None:
    assert es10(isdr, hx("BF57 02 A000")) == hx("BF57 03 81017F")


def test_operations_that_came_with_v1_1_are_unknown(isdr: Send, eim: Eim) -> None:
    operation: tuple[str, Any] = ("unsetFallbackAttribute", {})
    assert results(isdr, eim, operation) == [("processingTerminated", 2)]


def test_all_that_waits_is_given_as_two_lists(isdr: Send, eim: Eim, pki_folder: Path) -> None:
    install(isdr, pki_folder)
    isdr(SELECT_ISDR)
    es10(isdr, eim.package(LIST_EIM))
    kind, lists = read("RetrieveNotificationsListResponse", es10(isdr, hx("BF2B00")))
    assert kind == "notificationAndEprList"
    assert [len(lists[one]) for one in ("notificationList", "euiccPackageResultList")] == [2, 1]


def test_a_profile_shows_nothing_of_fallback_or_ecall(isdr: Send, pki_folder: Path) -> None:
    install(isdr, pki_folder, fallback_allowed=True)
    isdr(SELECT_ISDR)
    answer = es10(isdr, hx("BF2D 0B 5C09 5A 9F7B 9F26 9F67 9F70"))
    assert answer == tlv("BF2D", tlv("A0", tlv("E3", tlv("5A", A), hx("9F700100"))))


def test_codes_that_came_with_v1_1_are_undefined_errors(
    isdr: Send, eim: Eim, pki_folder: Path
) -> None:
    install(isdr, pki_folder, A_DIGITS)
    isdr(SELECT_ISDR)
    operation = ("enable", {"iccid": A, "rollbackFlag": 0})
    assert results(isdr, eim, operation) == [("enableResult", 127)]


def test_enable_using_dd_has_no_refresh_flag(isdr: Send, pki_folder: Path) -> None:
    es10(isdr, hx("BF59 1D 8000 8219") + b"testsmdpplus1.example.com")
    install(isdr, pki_folder, B_DIGITS)
    isdr(SELECT_ISDR)
    assert es10(isdr, hx("BF5A00")) == hx("BF5A 03 800100")
    assert es10(isdr, hx("BF2D 05 5C03 5A9F70")) == tlv(
        "BF2D", tlv("A0", tlv("E3", tlv("5A", B), hx("9F700101")))
    )


def test_the_memory_reset_has_the_tag_of_sgp22_and_two_options_more(isdr: Send, eim: Eim) -> None:
    assert es10(isdr, hx("BF34 04 82020318")) == hx("BF34 09 020100 810100 820100")
    assert es10(isdr, hx("BF5500")) == hx("BF55 02 A000")
    assert es10(isdr, hx("BF34 04 82020318")) == hx("BF34 09 020101 810101 820100")


def test_a_search_for_an_eim_is_not_understood_and_all_are_shown(isdr: Send, eim: Eim) -> None:
    request = tlv("BF55", tlv("A0", tlv("80", b"nobody")))
    assert es10(isdr, request) == es10(isdr, hx("BF5500")) != hx("BF55 02 A000")


def test_an_eim_id_may_be_longer_than_128_characters(isdr: Send, card: Card) -> None:
    long = Eim("e" * 200, eim1().key)
    entry = add_initial(eim1().configuration()).partition(eim1().name.encode())[2]
    request = tlv("BF57", tlv("A0", tlv("30", tlv("80", long.name.encode()), entry)))
    assert es10(isdr, request) == hx("BF57 04 A0020500")
    head = tlv("80", long.name.encode()), tlv("5A", EID), hx("810101"), tlv("A1", hx("AB00"))
    kind, _ = read("EuiccPackageResult", es10(isdr, seal(tlv("30", *head), long.key)))
    assert kind == "euiccPackageResultSigned"
    card.close()
    with Card.open(card.directory) as again:
        assert again.state == card.state
