"""The arrows of the stories' steps: who said what, with the messages, and why a card refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.fresh import pki_in
from support.judge import judged

from euicc_sim import Card
from euicc_sim.stories.arrows import Arrow
from euicc_sim.stories.contact_list import Story
from euicc_sim.stories.profiles import ProfileStory
from euicc_sim.stories.servers import running_world
from euicc_sim.stories.telling import CardListener, Step, Storyteller
from euicc_sim.stories.world import HOME, WorldStory

MakeStory = Callable[[Card], Storyteller]


def quiet(text: str, *, refused: bool = False) -> None:
    """No log."""


def steps_of_the_world() -> list[Step]:
    with running_world(quiet) as (world, card):
        card.reset()
        return list(WorldStory(card.transmit, world, CardListener(card)).tell())


@pytest.fixture(scope="module")
def world() -> list[Step]:
    """The story of a device, told once."""
    return steps_of_the_world()


@pytest.fixture
def listed(card: Card) -> list[Step]:
    """The story of a contact list."""
    return list(Story(card.transmit, CardListener(card)).tell())


@pytest.fixture
def switched(card: Card, pki_folder: Path) -> list[Step]:
    """The story of two Profiles."""
    return list(ProfileStory(card.transmit, pki_in(pki_folder), CardListener(card)).tell())


def said(steps: Sequence[Step], title: str) -> list[str]:
    """The arrows of the step with that title, in words."""
    (found,) = [one for one in steps if one.title == title]
    return [f"{one.source} > {one.target}: {one.text}" for one in found.arrows]


def test_a_refused_step_says_why_in_the_card_s_words(listed: list[Step]) -> None:
    assert [one.reason for one in listed if one.refused] == [
        "associatedEimAlreadyExists: eim1.example.com is trusted already, so only a signed package "
        "can add an eIM",
        "package refused: counter 1 is not above 1",
        "package refused: the signature is not that of eim1.example.com over these bytes, "
        "without association token",
        "package refused: counter 8388608 is not in the range 0 to 8388607",
        "package refused: the signature is not that of eim1.example.com over these bytes, "
        "association token 2",
        "package refused: this card does not trust the eIM eim1.example.com",
    ]
    assert all(not one.reason for one in listed if not one.refused)


def test_the_reason_of_a_refused_operation_names_the_profile(switched: list[Step]) -> None:
    assert [one.reason for one in switched if one.refused] == [
        "delete: profileNotInDisabledState, Profile Home is enabled",
        "rollbackNotAllowed: no trusted eIM has authorised a rollback",
        "delete: returnFallbackProfile, ReturnFromFallback would return to Profile Home",
    ]


def test_a_package_goes_to_the_card_and_its_answer_comes_back(listed: list[Step]) -> None:
    assert said(listed, "The second sends the same package again") == [
        "eIM 2 > card: listEim; counter 1",
        "card > eIM 2: refused, signed: replayError",
    ]
    step = listed[5]
    assert [one.refused for one in step.arrows] == [False, True]
    assert [one.parts[0].data for one in step.arrows] == [step.request, step.answer]
    judged("EuiccPackageRequest", step.arrows[0].parts[0].data)
    judged("EuiccPackageResult", step.arrows[1].parts[0].data)


def test_a_network_and_a_sim_are_drawn(switched: list[Step]) -> None:
    assert said(switched, "The device attaches to the network of Away") == [
        "network > card: AUTHENTICATE",
        "card > network: RES, CK, IK",
    ]


def test_notifications_are_in_the_step_that_delivers_them(switched: list[Step]) -> None:
    removed = said(switched, "The eIM removes the Profiles from the card")
    assert [one for one in removed if one.startswith("IPA > ")] == [
        "IPA > SM-DP+: HandleNotification: disable",
        "IPA > SM-DP+: HandleNotification: delete",
        "IPA > SM-DP+: HandleNotification: delete",
    ]
    assert said(switched, "The eIM removes itself") == [
        "eIM > card: deleteEim; counter 7",
        "card > eIM: deleteEim lastEimDeleted",
    ]


@pytest.mark.slow
def test_what_an_eim_passes_on_is_in_the_step_of_its_download(world: list[Step]) -> None:
    relayed = said(world, "The IPA polls and fetches Away by way of the eIM")
    assert relayed[-2:] == [
        "eIM 1 > SM-DP+: HandleNotification: install",
        "SM-DP+ > eIM 1: taken",
    ]


@pytest.mark.slow
def test_a_step_of_a_person_is_the_order_alone(world: list[Step]) -> None:
    ordered = [one for one in world if one.title.startswith("A person gives ")]
    assert len(ordered) == 9
    for step in ordered:
        there, back = step.arrows
        assert (there.source, there.target) == (back.target, back.source)
        assert there.source == "person"


@pytest.mark.slow
def test_every_arrow_but_an_error_of_the_network_has_its_answer(world: list[Step]) -> None:
    for step in world:
        waiting: list[Arrow] = []
        for one in step.arrows:
            if one.is_answer:
                asked = waiting.pop()
                assert (asked.source, asked.target) == (one.target, one.source)
            elif not one.text.endswith(": no network"):
                waiting.append(one)
        assert waiting == []


@pytest.mark.slow
def test_a_message_is_a_type_of_the_standards(world: list[Step]) -> None:
    names = {
        tree.name
        for step in world
        for arrow in step.arrows
        for part in arrow.parts
        if (tree := part.tree())
    }
    assert "?" not in names
    assert {
        "GetEimPackageRequest",
        "GetEimPackageResponse",
        "AuthenticateClientRequestEsipa",
        "ServerSigned1",
        "Certificate",
        "AuthenticateServerResponse",
        "BoundProfilePackage",
        "ProfileInstallationResult",
        "EuiccPackageResult",
        "ProfileRollbackResponse",
    } <= names


@pytest.mark.slow
def test_what_a_message_carries_is_shown_too(world: list[Step]) -> None:
    poll = next(one for one in world if one.title == "The IPA polls; the card enables Home")
    carried = [
        [(part.name, tree.name) for part in arrow.messages if (tree := part.tree())]
        for arrow in (poll.arrows[5], poll.arrows[8])
    ]
    assert carried == [
        [
            ("response", "GetEimPackageResponse"),
            ("euiccPackageRequest", "EuiccPackageRequest"),
        ],
        [
            ("request", "ProvideEimPackageResult"),
            ("euiccPackageResult", "EuiccPackageResult"),
        ],
    ]
    judged("EuiccPackageRequest", poll.arrows[5].messages[1].data)
    judged("EuiccPackageResult", poll.arrows[8].messages[1].data)


@pytest.mark.slow
def test_no_iccid_is_in_a_text(world: list[Step]) -> None:
    for step in world:
        for text in (step.title, step.outcome, step.reason, *(one.text for one in step.arrows)):
            assert HOME[:12] not in text
