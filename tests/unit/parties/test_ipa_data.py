"""An IPA answers a data request, and the eIM learns of the card by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from support.esipa import EID, World, executed, fetch, kept, provide
from support.fresh import pki_in
from support.hexes import hx

from euicc_sim import Card
from euicc_sim.asn1.sgp22.common import EUICCInfo1
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.parties.eim.server.card_records import CardRecord
from euicc_sim.parties.ipa.es10b import IpaCard, TrustedEim
from euicc_sim.parties.ipa.euicc_data import data_response
from euicc_sim.parties.ipa.ipa import Poll
from euicc_sim.parties.ipa.triggered_download import DownloadMode
from keys import Curve, TestPki

EIM = TrustedEim("eim1.example.com", None, 5)
NAMES = {
    "81": "defaultSmdpAddress",
    "80": "defaultSmdpAddress",
    "83": "rootSmdsAddress",
    "84": "associationToken",
    "A0": "notificationsList",
    "A2": "euiccPackageResultList",
    "A5": "eumCertificate",
    "A6": "euiccCertificate",
    "A8": "ipaCapabilities",
    "88": "ipaCapabilities",
    "A9": "deviceInfo",
    "BF20": "euiccInfo1",
    "BF22": "euiccInfo2",
}


def asked(card: Card, tags: str, **others: Any) -> tuple[str, Any]:
    value: Any = {"tagList": hx(tags), **others}
    return data_response(IpaCard(card.transmit), EIM, value, direct=True)


@pytest.mark.parametrize(("tag", "name"), NAMES.items())
def test_each_tag_has_its_field(card: Card, tag: str, name: str) -> None:
    IpaCard(card.transmit).ask(hx("BF65 06 8004 61622E63"))
    form, found = asked(card, tag)
    assert (form, list(found)) == ("ipaEuiccData", [name])


def test_both_lists_have_one_name_in_v1_0(card: Card) -> None:
    assert asked(card, "BF2B")[1] == {"notificationsList": [], "euiccPackageResultList": []}


@pytest.mark.parametrize("tags", ["BF", "9F7F", "A6 04"])
def test_an_unknown_tag_is_refused(card: Card, tags: str) -> None:
    assert asked(card, tags, eimTransactionId=b"\1") == (
        "ipaEuiccDataResponseError",
        {"eimTransactionId": b"\1", "ipaEuiccDataErrorCode": "incorrectTagList"},
    )


def test_an_unknown_ci_is_refused(card: Card) -> None:
    found = asked(card, "A6", euiccCiPKIdentifierToBeUsed=bytes(20))
    assert found[1] == {"ipaEuiccDataErrorCode": "euiccCiPKIdNotFound"}


def test_the_certificate_below_a_ci_can_be_asked_for(card: Card, pki_folder: Path) -> None:
    pki = pki_in(pki_folder)
    found = [
        asked(card, "A6", euiccCiPKIdentifierToBeUsed=pki.branch(curve).ci.ci_pk_id)[1]
        for curve in Curve
    ]
    assert found[0] != found[1]


@pytest.mark.parametrize(
    "criteria",
    [("seqNumber", 7), ("profileManagementOperation", frozenset({0, 3}))],
)
def test_the_lists_can_be_searched(card: Card, criteria: Any) -> None:
    found = asked(
        card,
        "A0A2",
        searchCriteriaNotification=criteria,
        searchCriteriaEuiccPackageResult=("seqNumber", 9),
    )
    assert found[1] == {"notificationsList": [], "euiccPackageResultList": []}


def test_an_ipa_says_who_speaks_to_smdps(card: Card) -> None:
    for direct, bit in ((True, 0), (False, 1)):
        found = data_response(IpaCard(card.transmit), EIM, {"tagList": hx("A8")}, direct=direct)
        assert found[0] == "ipaEuiccData"
        assert found[1]["ipaCapabilities"]["ipaFeatures"] == {bit, 3}


# -- the eIM's side


def nobody(address: str) -> Any:
    raise AssertionError(address)


@pytest.fixture
def world(tmp_path: Path, card: Card) -> World:
    world = World(tmp_path / "cards", nobody)
    world.trusted_by(card, token=True)
    world.service.set_card(EID)
    return world


def record(world: World) -> CardRecord:
    return world.service.store.card(EID)


@pytest.mark.parametrize("mode", list(DownloadMode))
def test_an_eim_learns_all_that_it_usually_asks(
    world: World, card: Card, mode: DownloadMode
) -> None:
    world.eim.token = None
    world.service.order(EID, ["data"])
    assert world.ipa(card, mode).poll() == Poll(1)
    found = record(world)
    assert found.token_said == 1
    assert found.euicc_certificate is not None
    assert found.eum_certificate is not None
    (result,) = kept(world).results
    assert {one.operation for one in result.outcomes} == {
        "euiccInfo1",
        "euiccInfo2",
        "rootSmdsAddress",
        "associationToken",
        "eumCertificate",
        "euiccCertificate",
        "ipaCapabilities",
        "deviceInfo",
    }


def test_another_cards_certificate_is_refused(
    world: World, tmp_path: Path, pki_folder: Path
) -> None:
    other = "89049032123451234512345678901332"
    with Card.create(tmp_path / "b", pki=pki_folder, eid=other, seed=2, fsync=False) as card:
        data = asked(card, "A6")
    world.service.order(EID, ["data"])
    fetch(world)
    assert provide(world, "ipaEuiccDataResponse", data) == (
        "provideEimPackageResultError",
        "undefinedError",
    )
    assert f"is that of the card {other}, not of {EID}" in world.said[-1]
    assert (record(world).euicc_certificate, len(kept(world).queue)) == (None, 1)


def test_a_certificate_that_has_proved_right_is_not_changed_by_an_ipa(
    world: World, card: Card
) -> None:
    answers = []
    for ci_pk_id in [*_ci_pk_ids(card), _ci_pk_ids(card)[0]]:
        answers.append(_shown(world, card, ci_pk_id))
    assert answers == [("emptyResponse", {})] * 3
    world.service.order(EID, ["getRAT"])
    _, result = executed(world, card)
    assert provide(world, "euiccPackageResult", result) == ("eimAcknowledgements", [1])
    assert _shown(world, card, _ci_pk_ids(card)[1]) == (
        "provideEimPackageResultError",
        "undefinedError",
    )
    assert "shows a different certificate than before" in world.said[-1]


def test_a_wrong_certificate_is_not_believed_for_ever(world: World, card: Card) -> None:
    _shown(world, card, _ci_pk_ids(card)[1])
    world.service.order(EID, ["getRAT"])
    _, result = executed(world, card)
    assert provide(world, "euiccPackageResult", result)[0] == "provideEimPackageResultError"
    form, asked_for = fetch(world)
    assert (form, asked_for["tagList"]) == ("ipaEuiccDataRequest", hx("BF20BF2284A5A6"))
    data = asked(card, "A6", euiccCiPKIdentifierToBeUsed=_ci_pk_ids(card)[0])
    provide(world, "ipaEuiccDataResponse", data)
    assert provide(world, "euiccPackageResult", result) == ("eimAcknowledgements", [1])


def _shown(world: World, card: Card, ci_pk_id: bytes) -> Any:
    """The answer to the certificate below that CI."""
    world.service.order(EID, ["data"])
    fetch(world)
    data = asked(card, "A6", euiccCiPKIdentifierToBeUsed=ci_pk_id)
    return provide(world, "ipaEuiccDataResponse", data)


def _ci_pk_ids(card: Card) -> list[bytes]:
    info = WIRE_1_2[EUICCInfo1].decode(IpaCard(card.transmit).ask(hx("BF2000")))
    return list(info["euiccCiPKIdListForSigning"])


def test_a_card_is_held_against_the_cis_that_are_trusted(
    world: World, card: Card, pki_folder: Path, tmp_path: Path
) -> None:
    own = pki_in(pki_folder).branch(Curve.NIST).ci.certificate
    TestPki.create(seed=99).write(tmp_path / "foreign")
    foreign = TestPki.load(tmp_path / "foreign").branch(Curve.NIST).ci.certificate
    data = asked(card, "A5A6")
    assert _taken(world, [own], data) is None
    assert "which this eIM does not trust" in str(_taken(world, [foreign], data))
    assert "No EUM certificate" in str(_taken(world, [own], asked(card, "A6")))


def _taken(world: World, authorities: list[x509.Certificate], data: tuple[str, Any]) -> str | None:
    with world.service.store.changing(EID) as changed:
        changed.record.euicc_certificate = changed.record.eum_certificate = None
    world.service.authorities = authorities
    world.service.order(EID, ["data"])
    fetch(world)
    world.said.clear()
    provide(world, "ipaEuiccDataResponse", data)
    return world.said[0] if world.said[0].startswith("!") else None


@pytest.mark.parametrize(("code", "name"), [(1, "incorrectTagList"), (9, "9")])
def test_an_ipa_may_refuse_the_tags(world: World, code: int, name: str) -> None:
    world.service.order(EID, ["data:80"])
    fetch(world)
    error = ("ipaEuiccDataResponseError", {"ipaEuiccDataErrorCode": code})
    provide(world, "ipaEuiccDataResponse", error)
    (result,) = kept(world).results
    assert (result.state, result.error) == ("failed", name)


def test_without_a_certificate_a_result_is_not_believed(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    form, _ = fetch(world)
    assert form == "ipaEuiccDataRequest"
    provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", {}))
    form, package = fetch(world)
    assert form == "euiccPackageRequest"
    result = IpaCard(card.transmit).ask(package)
    answer = provide(world, "euiccPackageResult", result)
    assert answer == ("provideEimPackageResultError", "undefinedError")
    assert "the card's certificate is unknown" in world.said[-1]
    world.service.set_card(EID, certificate=IpaCard(card.transmit).ask(hx("BF5600")))
    assert provide(world, "euiccPackageResult", result) == ("eimAcknowledgements", [1])
