"""GetConnectivityParameters and IPAe activation (SGP.32 v1.2 clauses 5.9.24 and 3.8.4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import saip
from support.eims import ask, eim1, tlv, trust
from support.es10 import SELECT_ISDR, es10_sw
from support.hexes import hx
from support.installed import ask_in_vain, give
from support.installing import A_DIGITS, A, B, C, install
from support.psmos import disable, enable, order
from support.vectors import vector

from euicc_sim import Card

Send = Callable[[bytes], bytes]

GET = hx("BF5F00")
NONE = hx("BF5F 03 810101")
PARAMETERS = hx("35 01 03 47 07 06 696F74313233")


@pytest.fixture
def isdr(send: Send, card: Card) -> Send:
    send(SELECT_ISDR)
    give(card, A, B, C, enabled=A, A={"connectivity": PARAMETERS}, B={"connectivity": hx("3500")})
    return send


def test_those_of_the_enabled_profile_are_shown(isdr: Send, card: Card) -> None:
    found = ask_in_vain(isdr, card, vector("GetConnectivityParameters_req"))
    assert found == vector("GetConnectivityParameters_resp")
    assert found == hx("BF5F 10 A00E 810C 350103 4707 06 696F74313233")


def test_they_change_with_the_enabled_profile(isdr: Send) -> None:
    eim = eim1()
    trust(isdr, eim)
    order(isdr, eim, enable(B))
    assert ask(isdr, GET) == hx("BF5F 06 A004 8102 3500")
    order(isdr, eim, enable(C))
    assert ask(isdr, GET) == NONE
    order(isdr, eim, enable(A))
    assert PARAMETERS in ask(isdr, GET)


def test_without_an_enabled_profile_it_is_1(isdr: Send) -> None:
    eim = eim1()
    trust(isdr, eim)
    order(isdr, eim, disable(A))
    assert ask(isdr, GET) == vector("GetConnectivityParameters_resp_none")


@pytest.mark.parametrize("parameters", [None, b""])
def test_a_profile_without_any_is_1(send: Send, card: Card, parameters: bytes | None) -> None:
    send(SELECT_ISDR)
    give(card, A, enabled=A, A={"connectivity": parameters})
    assert ask_in_vain(send, card, GET) == NONE


def test_they_come_from_the_header_of_the_profile_package(
    send: Send, card: Card, pki_folder: Path
) -> None:
    install(send, pki_folder, package=saip.package(A_DIGITS, connectivity=PARAMETERS))
    assert ask(send, GET) == NONE
    eim = eim1()
    trust(send, eim)
    order(send, eim, enable(A))
    assert ask(send, GET) == tlv("BF5F", tlv("A0", tlv("81", PARAMETERS)))


def test_what_is_in_the_request_beside_is_not_looked_at(isdr: Send) -> None:
    assert PARAMETERS in ask(isdr, hx("BF5F 02 8000"))


# -- IPAe


def test_a_card_without_an_ipae_has_none_to_activate(isdr: Send, card: Card) -> None:
    found = ask_in_vain(isdr, card, vector("IpaeActivation_req"))
    assert found == vector("IpaeActivation_resp_notsupported") == hx("BF42 03 800101")


def test_an_activation_of_nothing_is_not_supported_either(isdr: Send, card: Card) -> None:
    assert ask_in_vain(isdr, card, hx("BF42 03 8001 00")) == hx("BF42 03 800101")


@pytest.mark.parametrize("request_", ["BF4200", "BF42 02 8000", "BF42 04 80020980"])
def test_an_unreadable_activation_is_6a80(isdr: Send, request_: str) -> None:
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)
