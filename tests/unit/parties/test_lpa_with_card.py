"""LPA, SM-DP+ and our card together: downloads that end well, and some that do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.fresh import pki_in
from support.published_pki import PUBLISHED

from euicc_sim import Card
from euicc_sim.parties.lpa.es10_messages import authenticate_server, prepare_download
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.apdus import exchange, select_isdr
from euicc_sim.parties.messages.errors import LpaError, SmdppError
from euicc_sim.parties.messages.interfaces import ClientAuthentication
from euicc_sim.parties.smdpp.binding import Binding
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.metadata import Metadata
from euicc_sim.parties.smdpp.smdpp import Smdpp
from keys import Curve, TestPki

PACKAGES = PUBLISHED.parent / "upp"
NAME = "TS48v1_A"
ICCID = "89000123456789012341"

pytestmark = pytest.mark.skipif(
    not PACKAGES.is_dir(), reason="the TS.48 test profiles are not beside the project"
)


@pytest.fixture
def package() -> bytes:
    return (PACKAGES / f"{NAME}.der").read_bytes()


@pytest.fixture
def smdpp(pki_folder: Path, package: bytes) -> Smdpp:
    orders = [Order(package, "A"), Order(package, "C", confirmation_code="1234")]
    return Smdpp.of(pki_in(pki_folder), orders)


@pytest.fixture
def lpa(card: Card) -> Lpa:
    return Lpa(card.transmit)


# -- a whole life


@pytest.mark.parametrize("curve", list(Curve), ids=lambda one: one.value)
def test_a_profile_is_downloaded(lpa: Lpa, smdpp: Smdpp, curve: Curve) -> None:
    chosen = [one for one in smdpp.identities if one.auth.curve is curve]
    smdpp.identities = tuple(chosen)
    found = lpa.download(smdpp, matching_id="A")
    assert found.iccid == ICCID
    (listed,) = lpa.profiles()
    assert (listed.iccid, listed.aid, listed.enabled) == (ICCID, found.aid, False)


@pytest.mark.parametrize("size", [200, 1007, 1008, 2048])
def test_segments_may_have_any_size(lpa: Lpa, smdpp: Smdpp, size: int) -> None:
    smdpp.segment_size = size
    assert lpa.download(smdpp, matching_id="A").iccid == ICCID


def test_session_keys_may_stay(lpa: Lpa, smdpp: Smdpp) -> None:
    smdpp.replace_keys = False
    assert lpa.download(smdpp, matching_id="A").iccid == ICCID


def test_a_confirmation_code_opens_the_order(lpa: Lpa, smdpp: Smdpp) -> None:
    found = lpa.download(smdpp, matching_id="C", confirmation_code="1234")
    assert found.iccid == ICCID


def test_the_server_hears_of_a_whole_life(lpa: Lpa, smdpp: Smdpp) -> None:
    heard: list[str] = []
    taken = smdpp.handle_notification
    smdpp.handle_notification = lambda one: heard.append(taken(one).event)  # type: ignore
    lpa.download(smdpp, matching_id="A")
    lpa.enable(ICCID)
    lpa.disable(ICCID)
    lpa.delete(ICCID)
    lpa.process_notifications(smdpp)
    assert heard == ["install", "enable", "disable", "delete"]
    assert lpa.notifications() == []
    assert lpa.profiles() == []


def test_a_nickname_shows_in_the_list(lpa: Lpa, smdpp: Smdpp) -> None:
    lpa.download(smdpp, matching_id="A")
    lpa.set_nickname(ICCID, "work")
    assert [one.nickname for one in lpa.profiles([0x5A, 0x90])] == ["work"]


def test_the_result_of_the_card_is_genuine(lpa: Lpa, smdpp: Smdpp) -> None:
    found = lpa.download(smdpp, matching_id="A")
    facts = smdpp.handle_notification(lpa.notification(found.seq_number))
    assert (facts.aid, facts.iccid, facts.eid) == (found.aid, ICCID, lpa.eid())


# -- what does not end well


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda one: replace(one, signature=bytes(64)), "invalidSignature"),
        (lambda one: replace(one, remote_op_id=2), "unsupportedRemoteOperationType"),
        (lambda one: replace(one, transaction_id=bytes(16)), "invalidTransactionId"),
        (lambda one: replace(one, key_type=0x81), "unsupportedCrtValues"),
        (lambda one: replace(one, eid=bytes(16)), "scp03tSecurityError"),
        (lambda one: replace(one, configuration=b"\xbf\x25\x00"), "scp03tStructureError"),
        (lambda one: replace(one, package=b"\xa0\x00"), "installFailedDueToPEProcessingError"),
    ],
    ids=[
        "signature",
        "operation",
        "transaction",
        "key type",
        "another card's",
        "configuration",
        "profile elements",
    ],
)
def test_a_spoilt_package_is_not_installed(
    lpa: Lpa, smdpp: Smdpp, spoil: Callable[[Binding], Binding], code: str
) -> None:
    smdpp.adjust = spoil
    with pytest.raises(LpaError) as caught:
        lpa.download(smdpp, matching_id="A")
    assert caught.value.code == code
    assert lpa.profiles() == []


def test_the_server_hears_of_a_failure(lpa: Lpa, smdpp: Smdpp) -> None:
    smdpp.adjust = lambda one: replace(one, signature=bytes(64))
    with pytest.raises(LpaError) as caught:
        lpa.download(smdpp, matching_id="A")
    assert caught.value.result is not None
    facts = smdpp.handle_notification(caught.value.result)
    assert (facts.error, facts.installed) == ("invalidSignature", False)
    assert len(lpa.process_notifications(smdpp)) == 1


def test_metadata_of_another_profile_is_not_installed(
    lpa: Lpa, smdpp: Smdpp, package: bytes
) -> None:
    smdpp.orders.add(Order(package, "M", metadata=Metadata(iccid="8900012345678901235")))
    with pytest.raises(LpaError) as caught:
        lpa.download(smdpp, matching_id="M")
    assert caught.value.code == "installFailedDueToDataMismatch"


def test_the_same_profile_is_not_installed_twice(lpa: Lpa, smdpp: Smdpp) -> None:
    lpa.download(smdpp, matching_id="A")
    with pytest.raises(LpaError) as caught:
        lpa.download(smdpp, matching_id="A")
    assert caught.value.code == "installFailedDueToIccidAlreadyExistsOnEuicc"


def test_a_server_of_another_pki_is_refused(lpa: Lpa, package: bytes) -> None:
    stranger = Smdpp.of(TestPki.create(seed=99), [Order(package, "A")])
    with pytest.raises(LpaError) as caught:
        lpa.download(stranger, matching_id="A")
    assert caught.value.code == "8.8.2/3.1"


def test_an_unknown_matching_id_ends_the_session_of_the_card(
    lpa: Lpa, smdpp: Smdpp, card: Card
) -> None:
    with pytest.raises(LpaError) as caught:
        lpa.download(smdpp, matching_id="X")
    assert caught.value.code == "8.2.6/3.8"
    assert card.take_events()[-1].name == "CancelSession"


# -- trying again


def offer(card: Card, smdpp: Smdpp) -> ClientAuthentication:
    """Up to AuthenticateClient."""
    select_isdr(card.transmit)
    challenge = exchange(card.transmit, b"\xbf\x2e\x00")[-16:]
    info = exchange(card.transmit, b"\xbf\x20\x00")
    first = smdpp.initiate_authentication(info, challenge, smdpp.address)
    answer = exchange(card.transmit, authenticate_server(first, "A"))
    return smdpp.authenticate_client(first.transaction_id, answer)


def fetch(card: Card, smdpp: Smdpp, found: ClientAuthentication) -> bytes:
    """The package for a card that was offered one."""
    answer = exchange(card.transmit, prepare_download(found, None))
    return smdpp.get_bound_profile_package(found.transaction_id, answer)


def after_the_channel(package: bytes) -> Any:
    return package[package.index(b"\xa0\x1a\x87") :]


def test_a_download_that_was_broken_off_goes_on_with_the_same_package(
    card: Card, smdpp: Smdpp, lpa: Lpa
) -> None:
    first = fetch(card, smdpp, offer(card, smdpp))
    again = offer(card, smdpp)
    assert b"\x5f\x49\x41" in again.smdp_signed2
    second = fetch(card, smdpp, again)
    assert first != second
    assert after_the_channel(first) == after_the_channel(second)
    assert lpa.download(smdpp, matching_id="A").iccid == ICCID


def test_a_package_is_refused_to_a_card_that_signed_something_else(
    card: Card, smdpp: Smdpp
) -> None:
    found = offer(card, smdpp)
    answer = exchange(card.transmit, prepare_download(found, None))
    with pytest.raises(SmdppError):
        smdpp.get_bound_profile_package(found.transaction_id, answer[:-1] + b"\0")
