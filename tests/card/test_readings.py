"""Each reading that is true or false decides an answer: a scene for it, flipped both ways.

A scene plays on a fresh card and gives the bytes that depend on the reading. Each module that
asks a reading is flipped alone, too, so that none asks in vain.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from support.eims import LIST_EIM, Eim, ask, eim1, objects, tlv, trust
from support.es10 import SELECT_ISDR
from support.fresh import fresh_card, pki_in
from support.hexes import hx
from support.installed import PPR1, change, give, switch
from support.installing import B_DIGITS, SMDP, A, B, C, install, order
from support.loading import load, prepare, seeded
from support.psmos import disable, enable
from support.psmos import order as ordered
from support.rollback import ROLLBACK
from support.server import Server, challenge, one_time_key

from euicc_sim import Card, readings
from euicc_sim.model.profile import AuthorisationRule, Operator, ProfileClass
from euicc_sim.model.state import ImmediateEnable
from euicc_sim.parties.messages import LpaError
from euicc_sim.parties.smdpp.metadata import Owner, PolicyRule
from euicc_sim.store import read

Play = Callable[[Card, Path], bytes]

ANYBODY = (AuthorisationRule(frozenset({1, 2}), (Operator(hx("EEEEEE"), b"", b""),)),)
ECALL = {"ecall": True}
READINGS = [name for name, value in vars(readings).items() if isinstance(value, bool)]


@dataclass(frozen=True)
class Scene:
    """What a card answers when it reads a rule so, and when it reads it otherwise; in hex."""

    reading: str
    play: Play
    true: str
    false: str

    @property
    def id(self) -> str:
        """The name of the scene, for pytest."""
        return self.play.__name__


SCENES: list[Scene] = []


def scene(reading: str, *, true: str, false: str) -> Callable[[Play], Play]:
    """Enter a scene in the table."""

    def enter(play: Play) -> Play:
        SCENES.append(Scene(reading, play, true, false))
        return play

    return enter


# -- trusted eIMs


REPLAY = "02 01 04"
LISTED = "30 18 AB16 A014 3012 8010 65696D312E6578616D706C652E636F6D"


@scene(
    "OWN_UPDATE_KEEPS_PACKAGE_COUNTER",
    true=LISTED + LISTED + REPLAY,
    false=REPLAY + LISTED + REPLAY,
)
def packages_7_and_51_and_51_after_an_own_counter_of_50(card: Card, _: Path) -> bytes:
    eim = eim1(counter=5)
    trust(card.transmit, eim)
    eim.load(card.transmit, ("updateEim", {"eimId": eim.name, "counterValue": 50}))
    return b"".join(
        last_field(ask(card.transmit, eim.package(LIST_EIM, counter=counter)))
        for counter in (7, 51, 51)
    )


@scene("FRESH_COUNTER_NEEDS_A_TOKEN", true=LISTED, false=REPLAY)
def package_1_of_an_eim_that_added_itself_with_a_token(card: Card, _: Path) -> bytes:
    eim, again = eim1(counter=5), eim1()
    trust(card.transmit, eim, token_wanted=True)
    eim.load(
        card.transmit,
        ("deleteEim", {"eimId": eim.name}),
        ("addEim", again.configuration(token_wanted=True)),
    )
    again.token = 2
    return last_field(ask(card.transmit, again.package(LIST_EIM)))


# -- RSP servers


@scene(
    "FAILED_AUTHENTICATION_ENDS_SESSION",
    true="A1 15 8010 0123456789ABCDEF0123456789ABCDEF 02 01 04",
    false="A0",
)
def a_second_authentication_with_the_challenge_of_a_refused_one(card: Card, pki: Path) -> bytes:
    server, given = dp(pki), challenge(card.transmit)
    ask(card.transmit, server.authenticate(given, signature=bytes(64)))
    return arm(ask(card.transmit, server.authenticate(given)))


@scene(
    "FAILED_PREPARATION_ENDS_SESSION",
    true="A1 15 8010 0123456789ABCDEF0123456789ABCDEF 02 01 04",
    false="A0",
)
def a_second_preparation_after_a_refused_one(card: Card, pki: Path) -> bytes:
    server = dp(pki)
    first = server.session(card.transmit)
    ask(card.transmit, server.prepare(first, signature=bytes(64)))
    return arm(ask(card.transmit, server.prepare(first)))


@scene(
    "CONFIGURED_SMDP_OID_IS_EXPECTED",
    true="A1 15 8010 0123456789ABCDEF0123456789ABCDEF 02 01 05",
    false="A0",
)
def a_server_at_the_configured_address_with_another_oid(card: Card, pki: Path) -> bytes:
    change(card, immediate_enable=ImmediateEnable(True, "2.999.11", SMDP))
    return arm(dp(pki).begin(card.transmit))


@scene("ONE_TIME_KEYS_OUTLIVE_RESET", true="01", false="00")
def whether_a_key_of_before_the_reset_is_used_again(card: Card, pki: Path) -> bytes:
    """The second one, since a seeded card makes the first again."""
    server = dp(pki)
    first = server.session(card.transmit)
    _, kept = (one_time_key(ask(card.transmit, server.prepare(first))) for _ in range(2))
    card.reset()
    card.transmit(SELECT_ISDR)
    again = server.session(card.transmit)
    used = one_time_key(ask(card.transmit, server.prepare(again, otpk=kept)))
    return bytes((used == kept,))


@scene("PPR1_NEEDS_TO_BE_THE_ONLY_OPERATIONAL_PROFILE", true="A1 06 800102 81010F", false="A0")
def a_profile_with_ppr1_beside_another(card: Card, pki: Path) -> bytes:
    install(card.transmit, pki, B_DIGITS)
    wanted = order(owner=Owner(hx("62F210")), policy_rules=frozenset({PolicyRule.PPR1}))
    bound = prepare(card.transmit, seeded(pki, wanted))
    ((_, _, body),) = objects(load(card.transmit, bound.chains))
    (_, _, data), _ = objects(body)
    *_, (_, _, final) = objects(data)
    return arm(tlv("A2", final))


@scene("EMPTY_LIST_ALLOWS_EVERY_SERVER", true="01", false="00")
def a_test_profile_for_a_card_without_a_list_of_servers(card: Card, pki: Path) -> bytes:
    directory = fresh_card(card.directory / "another", pki, sgp22="2.7")
    with Card.open(directory, fsync=False) as another, suppress(LpaError):
        install(another.transmit, pki, profile_class=ProfileClass.TEST)
    return bytes((len(read(directory)[1].profiles),))


# -- Profiles


@scene("EMERGENCY_PROFILE_IS_FOR_EMERGENCIES", true="83 01 03", false="83 01 00")
def an_eim_enables_the_emergency_profile(card: Card, _: Path) -> bytes:
    give(card, A, B, enabled=A, B=ECALL)
    return ordered(card.transmit, trusted(card), enable(B))


@scene("EMERGENCY_PROFILE_IS_FOR_EMERGENCIES", true="BF31 03 800103", false="BF31 03 800100")
def an_lpa_enables_the_emergency_profile(card: Card, _: Path) -> bytes:
    give(card, A, B, enabled=A, B=ECALL)
    return ask(card.transmit, tlv("BF31", tlv("A0", tlv("5A", B)), hx("8101FF")))


@scene("EMERGENCY_PROFILE_IS_FOR_EMERGENCIES", true="BF32 03 800103", false="BF32 03 800100")
def an_lpa_disables_the_emergency_profile(card: Card, _: Path) -> bytes:
    give(card, A, B, enabled=B, B=ECALL)
    return ask(card.transmit, tlv("BF32", tlv("A0", tlv("5A", B)), hx("8101FF")))


@scene("EMERGENCY_PROFILE_IS_FOR_EMERGENCIES", true="BF5A 03 80017F", false="BF5A 03 800100")
def immediate_enable_during_an_emergency(card: Card, pki: Path) -> bytes:
    give(card, B, B=ECALL)
    change(card, immediate_enable=ImmediateEnable(True, smdp_address=SMDP))
    install(card.transmit, pki)
    ask(card.transmit, hx("BF5B 03 8001FF"))
    return ask(card.transmit, hx("BF5A 03 8001FF"))


@scene("PACKAGE_SWITCHES_NEED_REFRESH", true="83 01 05", false="83 01 00")
def an_eim_enables_while_the_toolkit_is_busy(card: Card, _: Path) -> bytes:
    give(card, A, B, enabled=A)
    switch(card, toolkit_busy=True)
    return ordered(card.transmit, trusted(card), enable(B))


@scene("PACKAGE_SWITCHES_NEED_REFRESH", true="84 01 05", false="84 01 00")
def an_eim_disables_while_the_toolkit_is_busy(card: Card, _: Path) -> bytes:
    give(card, A, enabled=A)
    switch(card, toolkit_busy=True)
    return ordered(card.transmit, trusted(card), disable(A))


@scene("PPR1_HOLDS_AGAINST_TEST_PROFILES", true="83 01 03 83 01 03", false="83 01 03 83 01 00")
def an_eim_enables_another_and_a_test_profile_over_one_with_ppr1(card: Card, _: Path) -> bytes:
    test = {"profile_class": ProfileClass.TEST}
    give(card, A, B, C, enabled=A, A={"rules": PPR1}, C=test)
    eim = trusted(card)
    return b"".join(ordered(card.transmit, eim, enable(one)) for one in (B, C))


@scene("WAYS_BACK_OVERRULE_PPR1", true="BF58", false="BF58 03 020107")
def a_rollback_from_a_profile_with_ppr1(card: Card, _: Path) -> bytes:
    give(card, A, B, enabled=A, B={"rules": PPR1})
    ordered(card.transmit, trusted(card), enable(B, rollback=True))
    answer = ask(card.transmit, ROLLBACK)
    return answer if len(answer) == 6 else answer[:2]


@scene("WAYS_BACK_OVERRULE_PPR1", true="BF5D 03 800100", false="BF5D 03 80017F")
def a_fallback_from_a_profile_with_ppr1(card: Card, _: Path) -> bytes:
    give(card, A, B, enabled=A, A={"rules": PPR1})
    change(card, fallback_profile=B)
    return ask(card.transmit, hx("BF5D 03 8001FF"))


@scene("WAYS_BACK_OVERRULE_PPR1", true="BF5B 03 800100", false="BF5B 03 80017F")
def an_emergency_that_stops_a_profile_with_ppr1(card: Card, _: Path) -> bytes:
    give(card, A, C, enabled=A, A={"rules": PPR1}, C=ECALL)
    return ask(card.transmit, hx("BF5B 03 8001FF"))


@scene(
    "ROLLBACK_ENDS_WITHOUT_REFRESH",
    true="BF58 03 020101 BF58 03 020101",
    false="BF58 BF58 03 020101",
)
def rollbacks_after_an_emergency_without_and_with_refresh(card: Card, _: Path) -> bytes:
    eim = trusted(card)
    answers = []
    for flag in ("00", "FF"):
        give(card, A, B, C, enabled=A, C=ECALL)
        ordered(card.transmit, eim, enable(B, rollback=True))
        for request in (f"BF5B 03 8001{flag}", f"BF5C 03 8001{flag}"):
            ask(card.transmit, hx(request))
        answer = ask(card.transmit, ROLLBACK)
        answers.append(answer if len(answer) == 6 else answer[:2])
    return b"".join(answers)


@scene("IMMEDIATE_ENABLE_NEEDS_A_SERVER", true="BF5A 03 800101", false="BF5A 03 800104")
def immediate_enable_that_is_on_for_no_server(card: Card, _: Path) -> bytes:
    ask(card.transmit, hx("BF59 02 8000"))
    return ask(card.transmit, hx("BF5A 03 8001FF"))


@scene("IMMEDIATE_ENABLE_IS_REPLACED_WHOLE", true="BF5A 03 800101", false="BF5A 03 800104")
def immediate_enable_configured_again_without_an_address(card: Card, _: Path) -> bytes:
    ask(card.transmit, hx("BF59 05 8000 820161"))
    ask(card.transmit, hx("BF59 02 8000"))
    return ask(card.transmit, hx("BF5A 03 8001FF"))


# -- the answer to SELECT


@scene(
    "IOT_SELECT_SAYS_SVN",
    true="E0 05 8203 020500 E1 04 8002 0600",
    false="E1 04 8002 0600",
)
def what_the_isdr_says_of_itself(card: Card, _: Path) -> bytes:
    """After the AID and the longest block."""
    answer = card.transmit(SELECT_ISDR + b"\0")[:-2]
    return answer.partition(hx("A504 9F6501FF"))[2]


# -- what scenes are made of


def trusted(card: Card) -> Eim:
    eim = eim1()
    trust(card.transmit, eim)
    return eim


def dp(pki: Path) -> Server:
    return Server.below(pki_in(pki).branches[0].ci)


def arm(answer: bytes) -> bytes:
    """The only object in an answer; of an A0 the tag is enough."""
    ((_, _, body),) = objects(answer)
    ((tag, whole, _),) = objects(body)
    return hx(tag) if tag == "A0" else whole


def last_field(answer: bytes) -> bytes:
    """The last field of what the card signed: the results of a package, or an error code."""
    ((_, _, body),) = objects(answer)
    ((_, _, inside),) = objects(body)
    (_, _, signed), _ = objects(inside)
    *_, (_, whole, _) = objects(signed)
    return whole


# -- the tests


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    with Card.open(fresh_card(tmp_path / "card", pki_folder, rules=ANYBODY), fsync=False) as card:
        card.transmit(SELECT_ISDR)
        yield card


def readers(reading: str) -> list[ModuleType]:
    """The modules that ask a reading."""
    return [
        module
        for name, module in sorted(sys.modules.items())
        if name.startswith("euicc_sim.") and reading in vars(module) and module is not readings
    ]


PLACES = [(name, module.__name__) for name in READINGS for module in readers(name)]


def test_each_reading_that_is_true_or_false_has_a_scene_and_a_reader() -> None:
    assert {one.reading for one in SCENES} == set(READINGS) == {name for name, _ in PLACES}


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("one", SCENES, ids=lambda one: one.id)
def test_a_reading_decides_the_answer_of_its_scene(
    card: Card, pki_folder: Path, monkeypatch: pytest.MonkeyPatch, one: Scene, value: bool
) -> None:
    for module in readers(one.reading):
        monkeypatch.setattr(module, one.reading, value)
    expected = one.true if value else one.false
    assert one.true != one.false
    assert one.play(card, pki_folder) == hx(expected)


@pytest.mark.parametrize(("reading", "place"), PLACES)
def test_each_module_that_asks_a_reading_answers_otherwise_when_it_is_flipped_there(
    tmp_path: Path, pki_folder: Path, monkeypatch: pytest.MonkeyPatch, reading: str, place: str
) -> None:
    usual = getattr(readings, reading)
    monkeypatch.setattr(sys.modules[place], reading, not usual)
    changed = []
    for one in SCENES:
        if one.reading == reading:
            with Card.open(
                fresh_card(tmp_path / one.id, pki_folder, rules=ANYBODY), fsync=False
            ) as card:
                card.transmit(SELECT_ISDR)
                answer = one.play(card, pki_folder)
            changed += [one.id] if answer == hx(one.false if usual else one.true) else []
    assert changed
