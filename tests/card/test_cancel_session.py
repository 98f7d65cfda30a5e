"""CancelSession: the end of an RSP session, signed, and what becomes of its one-time key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.eims import ask, check_signature, tlv
from support.es10 import SELECT_ISDR, es10_sw
from support.fresh import pki_in
from support.hexes import hx
from support.server import (
    TRANSACTION,
    Certified,
    Server,
    cancelled,
    challenge,
    euicc_key,
    one_time_key,
    prepared,
    refusal,
)

from euicc_sim import Card
from keys import CertificateIssuer, Curve

Send = Callable[[bytes], bytes]

NO_SESSION = hx("BF41 03 810105")
REASONS = [0, 1, 2, 3, 4, 5, 127]


@pytest.fixture(params=list(Curve), ids=lambda one: one.value)
def ci(request: pytest.FixtureRequest, pki_folder: Path) -> CertificateIssuer:
    return pki_in(pki_folder).branch(request.param).ci


@pytest.fixture
def server(ci: CertificateIssuer) -> Server:
    return Server.below(ci)


def cancel(reason: int | bytes, transaction: bytes = TRANSACTION) -> bytes:
    content = reason if isinstance(reason, bytes) else bytes((reason,))
    return tlv("BF41", tlv("80", transaction), tlv("81", content))


@pytest.mark.parametrize("reason", REASONS)
def test_the_card_signs_whose_session_ended_and_why(
    isdr: Send, server: Server, reason: int
) -> None:
    key = euicc_key(server.begin(isdr))
    parts = cancelled(ask(isdr, cancel(reason)))
    assert parts["signed"] == tlv(
        "30", tlv("80", TRANSACTION), hx("8103 88370A"), tlv("82", bytes((reason,)))
    )
    check_signature(key, parts["signature"], parts["signed"])


@pytest.mark.parametrize("reason", ["06", "10", "7E", "FF", "0080"])
def test_a_reason_that_is_not_known_is_signed_as_undefined(
    isdr: Send, server: Server, reason: str
) -> None:
    server.session(isdr)
    assert cancelled(ask(isdr, cancel(hx(reason))))["signed"].endswith(hx("82 01 7F"))


def test_a_session_ends_once(isdr: Send, server: Server) -> None:
    first = server.session(isdr)
    cancelled(ask(isdr, cancel(0)))
    assert ask(isdr, cancel(0)) == NO_SESSION
    assert ask(isdr, server.prepare(first)) == refusal("BF21", 4)
    assert ask(isdr, server.authenticate(bytes(16))) == refusal("BF38", 4)


def test_a_prepared_download_can_be_cancelled(isdr: Send, server: Server) -> None:
    prepared(ask(isdr, server.prepare(server.session(isdr))))
    cancelled(ask(isdr, cancel(5)))


def test_a_refused_preparation_can_be_cancelled(isdr: Send, server: Server) -> None:
    first = server.session(isdr)
    assert ask(isdr, server.prepare(first, signature=b"")) == refusal("BF21", 2)
    cancelled(ask(isdr, cancel(5)))


def test_an_sm_ds_is_named_by_its_own_oid(
    isdr: Send, server: Server, ci: CertificateIssuer
) -> None:
    ds = ci.issue_ds_auth()
    server.session(isdr, certificate=Certified(ds.der, ds.private_key))
    assert hx("8103 88370F") in cancelled(ask(isdr, cancel(0)))["signed"]


@pytest.mark.parametrize("reason", REASONS)
def test_the_one_time_key_stays_when_the_download_will_be_tried_again(
    isdr: Send, server: Server, reason: int
) -> None:
    point = one_time_key(ask(isdr, server.prepare(server.session(isdr))))
    cancelled(ask(isdr, cancel(reason)))
    again = server.session(isdr)
    used = one_time_key(ask(isdr, server.prepare(again, otpk=point)))
    assert (used == point) == (reason in {1, 2})


@pytest.mark.parametrize("transaction", [b"\1", TRANSACTION[:15], bytes(16)])
def test_another_transaction_is_refused_and_the_session_stays(
    isdr: Send, card: Card, server: Server, transaction: bytes
) -> None:
    server.session(isdr)
    before, inside = card.state, card._volatile
    assert ask(isdr, cancel(0, transaction)) == NO_SESSION
    assert card.state is before
    assert card._volatile == inside
    cancelled(ask(isdr, cancel(0)))


def test_without_an_authenticated_server_there_is_nothing_to_cancel(
    isdr: Send, server: Server
) -> None:
    assert ask(isdr, cancel(0)) == NO_SESSION
    given = challenge(isdr)
    assert ask(isdr, cancel(0)) == NO_SESSION
    server_answer = ask(isdr, server.authenticate(given))
    assert server_answer[:2] == hx("BF38")
    challenge(isdr)
    assert ask(isdr, cancel(0)) == NO_SESSION


def test_a_reset_leaves_nothing_to_cancel(isdr: Send, card: Card, server: Server) -> None:
    server.session(isdr)
    card.reset()
    isdr(SELECT_ISDR)
    assert ask(isdr, cancel(0)) == NO_SESSION


@pytest.mark.parametrize(
    "request_", ["BF4100", "BF41 03 810100", "BF41 03 800101", "BF41 05 8000 810100"]
)
def test_a_request_that_is_not_whole_is_6a80_and_the_session_stays(
    isdr: Send, server: Server, request_: str
) -> None:
    server.session(isdr)
    assert es10_sw(isdr, hx(request_)) == (b"", 0x6A80)
    cancelled(ask(isdr, cancel(0)))


def test_nothing_is_written_to_the_disk(isdr: Send, card: Card, server: Server) -> None:
    before = card.state
    server.session(isdr)
    cancelled(ask(isdr, cancel(0)))
    assert card.state is before


def test_the_log_says_who_and_why(isdr: Send, card: Card, server: Server) -> None:
    server.session(isdr)
    card.take_events()
    ask(isdr, cancel(1))
    ask(isdr, cancel(1))
    assert [one.text for one in card.take_events()] == [
        "CancelSession: 2.999.10, POSTPONED",
        "CancelSession: invalidTransactionId: no server has been authenticated",
    ]
