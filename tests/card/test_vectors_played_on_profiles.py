"""The vectors about Profiles, played on a card that has their key and Profiles A, B and C.

Nobody is told of an event, so that the numbers are those of the vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.eims import ask
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installed import change, enabled, give, states
from support.installing import A, B, C
from support.psmos import elements
from support.vector_card import Given, vector_card
from support.vectors import sgp32, vector

from euicc_sim import Card
from euicc_sim.model.volatile import Installed

Send = Callable[[bytes], bytes]
ALLOWED = {"fallback_allowed": True}


@pytest.fixture
def given(request: pytest.FixtureRequest) -> Given:
    found: Given = getattr(request, "param", Given())
    return found


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, given: Given) -> Iterator[Card]:
    with vector_card(tmp_path / "card", pki_folder, given) as card:
        yield card


@pytest.fixture
def isdr(send: Send, card: Card) -> Send:
    send(SELECT_ISDR)
    fill(card, enabled=A)
    return send


def fill(card: Card, *iccids: bytes, enabled: bytes | None = None, **special: Any) -> None:
    """Give the card these Profiles, or A, B and C."""
    silent: dict[str, Any] = {"recipients": ()}
    fields = {one: silent | special.get(one, {}) for one in "ABC"}
    give(card, *(iccids or (A, B, C)), enabled=enabled, **fields)


def test_the_iccids_are_those_of_the_vectors() -> None:
    assert {name: hx(one) for name, one in sgp32()["iccids"].items()} == {"A": A, "B": B, "C": C}


# -- one package, one answer

PACKAGES: list[tuple[str, str, Given, bytes | None]] = [
    ("pkg_enable", "res_enable_ok", Given(8, number=8), A),
    ("pkg_enable", "res_enable_ok", Given(8, number=8), None),
    ("pkg_enable_rollback", "res_enable_rollback_ok", Given(9, number=9), A),
    ("pkg_disable_delete", "res_disable_delete", Given(10, number=11), A),
    ("pkg_disable_delete", "res_stop_on_error", Given(10, number=11), None),
    ("pkg_disable_delete", "res_stop_on_error", Given(10, number=11), C),
    ("pkg_delete", "res_delete_ok", Given(11, number=12), A),
    ("pkg_delete", "res_delete_enabled", Given(11, number=12), C),
    ("pkg_get_rat", "res_get_rat", Given(14, number=15), A),
    ("pkg_config_immediate_enable", "res_config_immediate_enable", Given(15, number=16), A),
    ("pkg_set_fallback", "res_set_fallback", Given(16, number=17), A),
    ("pkg_set_default_dp", "res_set_default_dp", Given(18, number=19), A),
    ("pkg_enable", "err_signed_replay", Given(9), A),
]


@pytest.mark.parametrize(
    ("package", "answer", "given", "first"),
    PACKAGES,
    indirect=["given"],
    ids=[f"{package}-{answer}-{at}" for at, (package, answer, *_) in enumerate(PACKAGES)],
)
def test_a_package_has_the_answer_of_the_vectors(
    isdr: Send, card: Card, package: str, answer: str, first: bytes | None
) -> None:
    fill(card, enabled=first, B=ALLOWED)
    assert ask(isdr, vector(package)).hex() == vector(answer).hex()


@pytest.mark.parametrize("given", [Given(17, number=18)], indirect=True)
def test_the_fallback_attribute_is_unset_as_in_the_vectors(isdr: Send, card: Card) -> None:
    change(card, fallback_profile=B)
    assert ask(isdr, vector("pkg_unset_fallback")) == vector("res_unset_fallback")


@pytest.mark.parametrize("given", [Given(13, number=14)], indirect=True)
def test_profiles_are_listed_as_in_the_vectors(isdr: Send, card: Card) -> None:
    fill(card, A, B, enabled=A, B=ALLOWED)
    change(card, fallback_profile=B)
    answer = ask(isdr, vector("pkg_list_profile_info_tags"))
    assert answer.hex() == vector("res_list_profile_info").hex()


@pytest.mark.parametrize("given", [Given(12, number=13)], indirect=True)
def test_without_a_tag_list_profiles_are_listed_as_the_function_does(isdr: Send) -> None:
    listed = ask(isdr, hx("BF2D00"))
    assert elements(ask(isdr, vector("pkg_list_profile_info"))) == listed
    assert listed.count(hx("E3")) == 3


# -- in a row


@pytest.mark.parametrize("given", [Given(8, number=8)], indirect=True)
def test_an_enable_is_retrieved_and_removed(isdr: Send) -> None:
    for request, answer in (
        ("pkg_enable", "res_enable_ok"),
        ("pkg_enable", "err_signed_replay"),
        ("retrieve_req_epr", "retrieve_resp_epr"),
        ("retrieve_req_seq", "retrieve_resp_epr"),
        ("remove_notif_req", "remove_notif_resp_ok"),
        ("remove_notif_req", "remove_notif_resp_none"),
    ):
        assert ask(isdr, vector(request)).hex() == vector(answer).hex(), request
    assert enabled(isdr) == B


@pytest.mark.parametrize("given", [Given(9, number=9)], indirect=True)
def test_a_rollback_and_what_follows(isdr: Send) -> None:
    for request, answer in (
        ("profile_rollback_req", "profile_rollback_resp_denied"),
        ("pkg_enable_rollback", "res_enable_rollback_ok"),
        ("profile_rollback_req", "profile_rollback_resp"),
        ("profile_rollback_req", "profile_rollback_resp_denied"),
        ("pkg_disable_delete", "res_disable_delete"),
    ):
        assert ask(isdr, vector(request)).hex() == vector(answer).hex(), request
    assert states(isdr) == {A: False, B: False}


# -- the short ones


def test_fallback(isdr: Send, card: Card) -> None:
    change(card, fallback_profile=B)
    for name in ("ExecuteFallbackMechanism", "ReturnFromFallback"):
        assert ask(isdr, vector(f"{name}_req")) == vector(f"{name}_resp_ok")
    change(card, fallback_profile=None)
    answer = ask(isdr, vector("ExecuteFallbackMechanism_req"))
    assert answer == vector("ExecuteFallback_resp_not_available")


def test_the_emergency_profile(isdr: Send, card: Card) -> None:
    fill(card, enabled=A, C={"ecall": True})
    for name in ("EnableEmergencyProfile", "DisableEmergencyProfile"):
        assert ask(isdr, vector(f"{name}_req")) == vector(f"{name}_resp_ok")
    assert enabled(isdr) == A


def test_immediate_enabling(isdr: Send, card: Card) -> None:
    assert ask(isdr, vector("ConfigureImmediate_req")) == vector("ConfigureImmediate_resp")
    card._volatile = replace(card._volatile, installed=Installed(C, "2.999.10", "smdp.example.com"))
    assert ask(isdr, vector("ImmediateEnable_req")) == vector("ImmediateEnable_resp_ok")
    assert enabled(isdr) == C


def test_connectivity_parameters(isdr: Send, card: Card) -> None:
    request = vector("GetConnectivityParameters_req")
    assert ask(isdr, request) == vector("GetConnectivityParameters_resp_none")
    fill(card, enabled=A, A={"connectivity": hx("350103470706696F74313233")})
    assert ask(isdr, request) == vector("GetConnectivityParameters_resp")


@pytest.mark.parametrize("given", [Given(0, 0, 1)], indirect=True)
def test_a_memory_reset_of_profiles_and_eims(isdr: Send, card: Card) -> None:
    assert ask(isdr, vector("MemoryReset_req")) == vector("MemoryReset_resp")
    assert states(isdr) == {}
    assert card.state.eims == ()


@pytest.mark.parametrize("given", [Given(0)], indirect=True)
def test_a_memory_reset_of_eims_leaves_the_profiles(isdr: Send, card: Card) -> None:
    assert ask(isdr, vector("MemoryReset_req_eim")) == vector("MemoryReset_resp")
    assert states(isdr) == {A: True, B: False, C: False}
    assert card.state.eims == ()


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("SetDefaultDp_req", "SetDefaultDp_resp"),
        ("IpaeActivation_req", "IpaeActivation_resp_notsupported"),
        ("profile_rollback_req", "profile_rollback_resp_denied"),
        ("retrieve_req_all", "retrieve_resp_none"),
    ],
)
def test_a_short_request_has_the_answer_of_the_vectors(
    isdr: Send, request_: str, answer: str
) -> None:
    assert ask(isdr, vector(request_)) == vector(answer)


def test_the_enabled_profile_shows_in_the_answer_to_select(send: Send, isdr: Send) -> None:
    answer = send(SELECT_ISDR)
    if answer[0] == 0x61:
        answer = send(hx("00C00000") + answer[-1:])
    assert vector("IoT_FCI_template") in answer
