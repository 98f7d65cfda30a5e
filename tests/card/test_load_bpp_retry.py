"""A download that failed and is tried again: keys used again, the session, its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.eims import ask, check_signature, objects, tlv, value_of
from support.es10 import SELECT_ISDR, es10, es10_sw
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, A, B, order
from support.loading import (
    NOT_EXPECTED,
    Bound,
    installed,
    load,
    prepare,
    profiles,
    result_of,
    sections,
    seeded,
    waiting,
)
from support.server import cancelled
from support.spoiling import (
    flipped,
    with_section,
)

from euicc_sim import Card
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.smdpp.smdpp import Smdpp

Send = Callable[[bytes], bytes]
CANCELLED = hx("88370A")


@pytest.fixture
def server(pki_folder: Path) -> Smdpp:
    return seeded(pki_folder, order(), order(B_DIGITS))


def spoilt(bound: Bound, tag: str = "A3") -> Bound:
    return bound.changed(with_section(tag, lambda content: flipped(content, -1)))


def fail(send: Send, server: Smdpp, tag: str = "A3") -> Bound:
    bound = spoilt(prepare(send, server), tag)
    form, _ = result_of(load(send, bound.chains), bound)["finalResult"]
    assert form == "errorResult"
    return bound


def shown_key(bound: Bound) -> bytes:
    """The SM-DP+'s one-time key in BF23."""
    fields = {tag: content for tag, _, content in objects(dict(sections(bound.package))["BF23"])}
    return fields["5F49"]


def cancel(bound: Bound, reason: int = 5) -> bytes:
    return tlv("BF41", tlv("80", bound.transaction), tlv("81", bytes((reason,))))


# -- keys


@pytest.mark.parametrize("tag", ["BF23", "A0", "A1", "A2", "A3"])
def test_after_a_failed_load_the_same_keys_bind_the_package_again(
    send: Send, card: Card, server: Smdpp, tag: str
) -> None:
    first = fail(send, server, tag)
    (kept,) = card._volatile.one_time_keys
    again = prepare(send, server)
    assert card._volatile.one_time_keys == (kept,)
    assert again.transaction != first.transaction
    assert shown_key(again) == shown_key(first)
    installed(send, again)


def test_an_interruption_by_another_function_keeps_the_key_too(
    send: Send, card: Card, server: Smdpp
) -> None:
    first = prepare(send, server)
    load(send, first.chains[:-1])
    ask(send, hx("BF2D00"))
    (kept,) = card._volatile.one_time_keys
    again = prepare(send, server)
    assert card._volatile.one_time_keys == (kept,)
    assert sections(again.package)[1:] == sections(first.package)[1:]
    installed(send, again)


def test_after_a_reset_the_key_is_another(send: Send, card: Card, server: Smdpp) -> None:
    """It was in memory only: the SM-DP+ asks for it, and gets one that it has to bind anew."""
    first = prepare(send, server)
    load(send, first.chains[:-1])
    card.reset()
    assert card._volatile.one_time_keys == ()
    installed(send, prepare(send, server))


def test_a_key_that_has_installed_a_profile_is_forgotten(
    send: Send, card: Card, server: Smdpp
) -> None:
    installed(send, prepare(send, server))
    assert card._volatile.one_time_keys == ()
    second = prepare(send, server, B_DIGITS, iccid=B)
    installed(send, second)
    assert card._volatile.one_time_keys == ()


@pytest.mark.parametrize(("reason", "kept"), [(0, False), (1, True), (2, True), (5, False)])
def test_a_cancelled_session_keeps_the_key_when_it_is_only_put_off(
    send: Send, card: Card, server: Smdpp, reason: int, kept: bool
) -> None:
    bound = fail(send, server)
    ask(send, cancel(bound, reason))
    assert bool(card._volatile.one_time_keys) == kept
    installed(send, prepare(send, server))


# -- the session after the load


@pytest.mark.parametrize("reason", [0, 5, 127])
def test_after_a_failed_load_the_session_is_cancelled_signed(
    send: Send, server: Smdpp, reason: int
) -> None:
    bound = fail(send, server)
    parts = cancelled(ask(send, cancel(bound, reason)))
    fields = tlv("80", bound.transaction), tlv("81", CANCELLED), tlv("82", bytes((reason,)))
    assert parts["signed"] == tlv("30", *fields)
    check_signature(bound.key, parts["signature"], parts["signed"])
    assert ask(send, cancel(bound, reason)) == hx("BF41 03 810105")


def test_of_another_transaction_nothing_is_cancelled(send: Send, server: Smdpp) -> None:
    bound = fail(send, server)
    other = replace(bound, transaction=flipped(bound.transaction, 0))
    assert ask(send, cancel(other)) == hx("BF41 03 810105")
    cancelled(ask(send, cancel(bound)))


def test_after_a_reset_nothing_is_left_to_cancel(send: Send, card: Card, server: Smdpp) -> None:
    bound = fail(send, server)
    card.reset()
    send(SELECT_ISDR)
    assert ask(send, cancel(bound)) == hx("BF41 03 810105")


@pytest.mark.parametrize("failed", [True, False], ids=["failed", "installed"])
def test_a_package_that_has_ended_does_not_begin_again(
    send: Send, card: Card, server: Smdpp, failed: bool
) -> None:
    bound = prepare(send, server)
    assert load(send, (spoilt(bound) if failed else bound).chains)
    before = card.state
    for chain in bound.chains:
        assert es10_sw(send, chain) == NOT_EXPECTED
    assert es10_sw(send, bound.package) == NOT_EXPECTED
    assert card.state is before


def test_a_package_that_is_begun_twice_is_refused(send: Send, card: Card, server: Smdpp) -> None:
    bound = prepare(send, server)
    assert load(send, bound.chains[:-1]) == b""
    result = result_of(es10(send, bound.chains[0]), bound)
    assert result["finalResult"] == ("errorResult", {"bppCommandId": 5, "errorReason": 7})
    assert card.state.profiles == ()
    installed(send, prepare(send, server))


def test_the_package_of_another_session_is_refused(send: Send, server: Smdpp) -> None:
    first = prepare(send, server)
    second = prepare(send, server)
    result = result_of(load(send, first.chains), second)
    assert result["transactionId"] == second.transaction
    assert result["finalResult"] == ("errorResult", {"bppCommandId": 0, "errorReason": 3})
    installed(send, prepare(send, server))


def test_a_package_that_was_prepared_a_second_time_is_loaded_under_the_second_key(
    send: Send, card: Card, server: Smdpp
) -> None:
    prepare(send, server)
    bound = prepare(send, server)
    assert len(card._volatile.one_time_keys) == 1
    installed(send, bound)


# -- by the hands of an LPA


def test_an_lpa_tries_until_it_works(send: Send, pki_folder: Path) -> None:
    """Every second try is spoilt on its way; the results of all go to the SM-DP+."""
    server = seeded(pki_folder, order(), order(B_DIGITS))
    for digits in (A_DIGITS, B_DIGITS):
        bound = spoilt(prepare(send, server, digits))
        assert load(send, bound.chains)
        cancelled(ask(send, cancel(bound, 2)))
        Lpa(send).download(server, matching_id=digits)
    assert set(profiles(send)) == {A, B}
    results = [one for one in waiting(send) if one[:2] == hx("BF37")]
    forms = [value_of(one)["profileInstallationResultData"]["finalResult"][0] for one in results]
    assert forms == ["errorResult", "successResult"] * 2
    taken = Lpa(send).process_notifications(server)
    assert len(taken) == 4
    assert [one for one in waiting(send) if one[:2] == hx("BF37")] == []
