"""What the card's log says of functions and operations that went well: one story, told whole."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.eims import add_initial, ask, eim1, eim2, tlv
from support.es10 import SELECT_ISDR
from support.hexes import hx
from support.installed import give
from support.installing import A, B, C
from support.managing import nickname
from support.psmos import UNSET_FALLBACK, delete, enable, package, set_fallback

from euicc_sim import Card, es10
from euicc_sim.es10.session import Session

A_NAME, B_NAME, C_NAME = (f"Profile 8900012345678901234{number}" for number in (1, 2, 3))


def story(card: Card) -> Iterator[tuple[bytes, str]]:
    """Requests in their order, and what the log says of each."""
    eim, other = eim1(), eim2()
    name = {"eimId": other.name}
    give(card, A, B, C, enabled=A, C={"fallback_allowed": True})
    yield add_initial(eim.configuration()), "AddInitialEim: trusts eim1.example.com"
    yield hx("BF5500"), "GetEimConfigurationData: 1 eIM"
    for number, (operation, text) in enumerate(
        [
            (("addEim", other.configuration()), "addEim: trusts eim2.example.com, counter 0"),
            (("updateEim", name | {"eimFqdn": "x"}), "updateEim: eim2.example.com"),
            (("listEim", {}), "listEim: 2"),
        ],
        start=1,
    ):
        yield (
            eim.package(operation),
            f"LoadEuiccPackage: {eim.name}, counter {number}, result {number}; {text}",
        )
    yield hx("BF5500"), "GetEimConfigurationData: 2 eIMs"
    head = f"LoadEuiccPackage: {eim.name}, counter"
    yield eim.package(("deleteEim", name)), f"{head} 4, result 4; deleteEim: eim2.example.com"
    yield package(eim, set_fallback(C)), f"{head} 5, result 5; Fallback Profile: {C_NAME}"
    yield package(eim, UNSET_FALLBACK), f"{head} 6, result 6; no Fallback Profile"
    yield (
        package(eim, enable(B)),
        f"{head} 7, result 7; {A_NAME} disabled; {B_NAME} enabled",
    )
    yield package(eim, delete(C)), f"{head} 8, result 10; {C_NAME} deleted"
    yield package(eim, hx("A702 8000")), f"{head} 9, result 12; immediate enabling on"
    yield package(eim, hx("A700")), f"{head} 10, result 13; immediate enabling off"
    yield hx("BF2D00"), "GetProfilesInfo: 2 Profiles"
    yield tlv("BF2D", tlv("A0", tlv("5A", A))), "GetProfilesInfo: 1 Profile"
    yield nickname(A, b"mine"), f"SetNickname: {A_NAME} has the nickname 'mine'"
    yield nickname(A, b""), "SetNickname: no nickname"
    yield hx("BF65 03 800161"), "SetDefaultDpAddress: default SM-DP+ a"
    yield hx("BF65 02 8000"), "SetDefaultDpAddress: default SM-DP+ removed"
    yield hx("BF3E 03 5C015A"), f"GetEID: {card.eid}"
    yield hx("BF30 03 800101"), "RemoveNotificationFromList: number 1 removed"
    last = "deleteEim: eim1.example.com was the last trusted eIM"
    yield eim.package(("deleteEim", {"eimId": eim.name})), f"{head} 11, result 14; {last}"
    yield (
        add_initial(eim1().configuration(), other.configuration()),
        ("AddInitialEim: trusts eim1.example.com, eim2.example.com"),
    )
    yield hx("BF64 04 8202 0204"), "eUICCMemoryReset: 2 eIMs removed"
    nothing = "nothingToDelete: the card has nothing that the options select"
    yield hx("BF64 04 8202 0204"), f"eUICCMemoryReset: no eIM to remove; {nothing}"


def test_the_log_says_what_each_step_of_a_story_has_done(card: Card) -> None:
    card.transmit(SELECT_ISDR)
    found, expected = [], []
    for request, text in story(card):
        card.take_events()
        ask(card.transmit, request)
        (event,) = card.take_events()
        found.append((event.text, event.refused))
        expected.append((text, False))
    assert found == expected


def test_each_function_that_says_what_it_has_done_is_in_the_story(
    card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But those of downloads, which have a log of their own."""
    folder = Path(*es10.__path__)
    said: set[tuple[str, int]] = set()
    note = Session.note

    def noted(self: Session, text: str) -> None:
        frame = sys._getframe(1)
        said.add((frame.f_code.co_filename, frame.f_lineno))
        note(self, text)

    monkeypatch.setattr(Session, "note", noted)
    card.transmit(SELECT_ISDR)
    for request, _ in story(card):
        ask(card.transmit, request)
    silent = {
        f"{path.relative_to(folder)}:{node.lineno}"
        for path in folder.rglob("*.py")
        if path.parent.name != "rsp"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "session.note"
        if not any(
            (str(path), line) in said for line in range(node.lineno, (node.end_lineno or 0) + 1)
        )
    }
    assert silent == set()
