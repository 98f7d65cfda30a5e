"""Downloads that an IPA finds through an SM-DS: by itself, and by way of the eIM."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.by_name import to_eim
from support.discovery import BELOW, FIRST, ROOT, SECOND, Servers
from support.esipa import EID, World, ask, fetch, kept
from support.euiccs import CHALLENGE, PaperEuicc
from support.heard import SMDP, states
from support.judge import judged

from euicc_sim import Card
from euicc_sim.parties.clients.esipa import Binding
from euicc_sim.parties.ipa.ipa import Poll
from euicc_sim.parties.ipa.triggered_download import DownloadMode
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.interfaces import ServerAuthentication
from euicc_sim.parties.smds import Smds
from keys import TestPki

WAYS = [
    (DownloadMode.DIRECT, Binding.ASN1),
    (DownloadMode.RELAYED, Binding.ASN1),
    (DownloadMode.RELAYED, Binding.JSON),
]


@pytest.fixture
def servers(pki_folder: Path) -> Servers:
    return Servers(pki_folder)


@pytest.fixture
def world(tmp_path: Path, card: Card, servers: Servers) -> World:
    world = World(tmp_path / "cards", servers)
    world.trusted_by(card, token=True)
    return world


@pytest.fixture(params=WAYS, ids=lambda one: f"{one[0].value} {one[1].value}")
def way(request: pytest.FixtureRequest, world: World) -> DownloadMode:
    """How the IPA downloads; the world speaks that binding from here on."""
    mode, world.binding = request.param
    world.restart()
    return DownloadMode(mode)


def installed(card: Card) -> list[str | None]:
    return [one.iccid for one in Lpa(card.transmit).profiles()]


def test_what_waits_at_the_root_sm_ds_of_the_card_is_installed(
    world: World, card: Card, servers: Servers, way: DownloadMode
) -> None:
    servers.wait("CODE-1")
    world.service.order(EID, ["download:smds"])
    assert world.ipa(card, way).poll() == Poll(1)
    assert installed(card) == [FIRST]
    assert states(world) == [("download:smds", "done", way is DownloadMode.RELAYED)]
    assert servers.asked[0] == ROOT


def test_an_sm_ds_that_the_trigger_names_is_asked(
    world: World, card: Card, servers: Servers, way: DownloadMode
) -> None:
    servers.wait("CODE-1", servers.below)
    world.service.order(EID, [f"download:smds={BELOW}"])
    assert world.ipa(card, way).poll() == Poll(1)
    assert installed(card) == [FIRST]
    assert ROOT not in servers.asked


def test_an_event_at_an_sm_ds_below_leads_there(
    world: World, card: Card, servers: Servers, way: DownloadMode
) -> None:
    servers.wait("CODE-1", address=BELOW)
    servers.wait("CODE-1", servers.below)
    world.service.order(EID, ["download:smds"])
    assert world.ipa(card, way).poll() == Poll(1)
    assert installed(card) == [FIRST]


def test_all_events_are_installed(
    world: World, card: Card, servers: Servers, way: DownloadMode
) -> None:
    servers.wait("CODE-1")
    servers.wait("CODE-2")
    world.service.order(EID, ["download:smds"])
    world.ipa(card, way).poll()
    assert sorted(map(str, installed(card))) == [FIRST, SECOND]
    assert {state for _, state, _ in states(world)} == {"done"}
    assert kept(world).queue == []


def test_no_event_is_a_failed_download(
    world: World, card: Card, servers: Servers, way: DownloadMode
) -> None:
    world.service.order(EID, ["download:smds"])
    assert world.ipa(card, way).poll() == Poll(1, refused=1)
    (failed,) = kept(world).results
    assert (failed.state, f"No event waits at the SM-DS {ROOT}" in str(failed.error)) == (
        "failed",
        True,
    )
    assert kept(world).queue == []


def test_an_event_that_its_sm_dpp_does_not_know_is_a_failed_download(
    world: World, card: Card, servers: Servers, way: DownloadMode
) -> None:
    servers.wait("GONE")
    world.service.order(EID, ["download:smds"])
    assert world.ipa(card, way).poll() == Poll(1, refused=1)
    assert [state for _, state, _ in states(world)] == ["failed"]
    assert installed(card) == []


def test_sm_dss_that_point_to_each_other_have_an_end(
    world: World, card: Card, servers: Servers, way: DownloadMode
) -> None:
    servers.wait("CODE-1", address=BELOW)
    servers.wait("CODE-1", servers.below, ROOT)
    world.service.order(EID, ["download:smds"])
    assert world.ipa(card, way).poll() == Poll(1, refused=1)
    assert "The SM-DSs point to each other" in str(kept(world).results[-1].error)
    assert installed(card) == []


def test_an_sm_dpp_under_the_name_of_an_sm_ds_is_found_out(
    world: World, card: Card, servers: Servers
) -> None:
    world.service.order(EID, [f"download:smds={SMDP}"])
    assert world.ipa(card).poll() == Poll(1, refused=1)
    assert installed(card) == []


# -- the eIM at an SM-DS, by hand


@pytest.fixture
def euicc(pki_folder: Path) -> PaperEuicc:
    return PaperEuicc.below(TestPki.load(pki_folder))


def triggered(world: World) -> bytes:
    world.service.order(EID, ["download:smds=" + ROOT])
    form, value = fetch(world)
    assert form == "profileDownloadTriggerRequest"
    assert value["profileDownloadData"] == ("contactSmds", {"smdsAddress": ROOT})
    found: bytes = value["eimTransactionId"]
    return found


def proved(world: World, euicc: PaperEuicc, number: bytes) -> bytes:
    """The eIM's answer to AuthenticateClient, the IPA having left out the SM-DS's name."""
    form, ok = ask(
        world,
        "initiateAuthenticationRequestEsipa",
        {
            "euiccChallenge": CHALLENGE,
            "euiccInfo1": euicc.info1(),
            "eimTransactionId": number,
        },
    )
    assert form == "initiateAuthenticationOkEsipa"
    server = ServerAuthentication(
        ok["transactionId"],
        ok["serverSigned1"],
        ok["serverSignature1"],
        ok["euiccCiPKIdentifierToBeUsed"],
        ok["serverCertificate"],
    )
    request = {
        "transactionId": server.transaction_id,
        "authenticateServerResponse": euicc.authenticate(server),
    }
    return world.post(to_eim("authenticateClientRequestEsipa", request)).content


def test_the_eim_answers_with_the_trigger_of_an_event(
    world: World, servers: Servers, euicc: PaperEuicc
) -> None:
    world.service.set_card(EID)
    servers.wait("EVT1")
    number = triggered(world)
    answer = proved(world, euicc, number)
    name, (arm, value) = judged("EsipaMessageFromEimToIpa", answer)
    assert (name, arm) == ("authenticateClientResponseEsipa", "authenticateClientOkDSEsipa")
    assert value["profileDownloadTrigger"] == {
        "profileDownloadData": ("activationCode", f"1${SMDP}$EVT1"),
        "eimTransactionId": number,
    }


def test_further_events_are_orders_of_the_eim(
    world: World, servers: Servers, euicc: PaperEuicc
) -> None:
    world.service.set_card(EID)
    for one in ("EVT1", "EVT2"):
        servers.wait(one)
    number = triggered(world)
    for _ in range(2):
        proved(world, euicc, number)
    assert [one.words for one in kept(world).queue] == [
        [f"download:smds={ROOT}"],
        [f"download:1${SMDP}$EVT2"],
    ]


def test_an_event_id_is_no_confirmation_code_whatever_it_ends_with(
    world: World, servers: Servers, euicc: PaperEuicc
) -> None:
    world.service.set_card(EID)
    for one in ("EVT1", "EVT2,cc=1"):
        servers.wait(one)
    proved(world, euicc, triggered(world))
    further = kept(world).queue[-1]
    assert further.activation_code == f"LPA:1${SMDP}$EVT2,cc=1"
    assert further.confirmation_code is None


def test_without_an_event_there_is_no_trigger(world: World, euicc: PaperEuicc) -> None:
    world.service.set_card(EID)
    answer = proved(world, euicc, triggered(world))
    _, (_, value) = judged("EsipaMessageFromEimToIpa", answer)
    assert value.keys() == {"transactionId"}
    assert answer[:2].hex().upper() == "BF3B"


def test_an_sm_ds_under_another_name_is_refused(
    world: World, servers: Servers, euicc: PaperEuicc
) -> None:
    world.service.set_card(EID)
    servers.root.address = BELOW
    servers.root.initiate_authentication = (  # type: ignore[method-assign]
        lambda euicc_info1, challenge, address: Smds.initiate_authentication(
            servers.root, euicc_info1, challenge, BELOW
        )
    )
    form, code = ask(
        world,
        "initiateAuthenticationRequestEsipa",
        {
            "euiccChallenge": CHALLENGE,
            "euiccInfo1": euicc.info1(),
            "eimTransactionId": triggered(world),
        },
    )
    assert (form, code) == ("initiateAuthenticationErrorEsipa", "smdpAddressMismatch")
