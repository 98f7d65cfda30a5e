"""LoadBoundProfilePackage with the vectors, on a card of their keys: its results are theirs.

The card of the vectors has another EUICCInfo2, which is put in the place of ours; and its reader of
packages finds bad values in an element that ours passes over, so that verdict is put there too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.bpp import Cut, at_once, by_blocks, by_clause, by_lpac, by_onomondo, by_parts
from support.bsp import BSP, STEPS
from support.eims import ask, objects
from support.es10 import SELECT_ISDR, es10
from support.euiccs import sgp22, vector22
from support.hexes import hx
from support.installing import A
from support.loading import (
    load,
    stored,
    waiting,
)
from support.rsp_card import Scripted, rsp_card
from support.spoiling import (
    flipped,
)

from euicc_sim import Card
from euicc_sim.asn1.codec import Prepared
from euicc_sim.es10.rsp import authentication
from euicc_sim.formats import saip

Send = Callable[[bytes], bytes]

LOAD = "ES10b.LoadBoundProfilePackage"
SUCCESS = vector22(f"{LOAD} (final response, success)")
FAILURE = vector22(f"{LOAD} (error response)")
PACKAGE, UPP = hx(BSP["boundProfilePackage"]), hx(BSP["upp"])
CHAINS = [hx(one["bytes"]) for one in BSP["storeDataChains_lpac_style"]]


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    with rsp_card(tmp_path / "card", pki_folder, Scripted()) as card:
        yield card


@pytest.fixture(autouse=True)
def _their_info(monkeypatch: pytest.MonkeyPatch) -> None:
    info = Prepared(vector22("ES10b.GetEUICCInfo2")[1])
    monkeypatch.setattr(authentication, "euicc_info2", lambda _: info)


def begin(send: Send) -> None:
    """The session of the vectors, up to the one-time key."""
    send(SELECT_ISDR)
    for name in ("GetEUICCChallenge", "AuthenticateServer", "PrepareDownload"):
        request, response = vector22(f"ES10b.{name}")
        assert ask(send, request) == response


def test_the_package_of_the_vectors_is_installed_with_their_result(send: Send, card: Card) -> None:
    begin(send)
    assert b"".join(CHAINS) == PACKAGE
    assert CHAINS[-1] == SUCCESS[0]
    for chain in CHAINS[:-1]:
        assert es10(send, chain) == b""
    assert es10(send, SUCCESS[0]).hex() == SUCCESS[1].hex()
    assert stored(card) == {A: UPP}


@pytest.mark.parametrize(
    "cut",
    [by_lpac, by_clause, by_onomondo, by_parts, by_blocks, at_once],
    ids=lambda one: one.__name__,
)
def test_however_it_is_cut_the_result_is_theirs(send: Send, card: Card, cut: Cut) -> None:
    begin(send)
    assert load(send, cut(PACKAGE)) == SUCCESS[1]
    assert stored(card) == {A: UPP}


def test_their_result_waits_and_is_listed_as_they_list_it(send: Send) -> None:
    begin(send)
    load(send, CHAINS)
    request, response = vector22("ES10b.RetrieveNotificationsList (by seq, PIR)")
    answer = ask(send, request)
    assert answer == response
    ((_, _, inside),) = objects(response)
    ((_, _, result),) = objects(inside)
    assert waiting(send) == [result]


def test_the_error_of_the_vectors(send: Send, card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """Theirs is number 2, so a load goes wrong before it; the verdict is that of their reader."""
    begin(send)
    assert load(send, [*CHAINS[:-1], flipped(CHAINS[-1], -1)])
    assert ask(send, hx("BF30 03 800101")) == hx("BF30 03 800100")

    def refuse(package: bytes) -> saip.Facts:
        assert package == UPP
        raise saip.PackageError(saip.PEStatus.BAD_VALUES, "as the vectors have it", 1)

    monkeypatch.setattr(saip, "examine", refuse)
    begin(send)
    assert load(send, CHAINS).hex() == FAILURE[1].hex()
    assert waiting(send) == [FAILURE[1]]
    assert card.state.profiles == ()


def test_the_steps_of_the_vectors_are_the_segments_of_the_package() -> None:
    """Their request of the error is a segment too, the first of the profile elements."""
    segments = [hx(one["protected"]) for one in STEPS]
    assert [one for one in segments if one in PACKAGE] == segments
    assert FAILURE[0] == segments[3]


def test_the_apdus_of_lpac_on_its_channel_are_answered_as_written_down(send: Send) -> None:
    steps = {one["step"]: one for one in sgp22()["apduTranscripts"] if one["client"] == "lpac"}
    for command, _ in steps["open"]["exchanges"]:
        send(hx(command))
    for name in ("GetEUICCChallenge", "AuthenticateServer", "PrepareDownload"):
        request, response = vector22(f"ES10b.{name}")
        assert es10(send, request, channel=1) == response
    for chain in steps["LoadBoundProfilePackage"]["chains"]:
        for command, answer in chain["exchanges"]:
            assert send(hx(command)) == hx(answer), chain["chain"]
    for command, answer in steps["close"]["exchanges"]:
        assert send(hx(command)) == hx(answer)
