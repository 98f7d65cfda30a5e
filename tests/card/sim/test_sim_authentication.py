"""AUTHENTICATE of an enabled Profile: 3G and GSM contexts, sequence numbers, resynchronisation."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import sim_packages
from support.hexes import hx
from support.network import Network
from support.saip import package
from support.sim_packages import mf
from support.sims import (
    ISIM_AID,
    OPC,
    PIN1,
    SELECT_USIM,
    K,
    Send,
    aka,
    algorithm,
    arr,
    copied,
    make_sim,
)

from apdu.tlv import tlv
from euicc_sim import Card

RAND = hx("23553cbe9637a89d218ae64dae47bf35")
VERIFY = hx("0020 0001 08") + PIN1
SELECT_ISIM = hx("00A4 040C 0C") + ISIM_AID
SQN = 0x20


@pytest.fixture
def network() -> Network:
    """A home network with the keys of set 1 of 3GPP TS 35.208."""
    return Network(K, OPC)


@pytest.fixture
def usim(sim: Send) -> Send:
    """The card with its USIM selected and PIN1 verified."""
    assert sim(SELECT_USIM) + sim(VERIFY) == hx("9000 9000")
    return sim


def authenticate(send: Send, rand: bytes, autn: bytes) -> bytes:
    return send(hx("0088 0081 22 10") + rand + hx("10") + autn + b"\0")


def test_set_1_of_milenage(tmp_path: Path, pki_folder: Path) -> None:
    """3GPP TS 35.208 4.3.1: SQN ff9bb4d0b607 needs sqnOptions without a limit."""
    given = of_algorithm(algorithm(1, K, OPC), tlv(0x82, b"\0"))
    with opened(tmp_path, pki_folder, given) as card:
        autn = hx("55f328b43577 b9b9 4a9ffac354dfafb3")
        assert authenticate(card.transmit, RAND, autn) == hx(
            "DB 08 a54211d5e3ba50bf 10 b40ba9a3c58b2a05bbf0d987b21bf8cb"
            "10 f769bcd751044604127672711c6d3441 08 eae4be823af9a08b 9000"
        )


def test_an_answer_has_res_ck_ik_and_kc(usim: Send, network: Network) -> None:
    vector = network.vector(RAND, SQN)
    kc = hx("eae4be823af9a08b")
    expected = hx("DB 08 a54211d5e3ba50bf") + hx("10") + vector.ck + hx("10") + vector.ik
    assert authenticate(usim, RAND, vector.autn) == expected + hx("08") + kc + hx("9000")


def test_the_answer_waits_when_it_is_not_asked_for(usim: Send, network: Network) -> None:
    autn = network.vector(RAND, SQN).autn
    assert usim(hx("0088 0081 22 10") + RAND + hx("10") + autn) == hx("6135")


def test_the_gsm_context_gives_sres_and_kc_and_takes_no_number(usim: Send) -> None:
    for _ in range(3):
        answer = usim(hx("0088 0080 11 10") + RAND + b"\0")
        assert answer == hx("04 46f8416a 08 eae4be823af9a08b 9000")


def test_a_number_is_accepted_once(usim: Send, network: Network) -> None:
    vector = network.vector(RAND, SQN)
    assert authenticate(usim, RAND, vector.autn)[:1] == hx("DB")
    assert authenticate(usim, RAND, vector.autn)[:2] == hx("DC 0E")


def test_a_resynchronisation_tells_the_highest_number(usim: Send, network: Network) -> None:
    authenticate(usim, RAND, network.vector(RAND, 0x1A5).autn)
    answer = authenticate(usim, RAND, network.vector(RAND, 0x85).autn)
    assert network.resynchronised(RAND, answer[2:16]) == 0x1A5


@pytest.mark.parametrize(
    ("numbers", "marks"),
    [
        ([0x40, 0x41, 0x42], "DB DB DB"),
        ([0x60, 0x41], "DB DB"),  # an older number of another index
        ([0x41, 0x21], "DB DC"),  # an older one of the same index
        ([(1 << 28) << 5], "DB"),  # as far ahead as sqnDelta allows
        ([((1 << 28) + 1) << 5], "DC"),
    ],
)
def test_numbers_are_checked_by_index(
    usim: Send, network: Network, numbers: list[int], marks: str
) -> None:
    answers = [authenticate(usim, RAND, network.vector(RAND, one).autn)[:1] for one in numbers]
    assert b"".join(answers) == hx(marks)


def test_an_accepted_number_is_on_the_disk_before_the_answer(
    usim: Send, network: Network, card: Card
) -> None:
    vector = network.vector(RAND, 0x25)
    authenticate(usim, RAND, vector.autn)
    assert '"sequenceNumbers":{"7FD005":1}' in (card.directory / "card.changes").read_text()
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        again.transmit(SELECT_USIM)
        again.transmit(VERIFY)
        assert authenticate(again.transmit, RAND, vector.autn)[:1] == hx("DC")


def test_a_wrong_mac_is_9862_and_takes_no_number(usim: Send, network: Network) -> None:
    autn = network.vector(RAND, SQN).autn
    assert authenticate(usim, RAND, autn[:-1] + bytes((autn[-1] ^ 1,))) == hx("9862")
    assert authenticate(usim, RAND, autn)[:1] == hx("DB")


def test_the_isim_uses_the_keys_and_numbers_that_the_package_says(
    usim: Send, network: Network
) -> None:
    assert usim(SELECT_ISIM) == hx("9000")
    answer = authenticate(usim, RAND, network.vector(RAND, SQN).autn)
    assert (answer[:2], len(answer)) == (hx("DB 08"), 46)  # no Kc
    usim(SELECT_USIM)
    assert authenticate(usim, RAND, network.vector(RAND, SQN).autn)[:1] == hx("DC")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("0088 0081 22 10" + "00" * 16 + "10" + "00" * 15, "6700"),
        ("0088 0081 22 0F" + "00" * 16 + "10" + "00" * 16, "6700"),
        ("0088 0081 22 10" + "00" * 16 + "0F" + "00" * 16, "6700"),
        ("0088 0081 11 10" + "00" * 16, "6700"),
        ("0088 0080 22 10" + "00" * 16 + "10" + "00" * 16, "6700"),
        ("0088 0081", "6700"),
        ("0088 0181 11 10" + "00" * 16, "6A86"),
        ("0088 0084 11 10" + "00" * 16, "9864"),
        ("0088 0082 11 10" + "00" * 16, "9864"),
        ("0088 0000 11 10" + "00" * 16, "9864"),
        ("8088 0081 11 10" + "00" * 16, "6E00"),
    ],
)
def test_what_it_does_not_take(usim: Send, command: str, answer: str) -> None:
    assert usim(hx(command))[-2:].hex().upper() == answer


def test_without_the_pin_it_is_6982_and_without_an_application_6985(
    sim: Send, network: Network
) -> None:
    autn = network.vector(RAND, SQN).autn
    assert authenticate(sim, RAND, autn) == hx("6985")
    sim(SELECT_USIM)
    assert authenticate(sim, RAND, autn) == hx("6982")


def test_the_isim_has_no_gsm_context(usim: Send) -> None:
    usim(SELECT_ISIM)
    assert usim(hx("0088 0080 11 10") + RAND) == hx("9864")


# -- other algorithms


def of_algorithm(*parameters: bytes) -> bytes:
    number, *more = parameters
    return package(
        elements=(mf(arr(), pins=""), sim_packages.usim({4: arr()}), aka(number, *more, number=7))
    )


def opened(tmp_path: Path, pki_folder: Path, given: bytes) -> Card:
    card = Card.open(make_sim(tmp_path / "other", pki_folder, given), fsync=False)
    card.transmit(SELECT_USIM)
    return card


def test_the_test_algorithm_takes_any_number_and_resynchronises_when_told(
    tmp_path: Path, pki_folder: Path
) -> None:
    """uicc-corrections 5: K 000102..0F."""
    given = of_algorithm(algorithm(3, bytes(range(16)), b"", options=2))
    rand = hx("00112233445566778899aabbccddeeff")
    with opened(tmp_path, pki_folder, given) as card:
        autn = hx("3040506062b4 8000 001020305264e070")
        for _ in range(2):
            assert authenticate(card.transmit, rand, autn) == hx(
                "DB 10 00102030405060708090a0b0c0d0e0f0 10 102030405060708090a0b0c0d0e0f000"
                "10 2030405060708090a0b0c0d0e0f00010 08 0000000000000000 9000"
            )
        mac = bytes(
            a ^ b for a, b in zip(hx("0010203040506070"), hx("000000001234FFFF"), strict=True)
        )
        answer = authenticate(card.transmit, rand, hx("3040506062b4 FFFF") + mac)
        assert answer == hx("DC 0E 3040506062b4 0010203052646070 9000")[:8] + answer[8:]


def test_tuak_of_set_1(tmp_path: Path, pki_folder: Path) -> None:
    """3GPP TS 35.232 set 1: RES of 4 bytes; SQN 111111111111 needs sqnOptions without a limit."""
    topc = hx("bd04d9530e87513c5d837ac2ad954623a8e2330c115305a73eb45d1f40cccbff")
    given = of_algorithm(algorithm(2, b"\xab" * 16, topc), tlv(0x82, b"\0"))
    autn = bytes(a ^ b for a, b in zip(b"\x11" * 6, hx("719f1e9b9054"), strict=True))
    with opened(tmp_path, pki_folder, given) as card:
        answer = authenticate(card.transmit, b"\x42" * 16, autn + hx("ffff f9a54e6aeaa8618d"))
        ck, ik = "d71a1e5c6caffe986a26f783e5c78be1", "be849fa2564f869aecee6f62d4337e72"
        assert answer[:40] == hx(f"DB 04 657acd64 10 {ck} 10 {ik}")


def test_options_decide_whether_the_limits_hold(tmp_path: Path, pki_folder: Path) -> None:
    network = Network(K, OPC)
    limits = (tlv(0x83, hx("000000000002")), tlv(0x84, hx("000000000003")))
    for options, marks in ((0, "DB DB DB"), (2, "DB DC DB"), (4, "DB DB DC"), (6, "DB DC DB")):
        given = of_algorithm(algorithm(1, K, OPC), tlv(0x82, bytes((options,))), *limits)
        with opened(tmp_path / str(options), pki_folder, given) as card:
            numbers = [1 << 5, 9 << 5, 2 << 5 | 1]
            answers = [
                authenticate(card.transmit, RAND, network.vector(RAND, one).autn)[:1]
                for one in numbers
            ]
            assert b"".join(answers) == hx(marks), options


def test_an_application_without_keys_says_so(tmp_path: Path, pki_folder: Path) -> None:
    given = package(elements=(mf(arr(), pins=""), sim_packages.usim({4: arr()})))
    with opened(tmp_path, pki_folder, given) as card:
        assert authenticate(card.transmit, RAND, bytes(16)) == hx("6985")
        *_, event = card.take_events()
        assert event.text == "AUTHENTICATE: 6985, ADF.USIM has no keys to authenticate with"


def test_a_copy_of_a_card_continues_where_it_was(
    usim: Send, network: Network, card: Card, tmp_path: Path
) -> None:
    authenticate(usim, RAND, network.vector(RAND, SQN).autn)
    with Card.open(copied(card.directory, tmp_path / "copy"), fsync=False) as copy:
        copy.transmit(SELECT_USIM)
        copy.transmit(VERIFY)
        assert authenticate(copy.transmit, RAND, network.vector(RAND, SQN).autn)[:1] == hx("DC")
