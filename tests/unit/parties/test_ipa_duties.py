"""What an IPA owes its eIM: a result for every package, also for one that it cannot carry out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.esipa import EID, World, kept, nobody
from support.heard import A, Heard
from support.hexes import hx
from support.installing import A_DIGITS, B_DIGITS, SMDP, order, smdpp
from support.judge import judged

from euicc_sim import Card
from euicc_sim.parties.ipa.ipa import Ipa, Poll
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.messages.interfaces import RspServer
from euicc_sim.parties.smdpp.metadata import Event, NotificationTarget, Owner, PolicyRule
from euicc_sim.parties.smdpp.smdpp import Smdpp

EID_OBJECT = hx("5A10") + bytes.fromhex(EID)
NOTHING = hx("BF4F 03 0201 01")
EMPTY = hx("BF50 02 3000")


class Scripted:
    """An eIM that gives these packages one after the other, and then nothing."""

    def __init__(self, *packages: bytes) -> None:
        self._packages = list(packages)
        self.results: list[bytes] = []

    def exchange(self, message: bytes) -> bytes:
        """The next package, or the empty answer to a result, which is kept without the EID."""
        judged("EsipaMessageFromIpaToEim", message)
        if message[:2] == hx("BF4F"):
            return self._packages.pop(0) if self._packages else NOTHING
        assert message[:2] == hx("BF50")
        self.results.append(message[message.index(EID_OBJECT) + len(EID_OBJECT) :])
        return EMPTY


@pytest.fixture
def trusting(tmp_path: Path, card: Card) -> World:
    world = World(tmp_path / "eim", nobody)
    world.trusted_by(card)
    return world


def polled(card: Card, *packages: str, servers: Any = nobody) -> tuple[Poll, list[bytes]]:
    eim = Scripted(*map(hx, packages))
    return Ipa(card.transmit, eim, servers).poll(), eim.results


@pytest.mark.parametrize(
    ("package", "result"),
    [
        (
            "BF4F 2A BF5427 A01F 801D 51522D472D35432D31303030393438392D313233343536373839304142"
            " 8204 A1B2C3D4",
            "A0 09 8004 A1B2C3D4 0201 01",
        ),
        ("BF4F 0D BF54 0A A002 8100 8204 A1B2C3D4", "A0 09 8004 A1B2C3D4 0201 01"),
        ("BF4F 03 BF6300", "A0 03 0201 02"),
        ("BF4F 03 BF7300", "A0 03 0201 02"),
        ("BF4F 00", "A0 03 0201 01"),
        ("BF4F 05 BF51023000", "A0 03 0201 01"),
        ("BF4F 03 BF5100", "A0 03 0201 01"),
        ("BF4F 05 BF52028000", "A0 03 0201 01"),
    ],
    ids=["no code", "no default", "63", "73", "empty", "BF51 30", "BF51", "BF52"],
)
def test_a_package_that_cannot_be_carried_out_has_a_result_and_the_poll_goes_on(
    trusting: World, card: Card, package: str, result: str
) -> None:
    later = "BF4F 07 BF52 04 5C02 BF20"
    found, results = polled(card, package, later)
    assert results[0] == hx(result)
    assert results[1][:2] == hx("BF52")
    assert found.refused == 1


def test_bytes_that_are_not_a_package_of_an_eim_end_the_poll(trusting: World, card: Card) -> None:
    with pytest.raises(LpaError, match="cannot be read"):
        polled(card, "BF60 00")


def test_a_poll_that_is_stopped_before_it_asks_says_so(trusting: World, card: Card) -> None:
    assert Ipa(card.transmit, Scripted(), go_on=lambda: False).poll() == Poll(0, asked=False)
    assert Ipa(card.transmit, Scripted()).poll() == Poll(0)


# -- emergency


def test_while_the_emergency_profile_is_enabled_no_server_is_asked(
    trusting: World, card: Card, pki_folder: Path
) -> None:
    wanted = order(A_DIGITS, ecall_indication=True)
    Lpa(card.transmit).download(smdpp(pki_folder, wanted), matching_id=A_DIGITS)
    ipa = Ipa(card.transmit, Scripted())
    assert not ipa.card.emergency()
    assert ipa.card.ask(hx("BF5B 03 8001 00")) == hx("BF5B 03 8001 00")
    assert ipa.card.emergency()
    trigger = "BF4F 30 BF54 2D A025 8023" + b"LPA:1$testsmdpplus1.example.com$X..".hex()
    found, results = polled(card, f"{trigger} 8204 A1B2C3D4", "BF4F 07 BF52 04 5C02 BF20")
    assert results == [
        hx("BF54 0B 8204 A1B2C3D4 3003 8001 68"),
        hx("BF52 05 A103 0201 68"),
    ]
    assert found == Poll(2, refused=1)
    assert len(ipa.card.notifications()) > 0


# -- notifications


def test_the_eim_comes_before_silent_servers_and_each_is_tried_once(
    tmp_path: Path, card: Card, pki_folder: Path
) -> None:
    silent = "silent.example.com"
    targets = (NotificationTarget(frozenset(Event), silent),)
    orders = [order(one, notifications=targets) for one in (A_DIGITS, B_DIGITS)]
    server = smdpp(pki_folder, *orders)
    said: list[str] = []

    def servers(address: str) -> RspServer:
        said.append(address)
        if address == silent:
            raise LpaError(f"{address} does not answer.")
        return server

    world = World(tmp_path / "eim", servers)
    world.trusted_by(card)
    for digits in (A_DIGITS, B_DIGITS):
        Lpa(card.transmit).download(server, matching_id=digits)
    world.service.order(EID, ["listProfileInfo"])
    told: list[str] = []
    found = world.ipa(card, tell=lambda text: told.append(text)).poll()
    assert said.count(silent) == 1 + 2  # once by the IPA, then by the eIM for each notification
    assert found == Poll(2)
    done = next(number for number, one in enumerate(told) if one.startswith("package done"))
    first = next(number for number, one in enumerate(told) if "given to the eIM" in one)
    assert done < first
    assert sum("did not answer a moment ago" in one for one in told) == 1


# -- what the LPA checks before it lets a Profile be bound


class Changing:
    """An SM-DP+ of which one answer is changed."""

    def __init__(self, server: Smdpp, **changes: Any) -> None:
        self._server = server
        self._changes = changes

    def __getattr__(self, name: str) -> Any:
        """The server's function, or the changed one."""
        change = self._changes.get(name)
        function = getattr(self._server, name)
        return (lambda *given: change(function(*given))) if change else function


@pytest.fixture
def server(pki_folder: Path) -> Smdpp:
    ruled = order(B_DIGITS, policy_rules=frozenset({PolicyRule.PPR2}), owner=Owner.of("00101"))
    return smdpp(pki_folder, order(A_DIGITS), ruled)


def test_the_server_is_the_one_of_the_activation_code(card: Card, server: Smdpp) -> None:
    lpa = Lpa(card.transmit)
    with pytest.raises(
        LpaError, match=r"has the OID 2\.999\.10, but the activation code demands 2"
    ):
        lpa.download(server, matching_id=A_DIGITS, oid="2.999.11")
    assert lpa.download(server, matching_id=A_DIGITS, oid="2.999.10").iccid == A_DIGITS


def test_a_server_that_calls_itself_otherwise_is_not_believed(card: Card, server: Smdpp) -> None:
    other = Changing(server)
    server.address = SMDP
    other.address = "other.example.com"  # type: ignore[attr-defined]
    other.initiate_authentication = (  # type: ignore[attr-defined]
        lambda info, challenge, _: server.initiate_authentication(info, challenge, SMDP)
    )
    with pytest.raises(LpaError, match=r"calls itself 'testsmdpplus1\.example\.com', not other"):
        Lpa(card.transmit).download(other, matching_id=A_DIGITS)


def test_a_rule_that_the_card_does_not_allow_is_found_before_the_package_is_bound(
    card: Card, server: Smdpp
) -> None:
    bound: list[bytes] = []
    watched = Changing(server, get_bound_profile_package=bound.append)
    cancelled: list[object] = []
    watched._changes["cancel_session"] = cancelled.append
    with pytest.raises(
        LpaError, match=r"PPR2 \(not to be deleted\).*Authorisation Table"
    ) as caught:
        Lpa(card.transmit).download(watched, matching_id=B_DIGITS)
    assert caught.value.code == "pprNotAllowed"
    assert (bound, [str(one) for one in cancelled]) == ([], ["3"])


def test_metadata_that_changed_since_they_were_shown_cancel_the_download(
    card: Card, server: Smdpp
) -> None:
    cancelled: list[object] = []
    changing = Changing(
        server,
        authenticate_client=lambda offer: replace(
            offer, profile_metadata=offer.profile_metadata.replace(b"Test", b"Bank")
        ),
        cancel_session=cancelled.append,
    )
    with pytest.raises(LpaError, match="other metadata than the server showed before") as caught:
        Lpa(card.transmit).download(changing, matching_id=A_DIGITS)
    assert caught.value.code == "metadataMismatch"
    assert [str(one) for one in cancelled] == ["4"]


def test_a_refused_order_and_a_kept_notification_are_told_in_the_poll(
    tmp_path: Path, card: Card, pki_folder: Path
) -> None:
    server = Heard().by(pki_folder)
    world = World(tmp_path / "eim", lambda _: server)
    world.trusted_by(card)
    world.service.order(EID, ["enable:89000123456789012341"])
    world.service.order(EID, [A])
    found = world.ipa(card).poll()
    assert found == Poll(3, refused=1)
    assert not found.done
    assert [one.state for one in kept(world).results] == ["done", "refused", "done"]


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("BF4E 03 BF6300", "BF4E 03 0201 02"),
        ("BF4E 00", "BF4E 03 0201 01"),
        ("BF4E 05 BF51023000", "BF4E 03 0201 01"),
        ("BF4E 03 BF5100", "BF4E 03 0201 01"),
        ("BF4E 05 BF52028000", "BF4E 03 0201 01"),
    ],
)
def test_a_package_that_is_brought_and_is_not_one_is_answered_so(
    trusting: World, card: Card, message: str, answer: str
) -> None:
    assert Ipa(card.transmit, Scripted()).transferred(hx(message)) == hx(answer)
