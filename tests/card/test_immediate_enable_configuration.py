"""ConfigureImmediateProfileEnabling (SGP.32 v1.2 5.9.17, 3.4.4): while no eIM is trusted.

What a package configures is in test_psmo_lists.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.eims import LIST_EIM, ask, eim1, tlv, trust
from support.es10 import es10_sw
from support.hexes import hx
from support.installed import ask_in_vain, change, switch

from euicc_sim import Card
from euicc_sim.es10.profiles import immediate_enable
from euicc_sim.model.state import ImmediateEnable

Send = Callable[[bytes], bytes]

OID, ADDRESS = "1.3.6.1.4.1.46304", "smdp.example.com"
ON_FOR_BOTH = tlv("BF59", hx("8000 8108 2B0601040182E960"), tlv("82", ADDRESS.encode()))
OK = hx("BF59 03 800100")


def test_it_is_switched_on_for_an_oid_and_an_address(isdr: Send, card: Card) -> None:
    assert ask(isdr, ON_FOR_BOTH) == OK
    assert card.state.immediate_enable == ImmediateEnable(True, OID, ADDRESS)


def test_without_the_flag_it_is_switched_off(isdr: Send, card: Card) -> None:
    ask(isdr, ON_FOR_BOTH)
    assert ask(isdr, hx("BF59 02 8200")) == OK
    assert not card.state.immediate_enable.enabled


def test_what_a_configuration_lacks_is_removed(isdr: Send, card: Card) -> None:
    ask(isdr, ON_FOR_BOTH)
    assert ask(isdr, hx("BF59 02 8000")) == OK
    assert card.state.immediate_enable == ImmediateEnable(True)


def test_a_card_that_reads_the_rule_otherwise_keeps_what_a_configuration_lacks(
    isdr: Send, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(immediate_enable, "IMMEDIATE_ENABLE_IS_REPLACED_WHOLE", False)
    ask(isdr, ON_FOR_BOTH)
    assert ask(isdr, hx("BF59 05 8000 8201 61")) == OK
    assert card.state.immediate_enable == ImmediateEnable(True, OID, "a")


def test_it_outlives_reopening(isdr: Send, card: Card) -> None:
    ask(isdr, ON_FOR_BOTH)
    card.close()
    with Card.open(card.directory, fsync=False) as again:
        assert again.state.immediate_enable == ImmediateEnable(True, OID, ADDRESS)


def test_a_full_memory_is_1(isdr: Send, card: Card) -> None:
    switch(card, memory_full=True)
    assert ask_in_vain(isdr, card, ON_FOR_BOTH) == hx("BF59 03 800101")


def test_an_associated_eim_is_2(isdr: Send, card: Card) -> None:
    eim = eim1()
    trust(isdr, eim)
    assert ask_in_vain(isdr, card, ON_FOR_BOTH) == hx("BF59 03 800102")
    assert eim.load(isdr, LIST_EIM)
    assert ask_in_vain(isdr, card, hx("BF5900")) == hx("BF59 03 800102")


def test_an_associated_eim_comes_before_a_full_memory(isdr: Send, card: Card) -> None:
    trust(isdr, eim1())
    switch(card, memory_full=True)
    assert ask(isdr, ON_FOR_BOTH) == hx("BF59 03 800102")


def test_after_the_last_eim_is_gone_it_is_allowed_again(isdr: Send, card: Card) -> None:
    trust(isdr, eim1())
    change(card, eims=())
    assert ask(isdr, ON_FOR_BOTH) == OK


@pytest.mark.parametrize("request_", ["BF59 03 800100", "BF59 02 8100", "BF59 03 8201FF"])
def test_an_unreadable_request_is_6a80(isdr: Send, card: Card, request_: str) -> None:
    before = card.state
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)
    assert card.state is before
