"""Is a package genuine, for this card and fresh: the checks in their order, and their answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from support.eims import (
    EID,
    LIST_EIM,
    MAX_COUNTER,
    Eim,
    ask,
    build,
    eim1,
    eim2,
    error_code,
    integer,
    objects,
    plain_signature,
    raw_package,
    read_error,
    read_result,
    seal,
    stored_results,
    tlv,
    token_object,
    trust,
    unsigned_error,
    vector_key,
)
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx

from euicc_sim import Card

Send = Callable[[bytes], bytes]

INVALID_EID, REPLAY, OUT_OF_RANGE, UNDEFINED = 3, 4, 6, 127
OTHER_EID = hx("89049032123451234512345678901236")


@pytest.fixture
def eim(send: Send) -> Eim:
    """An eIM without token, counter 10, trusted beside another."""
    eim = eim1(counter=10)
    trust(send, eim, eim2())
    return eim


@pytest.fixture
def certificate(card: Card) -> bytes:
    return card.identity.credentials[0].euicc_certificate


# -- each check alone


def test_an_unknown_eim_gets_an_unsigned_error(send: Send, eim: Eim) -> None:
    answer = ask(send, build(eim, LIST_EIM, counter=11, name="eim9.example.com"))
    assert answer == hx("BF51 14 A212 8010") + b"eim9.example.com"


def test_an_unsigned_error_repeats_the_transaction(send: Send, eim: Eim) -> None:
    answer = ask(send, build(eim, LIST_EIM, counter=11, name="eim9", transaction=hx("A1B2C3D4")))
    assert answer == hx("BF51 0E A20C 8004") + b"eim9" + hx("8204 A1B2C3D4")


def test_a_wrong_signature_gets_an_unsigned_error(send: Send, eim: Eim) -> None:
    answer = ask(send, build(eim, LIST_EIM, counter=11, key=vector_key("eim2")))
    assert unsigned_error(answer) == {"eimId": "eim1.example.com"}


def test_a_wrong_eid_gets_a_signed_error(send: Send, eim: Eim, certificate: bytes) -> None:
    answer = ask(send, build(eim, LIST_EIM, counter=11, eid=OTHER_EID))
    assert error_code(answer) == INVALID_EID
    read_error(answer).check(certificate)


@pytest.mark.parametrize("counter", [8388608, 2**31, 2**63, -1])
def test_a_counter_out_of_range_gets_a_signed_error(
    send: Send, eim: Eim, certificate: bytes, counter: int
) -> None:
    answer = ask(send, build(eim, LIST_EIM, counter=counter))
    assert error_code(answer) == OUT_OF_RANGE
    assert read_error(answer).data["counterValue"] == counter
    read_error(answer).check(certificate)


@pytest.mark.parametrize("counter", [0, 9, 10])
def test_a_counter_that_is_not_above_the_stored_one_is_a_replay(
    send: Send, eim: Eim, certificate: bytes, counter: int
) -> None:
    answer = ask(send, build(eim, LIST_EIM, counter=counter))
    assert error_code(answer) == REPLAY
    assert read_error(answer).data["counterValue"] == counter
    read_error(answer).check(certificate)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        tlv("82", hx("A1B2")),
        tlv("A2"),
        tlv("A0") + tlv("A1"),
        tlv("A1", hx("AB05 00")),
        tlv("A1") + hx("BF"),
        tlv("82", bytes(17)) + tlv("A1"),
        tlv("82") + tlv("A1"),
        tlv("85") + tlv("85") + tlv("A1", hx("AB00")),
    ],
)
def test_a_package_without_one_readable_list_gets_undefined_error(
    send: Send, eim: Eim, certificate: bytes, content: bytes
) -> None:
    answer = ask(send, raw_package(eim, content, counter=11))
    assert error_code(answer) == UNDEFINED
    read_error(answer).check(certificate)


# -- what a signed error looks like


def test_a_signed_error_has_no_number_and_repeats_the_transaction(send: Send, eim: Eim) -> None:
    answer = read_error(ask(send, build(eim, LIST_EIM, counter=1, transaction=hx("01"))))
    assert answer.data == {
        "eimId": "eim1.example.com",
        "counterValue": 1,
        "eimTransactionId": hx("01"),
        "euiccPackageErrorCode": REPLAY,
    }


@pytest.mark.parametrize("size", [1, 16])
def test_a_result_repeats_the_transaction(send: Send, eim: Eim, size: int) -> None:
    answer = read_result(ask(send, eim.package(LIST_EIM, transaction=bytes(size))))
    assert [name for name, _ in answer.data.pop("euiccResult")] == ["listEimResult"]
    assert answer.data == {
        "eimId": "eim1.example.com",
        "counterValue": 11,
        "eimTransactionId": bytes(size),
        "seqNumber": 1,
    }


def test_a_result_without_transaction_has_none(send: Send, eim: Eim) -> None:
    assert "eimTransactionId" not in read_result(ask(send, eim.package(LIST_EIM))).data


# -- what refusals leave behind


def refusals(eim: Eim) -> dict[str, bytes]:
    return {
        "unknown eIM": build(eim, LIST_EIM, counter=11, name="eim9"),
        "signature": build(eim, LIST_EIM, counter=11, key=vector_key("eim2")),
        "EID": build(eim, LIST_EIM, counter=11, eid=OTHER_EID),
        "range": build(eim, LIST_EIM, counter=MAX_COUNTER + 1),
        "replay": build(eim, LIST_EIM, counter=10),
        "no list": raw_package(eim, b"", counter=11),
    }


WHY = {
    "unknown eIM": "this card does not trust the eIM eim9",
    "signature": "the signature is not that of eim1.example.com",
    "EID": "it is for EID 89049032123451234512345678901236",
    "range": "counter 8388608 is not in the range 0 to 8388607",
    "replay": "counter 10 is not above 10",
    "no list": "it has no list of PSMOs or eCOs",
}


@pytest.mark.parametrize("name", list(WHY))
def test_a_refused_package_is_an_event_that_says_so_and_why(
    send: Send, eim: Eim, card: Card, name: str
) -> None:
    card.take_events()
    ask(send, refusals(eim)[name])
    (event,) = card.take_events()
    assert (event.name, event.refused) == ("LoadEuiccPackage", True)
    assert event.text.startswith(f"LoadEuiccPackage: package refused: {WHY[name]}")


def test_an_accepted_package_is_an_event_that_is_not_a_refusal(
    send: Send, eim: Eim, card: Card
) -> None:
    card.take_events()
    ask(send, eim.package(LIST_EIM))
    (event,) = card.take_events()
    assert (event.name, event.refused) == ("LoadEuiccPackage", False)


@pytest.mark.parametrize("name", list(WHY))
def test_a_refused_package_changes_nothing(send: Send, eim: Eim, card: Card, name: str) -> None:
    before = card.state
    ask(send, refusals(eim)[name])
    assert card.state is before
    assert stored_results(send) == []
    assert eim.load(send, LIST_EIM, counter=11)


# -- pairs of failing checks: the first decides


PAIRS: dict[str, tuple[dict[str, Any], int | None]] = {
    "eIM before signature": ({"name": "eim9", "key": vector_key("eim2"), "counter": 11}, None),
    "eIM before EID": ({"name": "eim9", "eid": OTHER_EID, "counter": 11}, None),
    "eIM before counter": ({"name": "eim9", "counter": 1}, None),
    "signature before EID": (
        {"key": vector_key("eim2"), "eid": OTHER_EID, "counter": 11},
        None,
    ),
    "signature before range": ({"key": vector_key("eim2"), "counter": MAX_COUNTER + 1}, None),
    "signature before replay": ({"key": vector_key("eim2"), "counter": 1}, None),
    "EID before range": ({"eid": OTHER_EID, "counter": MAX_COUNTER + 1}, INVALID_EID),
    "EID before replay": ({"eid": OTHER_EID, "counter": 1}, INVALID_EID),
}


@pytest.mark.parametrize("name", list(PAIRS))
def test_the_first_failing_check_decides(send: Send, eim: Eim, name: str) -> None:
    options, code = PAIRS[name]
    answer = ask(send, build(eim, LIST_EIM, **options))
    if code is None:
        assert unsigned_error(answer)["eimId"] == options.get("name", eim.name)
    else:
        assert error_code(answer) == code


def test_the_counter_is_checked_before_the_list(send: Send, eim: Eim) -> None:
    assert error_code(ask(send, raw_package(eim, b"", counter=10))) == REPLAY
    assert error_code(ask(send, raw_package(eim, b"", counter=10, eid=OTHER_EID))) == INVALID_EID


# -- the signature


@pytest.mark.usefixtures("lenient")
def test_the_signature_covers_the_bytes_as_they_were_received(send: Send, eim: Eim) -> None:
    fields = (
        tlv("80", eim.name.encode()),
        tlv("5A", EID),
        tlv("81", integer(11)),
        tlv("A1", hx("AB00")),
    )
    content = b"".join(fields)
    long_form = hx("30 82") + len(content).to_bytes(2) + content
    answer = ask(send, seal(long_form, eim.key))
    assert read_result(answer).data["euiccResult"][0][0] == "listEimResult"


def test_a_signature_over_der_does_not_fit_other_bytes(send: Send, eim: Eim) -> None:
    package = build(eim, LIST_EIM, counter=11)
    ((_, _, inside),) = objects(package)
    (_, signed, content), (_, signature, _) = objects(inside)
    rewritten = hx("30 81") + bytes((len(content),)) + content
    assert rewritten != signed
    answer = ask(send, tlv("BF51", rewritten, signature))
    assert unsigned_error(answer) == {"eimId": "eim1.example.com"}


@pytest.mark.parametrize("position", [0, 31, 32, 63])
def test_any_flipped_bit_of_a_signature_spoils_it(send: Send, eim: Eim, position: int) -> None:
    package = bytearray(build(eim, LIST_EIM, counter=11))
    package[len(package) - 64 + position] ^= 1
    assert unsigned_error(ask(send, bytes(package)))


@pytest.mark.parametrize("size", [0, 1, 63, 65, 70, 128])
def test_a_signature_of_another_length_does_not_verify(send: Send, eim: Eim, size: int) -> None:
    ((_, _, inside),) = objects(build(eim, LIST_EIM, counter=11))
    (_, signed, _), (_, _, signature) = objects(inside)
    other = (signature * 2)[:size]
    assert unsigned_error(ask(send, tlv("BF51", signed, tlv("5F37", other))))


def test_a_der_signature_does_not_verify(send: Send, eim: Eim) -> None:

    ((_, _, inside),) = objects(build(eim, LIST_EIM, counter=11))
    (_, signed, _), _ = objects(inside)
    der = eim.key.sign(signed + token_object(None), ec.ECDSA(SHA256()))
    assert unsigned_error(ask(send, tlv("BF51", signed, tlv("5F37", der))))


@pytest.mark.parametrize("fill", [b"\x00", b"\xff"])
def test_a_signature_out_of_the_field_does_not_verify(send: Send, eim: Eim, fill: bytes) -> None:
    ((_, _, inside),) = objects(build(eim, LIST_EIM, counter=11))
    (_, signed, _), _ = objects(inside)
    assert unsigned_error(ask(send, tlv("BF51", signed, tlv("5F37", fill * 64))))


def test_a_missing_signature_does_not_verify(send: Send, eim: Eim) -> None:
    ((_, _, inside),) = objects(build(eim, LIST_EIM, counter=11))
    (_, signed, _), _ = objects(inside)
    assert unsigned_error(ask(send, tlv("BF51", signed)))


@pytest.mark.parametrize("suffix", [b"", hx("8400"), hx("840101"), hx("84020000")])
def test_without_a_token_only_84_01_00_is_covered(send: Send, eim: Eim, suffix: bytes) -> None:
    ((_, _, inside),) = objects(build(eim, LIST_EIM, counter=11))
    (_, signed, _), _ = objects(inside)
    signature = plain_signature(eim.key, signed + suffix)
    assert unsigned_error(ask(send, tlv("BF51", signed, tlv("5F37", signature))))


def test_a_flipped_bit_anywhere_in_the_signed_part_is_noticed(send: Send, eim: Eim) -> None:
    package = build(eim, LIST_EIM, counter=11, transaction=hx("A1B2C3D4"))
    start = package.index(hx("5A10")) + 2
    for position in (start, start + 15, start + 18, package.index(hx("A1B2C3D4")) + 1):
        changed = bytearray(package)
        changed[position] ^= 0x10
        assert unsigned_error(ask(send, bytes(changed)))["eimId"] == eim.name


def test_an_eim_cannot_sign_for_another(send: Send, eim: Eim) -> None:
    answer = ask(send, build(eim2(), LIST_EIM, counter=11, name=eim.name))
    assert unsigned_error(answer) == {"eimId": eim.name}


# -- when not even an eIM can be read


@pytest.mark.parametrize(
    "package",
    [
        tlv("BF51"),
        tlv("BF51", tlv("30")),
        tlv("BF51", tlv("5F37", bytes(64))),
        tlv("BF51", tlv("30", tlv("80")), tlv("5F37", bytes(64))),
        tlv("BF51", tlv("30", tlv("80", b"e" * 129)), tlv("5F37", bytes(64))),
        tlv("BF51", tlv("30", tlv("80", b"\xff")), tlv("5F37", bytes(64))),
        tlv("BF51", tlv("30", tlv("80", b"a"), tlv("80", b"b")), tlv("5F37", bytes(64))),
        tlv("BF51", tlv("30", tlv("80", b"a")), tlv("30", tlv("80", b"b"))),
    ],
)
def test_a_package_whose_eim_cannot_be_read_is_6a80(send: Send, package: bytes) -> None:
    send(SELECT_ISDR)
    assert es10_sw(send, package) == (b"", 0x6A80)


@pytest.mark.parametrize("size", [1, 128])
def test_an_eim_id_of_1_to_128_characters_is_read(send: Send, size: int) -> None:
    eim = Eim("e" * size, vector_key("eim1"))
    trust(send, eim)
    assert eim.load(send, LIST_EIM)


def test_an_eim_that_can_be_read_is_repeated_whatever_follows(send: Send) -> None:
    send(SELECT_ISDR)
    answer = ask(send, tlv("BF51", tlv("30", tlv("80", b"eim"), hx("FF"))))
    assert answer == hx("BF51 07 A205 8003") + b"eim"


def test_a_genuine_package_without_counter_gets_an_unsigned_error(send: Send, eim: Eim) -> None:
    content = tlv("80", eim.name.encode()), tlv("5A", EID), tlv("A1", hx("AB00"))
    answer = ask(send, seal(tlv("30", *content), eim.key))
    assert unsigned_error(answer) == {"eimId": eim.name}
