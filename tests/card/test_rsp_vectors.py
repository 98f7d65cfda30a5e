"""The vectors of an RSP session, played on a card of their PKI: its answers are theirs.

The card of the vectors has another EUICCInfo2, which goes into what is signed; for whole answers
it is put in the place of ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.eims import ask
from support.hexes import hx
from support.rsp_card import Scripted, rsp_card
from support.server import TRANSACTION, authenticated, refusal
from support.vectors import FOLDER

from euicc_sim import Card
from euicc_sim.asn1.codec import Prepared
from euicc_sim.es10.rsp import authentication

Send = Callable[[bytes], bytes]
VECTORS: dict[str, Any] = json.loads((FOLDER / "sgp22-vectors.json").read_text())
BY_NAME = {one["function"].removeprefix("ES10b."): one for one in VECTORS["vectors"]}


def request(name: str) -> bytes:
    return hx(BY_NAME[name]["request"])


def response(name: str) -> bytes:
    return hx(BY_NAME[name]["response"])


@pytest.fixture
def env() -> Scripted:
    return Scripted()


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, env: Scripted) -> Iterator[Card]:
    with rsp_card(tmp_path / "card", pki_folder, env) as card:
        yield card


@pytest.fixture
def their_info(monkeypatch: pytest.MonkeyPatch) -> None:
    """EUICCInfo2 of the vectors' card."""
    info = Prepared(response("GetEUICCInfo2"))
    monkeypatch.setattr(authentication, "euicc_info2", lambda _: info)


def begin(send: Send) -> bytes:
    assert ask(send, hx("BF2E00")) == response("GetEUICCChallenge")
    return ask(send, request("AuthenticateServer"))


@pytest.mark.usefixtures("their_info")
def test_authenticate_server(isdr: Send) -> None:
    assert begin(isdr).hex() == response("AuthenticateServer").hex()


@pytest.mark.usefixtures("their_info")
@pytest.mark.parametrize("name", ["PrepareDownload", "PrepareDownload (confirmation code)"])
def test_prepare_download(isdr: Send, name: str) -> None:
    begin(isdr)
    assert ask(isdr, request(name)).hex() == response(name).hex()


def test_with_our_own_information_only_that_and_the_signature_differ(isdr: Send) -> None:
    ours = authenticated(begin(isdr))
    theirs = authenticated(response("AuthenticateServer"))
    info = ask(isdr, hx("BF2200"))
    at = theirs["euiccSigned1"].index(hx("BF22"))
    size = len(response("GetEUICCInfo2"))
    assert info + theirs["euiccSigned1"][at + size :] in ours["euiccSigned1"]
    assert ours["euiccCertificate"] == theirs["euiccCertificate"]
    assert ours["eumCertificate"] == theirs["eumCertificate"]


def test_a_signature_over_another_euicc_signature_is_refused(isdr: Send) -> None:
    begin(isdr)
    assert ask(isdr, request("PrepareDownload")) == refusal("BF21", 2, TRANSACTION)


def test_another_challenge(isdr: Send, env: Scripted) -> None:
    env.challenge = bytes(16)
    ask(isdr, hx("BF2E00"))
    answer = ask(isdr, request("AuthenticateServer"))
    assert answer == response("AuthenticateServer (error)")


def test_cancel_session(isdr: Send) -> None:
    begin(isdr)
    assert ask(isdr, request("CancelSession")) == response("CancelSession")
    name = "CancelSession (unknown transaction)"
    assert ask(isdr, request(name)) == response(name)
