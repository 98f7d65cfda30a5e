"""Cards of SGP.32 v1.1 and v1.3: what differs from v1.2 on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import saip
from support.eims import LIST_EIM, Eim, ask, eim1, eim2, encoded, tlv, trust, value_of
from support.es10 import SELECT_ISDR, es10
from support.fresh import fresh_card
from support.hexes import hx
from support.installed import give
from support.installing import B_DIGITS, C_DIGITS, A, B, install, smdpp
from support.judge import without_level
from support.vectors import vector

from euicc_sim import Card
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.store.directory import CardError

Send = Callable[[bytes], bytes]
PROPRIETARY = hx("AA 06 A004 0102 0203")
IOT_INFO = hx("BF64 05 A003 800107")


@pytest.fixture
def version() -> str:
    return "1.3"


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, version: str) -> Iterator[Card]:
    with Card.open(fresh_card(tmp_path / "card", pki_folder, sgp32=version), fsync=False) as found:
        yield found


@pytest.fixture
def eim(isdr: Send) -> Eim:
    eim = eim1()
    trust(isdr, eim)
    return eim


@pytest.mark.parametrize(("version", "said"), [("1.1", "010100"), ("1.3", "010300")])
def test_it_announces_its_version(isdr: Send, said: str) -> None:
    info = value_of(without_level(es10(isdr, hx("BF2200"))))
    assert info["iotSpecificInfo"]["iotVersion"] == [hx(said)]


def test_an_unsigned_error_says_why_in_v1_3(isdr: Send, eim: Eim) -> None:
    package = eim.package(LIST_EIM, key=eim2().key, transaction=hx("A1B2C3D4"))
    assert es10(isdr, package) == vector("err_unsigned_v13")


def test_no_emergency_profile_to_disable_has_a_code_of_its_own_in_v1_3(isdr: Send) -> None:
    assert es10(isdr, hx("BF5C 03 800100")) == hx("BF5C 03 800108")


def test_an_emergency_profile_that_is_there_is_disabled_in_v1_3_as_before(
    isdr: Send, card: Card
) -> None:
    give(card, A, B, enabled=A, B={"ecall": True})
    assert es10(isdr, hx("BF5C 03 800100")) == hx("BF5C 03 800102")
    assert es10(isdr, hx("BF5B 03 800100")) == hx("BF5B 03 800100")
    assert es10(isdr, hx("BF5C 03 800100")) == hx("BF5C 03 800100")


@pytest.mark.parametrize("version", ["1.1"])
def test_before_v1_3_it_has_not(isdr: Send) -> None:
    assert ask(isdr, hx("BF5C 03 800100")) == hx("BF5C 03 800102")


def with_proprietary(eim: Eim) -> bytes:
    entry = encoded("EimConfigurationData", eim.configuration())
    return tlv("BF57", tlv("A0", tlv("30", entry[2 if entry[1] < 0x80 else 3 :], PROPRIETARY)))


def test_proprietary_information_of_an_eim_comes_back_as_it_came(isdr: Send, card: Card) -> None:
    assert ask(isdr, with_proprietary(eim1())) == hx("BF57 04 A0020500")
    assert es10(isdr, hx("BF5500")).endswith(PROPRIETARY)
    with_reopened = card.directory
    card.close()
    with Card.open(with_reopened) as again:
        again.transmit(SELECT_ISDR)
        assert es10(again.transmit, hx("BF5500")).endswith(PROPRIETARY)


@pytest.mark.parametrize("version", ["1.1"])
def test_before_v1_3_it_is_an_unknown_field(isdr: Send) -> None:
    assert ask(isdr, with_proprietary(eim1())) == hx("BF57 04 A0020500")
    assert PROPRIETARY not in ask(isdr, hx("BF5500"))


def metadata(extra: bytes) -> bytes:
    return tlv("BF25", tlv("5A", A), tlv("91", b"Operator"), tlv("92", b"Name"), extra)


def load(send: Send, pki_folder: Path, extra: bytes) -> None:
    order = Order(saip.package(), "1", metadata=metadata(extra))
    Lpa(send).download(smdpp(pki_folder, order), matching_id="1")
    send(SELECT_ISDR)


def test_iot_information_of_a_profile_comes_back_when_asked_for(
    isdr: Send, pki_folder: Path
) -> None:
    load(isdr, pki_folder, IOT_INFO)
    answer = es10(isdr, hx("BF2D 05 5C03 5ABF64"))
    assert answer == tlv("BF2D", tlv("A0", tlv("E3", tlv("5A", A), IOT_INFO)))


@pytest.mark.parametrize("version", ["1.1"])
def test_before_v1_3_it_is_left_out(isdr: Send, pki_folder: Path) -> None:
    load(isdr, pki_folder, IOT_INFO)
    answer = ask(isdr, hx("BF2D 05 5C03 5ABF64"))
    assert answer == tlv("BF2D", tlv("A0", tlv("E3", tlv("5A", A))))


@pytest.mark.parametrize(
    ("version", "refresh", "second"), [("1.1", "FF", 0), ("1.3", "00", 0), ("1.3", "FF", 1)]
)
def test_immediate_enable_with_refresh_ends_a_rollback_only_since_v1_2(
    isdr: Send, eim: Eim, pki_folder: Path, refresh: str, second: int
) -> None:
    eim.load(
        isdr,
        ("configureImmediateEnable", {"immediateEnableFlag": 0, "defaultSmdpOid": (2, 999, 10)}),
    )
    install(isdr, pki_folder)
    install(isdr, pki_folder, B_DIGITS)
    isdr(SELECT_ISDR)
    eim.load(isdr, ("enable", {"iccid": A}))
    eim.load(isdr, ("enable", {"iccid": B, "rollbackFlag": 0}))
    install(isdr, pki_folder, C_DIGITS)
    isdr(SELECT_ISDR)
    assert ask(isdr, hx(f"BF5A 03 8001{refresh}")) == hx("BF5A 03 800100")
    assert value_of(ask(isdr, hx("BF58 03 800100")))["cmdResult"] == second


def test_another_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"SGP\.32 2\.0 is not supported; choose 1\.0\.1, 1\.1"):
        Card.create(tmp_path / "new", sgp32="2.0")
