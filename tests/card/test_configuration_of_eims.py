"""GetEimConfigurationData: what is shown of an eIM, in which order, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.eims import (
    ask,
    configurations,
    eim1,
    eim2,
    objects,
    spki,
    tlv,
    trust,
    value_of,
    vector_key,
)
from support.es10 import es10_sw
from support.hexes import hx
from support.vectors import vector

from euicc_sim import Card

Send = Callable[[bytes], bytes]


def fields(send: Send) -> list[str]:
    """The tags of the first entry."""
    ((_, _, body),) = objects(ask(send, hx("BF5500")))
    ((_, _, entries),) = objects(body)
    (_, _, first), *_ = objects(entries)
    return [tag for tag, _, _ in objects(first)]


def test_nobody_is_an_empty_list(isdr: Send) -> None:
    assert ask(isdr, vector("get_eim_cfg_req_all")) == vector("get_eim_cfg_resp_empty")


def test_an_unknown_eim_is_an_empty_list(isdr: Send) -> None:
    trust(isdr, eim2())
    assert ask(isdr, vector("get_eim_cfg_req_one")) == vector("get_eim_cfg_resp_empty")


def test_one_eim_can_be_asked_for(isdr: Send) -> None:
    trust(isdr, eim2(), eim1())
    found = value_of(ask(isdr, vector("get_eim_cfg_req_one")))["eimConfigurationDataList"]
    assert [one["eimId"] for one in found] == ["eim1.example.com"]


@pytest.mark.usefixtures("lenient")
def test_the_criterion_may_lack_its_wrapper(isdr: Send) -> None:
    trust(isdr, eim1())
    wrapped = vector("get_eim_cfg_req_one")
    assert ask(isdr, tlv("BF55", wrapped[5:])) == ask(isdr, wrapped)


def test_eims_are_shown_in_the_order_they_were_added(isdr: Send) -> None:
    trust(isdr, eim2(), eim1())
    assert list(configurations(isdr)) == ["eim2.example.com", "eim1.example.com"]


def test_the_defaults_are_shown(isdr: Send, card: Card) -> None:
    trust(isdr, eim1())
    found = configurations(isdr)["eim1.example.com"]
    assert found["eimIdType"] == 3
    assert found["eimSupportedProtocol"] == (1, 5)
    assert found["euiccCiPKId"] == card.identity.credentials[0].ci_pk_id
    assert set(found) == {
        "eimId",
        "eimIdType",
        "eimPublicKeyData",
        "eimSupportedProtocol",
        "euiccCiPKId",
    }


def test_the_protocols_default_to_bit_4(isdr: Send) -> None:
    trust(isdr, eim1())
    assert hx("87 02 03 08") in ask(isdr, hx("BF5500"))


def test_the_counter_is_never_shown(isdr: Send) -> None:
    trust(isdr, eim1(counter=77))
    assert "counterValue" not in configurations(isdr)["eim1.example.com"]


def test_a_token_is_shown_with_its_value(isdr: Send) -> None:
    trust(isdr, eim1(), token_wanted=True)
    assert configurations(isdr)["eim1.example.com"]["associationToken"] == 1


def test_no_token_is_not_shown(isdr: Send) -> None:
    trust(isdr, eim1())
    assert "84" not in fields(isdr)


def test_every_field_is_shown_in_the_order_of_the_module(isdr: Send, card: Card) -> None:
    everything = eim1().configuration()
    extra: dict[str, Any] = {
        "eimFqdn": "eim1.example.com",
        "eimIdType": 2,
        "trustedPublicKeyDataTls": ("trustedEimPkTls", everything["eimPublicKeyData"][1]),
        "eimSupportedProtocol": (0b11111, 5),
        "euiccCiPKId": card.identity.credentials[1].ci_pk_id,
        "indirectProfileDownload": 0,
    }
    trust(isdr, eim1(extra=extra), token_wanted=True)
    assert fields(isdr) == ["80", "81", "82", "84", "A5", "A6", "87", "88", "89"]
    found = configurations(isdr)["eim1.example.com"]
    assert {name: found[name] for name in extra} == {
        **extra,
        "trustedPublicKeyDataTls": found["trustedPublicKeyDataTls"],
    }


def test_a_key_is_shown_with_its_arm_in_place_of_the_30(isdr: Send) -> None:
    trust(isdr, eim1())
    one = spki(vector_key("eim1"))
    assert tlv("A5", tlv("A0", one[2:])) in ask(isdr, hx("BF5500"))


def test_asking_changes_nothing(isdr: Send, card: Card) -> None:
    trust(isdr, eim1())
    before = card.state
    ask(isdr, hx("BF5500"))
    assert card.state is before


@pytest.mark.parametrize("request_", ["BF55 04 A0028000", "BF55 02 A000", "BF55 05 A003810131"])
def test_another_criterion_is_6a80(isdr: Send, request_: str) -> None:
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)
