"""An eIM takes what came of its packages: what it believes, refuses, ignores and keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.by_name import to_eim
from support.esipa import (
    EID,
    OTHER_EID,
    World,
    ask,
    es10,
    executed,
    fetch,
    kept,
    known_world,
    provide,
)
from support.euiccs import shared_pki, vector22
from support.hexes import hx
from support.installing import install

from euicc_sim import Card
from euicc_sim.parties.eim import operations
from euicc_sim.parties.eim.eim import Eim
from euicc_sim.parties.eim.server.card_records import NOTIFICATIONS, Forward
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.smdpp.smdpp import Smdpp

ACKNOWLEDGED, REFUSED = "eimAcknowledgements", ("provideEimPackageResultError", "undefinedError")
CERTIFICATES = hx("BF5600")


@pytest.fixture
def world(tmp_path: Path, card: Card) -> World:
    return known_world(tmp_path / "cards", card)


def spoiled(result: bytes) -> bytes:
    return result[:-1] + bytes((result[-1] ^ 1,))


def test_a_restart_between_package_and_result_loses_nothing(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    package, result = executed(world, card)
    world.restart()
    assert fetch(world) == ("euiccPackageRequest", package)
    world.restart()
    assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])
    world.restart()
    assert [one.state for one in kept(world).results] == ["done"]


def test_a_result_that_comes_twice_is_acknowledged_twice(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    _, result = executed(world, card)
    assert [provide(world, "euiccPackageResult", result) for _ in range(2)] == [
        (ACKNOWLEDGED, [1])
    ] * 2
    assert len(kept(world).results) == 1


def test_a_wrong_signature_is_refused_and_the_order_waits_on(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    package, result = executed(world, card)
    before = world.said.copy()
    assert provide(world, "euiccPackageResult", spoiled(result)) == REFUSED
    (line,) = world.said[len(before) :]
    assert line.startswith("! provideEimPackageResult answered undefinedError")
    assert "The signature is not that of this certificate's card" in line
    assert "signature is not" in str(kept(world).queue[0].problem)
    assert (kept(world).queue[0].message, kept(world).results) == (package, [])
    assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])


def test_a_result_for_another_eim_is_refused(world: World, card: Card) -> None:
    other = Eim.create("eim2.example.com", seed=9)
    config = other.configuration()
    world.service.order(EID, ["listEim"])
    add = world.eim.package([operations.add_eim(config)], EID, counter=1)
    es10(card, add)
    result = es10(card, other.package([operations.list_eim()], EID))
    assert provide(world, "euiccPackageResult", result) == REFUSED
    assert "not of 'eim1.example.com'" in world.said[-1]


def test_an_unsigned_error_does_not_end_an_order(world: World, card: Card) -> None:
    world.service.set_card(EID, token=77)
    world.service.order(EID, ["getRAT"])
    _, result = executed(world, card)
    assert provide(world, "euiccPackageResult", result) == ("emptyResponse", {})
    assert "does not know this eIM, its key or its token" in world.said[-1]
    assert len(kept(world).queue) == 1


def test_a_token_that_an_ipa_reports_is_tried_when_the_card_refuses_the_believed_one(
    world: World, card: Card
) -> None:
    world.service.set_card(EID, token=77)
    reported(world, 1)
    assert kept(world).record.token == 77
    world.service.order(EID, ["getRAT"])
    for form, numbers in (("emptyResponse", {}), (ACKNOWLEDGED, [1])):
        _, result = executed(world, card)
        assert provide(world, "euiccPackageResult", result) == (form, numbers)
    assert kept(world).record.token == 1
    assert [one.counter for one in kept(world).results if one.kind == "package"] == [2]


def test_a_token_that_a_stranger_reports_is_not_believed(world: World, card: Card) -> None:
    world.service.set_card(EID, token=1)
    reported(world, 99)
    world.service.order(EID, ["getRAT"])
    _, result = executed(world, card)
    assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])
    assert kept(world).record.token == 1


def test_a_card_that_refuses_both_tokens_is_not_asked_again_at_once(
    world: World, card: Card
) -> None:
    with world.service.store.changing(EID) as draft:
        draft.record.token, draft.record.token_proven = None, False
    reported(world, 1)
    world.eim.private_key = Eim.create("other", seed=8).private_key
    world.service.order(EID, ["getRAT"])
    for _ in range(2):
        _, result = executed(world, card)
        provide(world, "euiccPackageResult", result)
    assert fetch(world) == ("eimPackageError", "noEimPackageAvailable")
    assert kept(world).queue[0].not_before is not None


def test_strangers_cannot_keep_the_card_from_its_package(world: World, card: Card) -> None:
    """An unsigned error of a stranger has the package signed anew, with what he says."""
    reported(world, 99)
    world.service.order(EID, ["getRAT"])
    package, result = executed(world, card)
    assert provide(world, "euiccPackageResult", es10(card, spoiled(package))) == (
        "emptyResponse",
        {},
    )
    assert fetch(world)[1] != package
    assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])
    assert kept(world).queue == []


def reported(world: World, token: int) -> None:
    """An IPA answers a data request with that token."""
    world.service.order(EID, ["data"])
    fetch(world)
    provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", {"associationToken": token}))


def test_a_signed_error_ends_an_order(world: World, card: Card) -> None:
    es10(card, world.eim.package([operations.get_rat()], EID, counter=5))
    world.service.order(EID, ["getRAT"])
    _, result = executed(world, card)
    answer = provide(world, "euiccPackageResult", result)
    assert answer == ("emptyResponse", {})
    (done,) = kept(world).results
    assert (done.state, done.error, done.verified) == ("refused", "replayError", True)


def test_a_counter_that_cannot_be_stored_is_in_the_message_alone(world: World, card: Card) -> None:
    result = es10(card, world.eim.package([operations.get_rat()], EID, counter=2**70))
    assert provide(world, "euiccPackageResult", result) == ("emptyResponse", {})
    (done,) = kept(world).results
    assert (done.error, done.counter) == ("counterValueOutOfRange", None)
    assert hx("81 09 40 0000000000000000") in (done.message or b"")


def test_a_result_that_was_lost_on_the_way_is_found_on_the_card(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    package, lost = executed(world, card)
    assert fetch(world) == ("euiccPackageRequest", package)
    replay = es10(card, package)
    assert provide(world, "euiccPackageResult", replay) == ("emptyResponse", {})
    form, asked = fetch(world)
    assert (form, asked["tagList"]) == ("ipaEuiccDataRequest", hx("A2BF2B"))
    data = {"euiccPackageResultList": [lost]}
    assert provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", data)) == (ACKNOWLEDGED, [1])
    states = {one.kind: one.state for one in kept(world).results}
    assert states == {"data": "done", "package": "done"}
    assert kept(world).queue == []


def test_a_lost_result_that_nobody_has_ends_the_order(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    package, _ = executed(world, card)
    fetch(world)
    provide(world, "euiccPackageResult", es10(card, package))
    fetch(world)
    provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", {}))
    assert [(one.kind, one.state, one.error) for one in kept(world).results] == [
        ("data", "done", None),
        ("package", "refused", "replayError"),
    ]


def test_an_ipa_that_cannot_read_a_package_postpones_the_order(world: World, card: Card) -> None:
    """Nobody signed that error, and the card may have executed the package."""
    world.service.order(EID, ["getRAT"])
    _, result = executed(world, card)
    error = {"eimPackageResultErrorCode": 1}
    assert provide(world, "eimPackageResultResponseError", error) == ("emptyResponse", {})
    (order,) = kept(world).queue
    assert (order.held, order.problem) == (False, "the IPA says invalidPackageFormat")
    assert fetch(world) == ("eimPackageError", "noEimPackageAvailable")
    assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])
    assert [one.state for one in kept(world).results] == ["done"]


def test_an_ipa_that_cannot_read_a_trigger_ends_the_order(world: World) -> None:
    world.service.order(EID, ["download:default"])
    _, trigger = fetch(world)
    error = {"eimTransactionId": trigger["eimTransactionId"], "eimPackageResultErrorCode": 1}
    provide(world, "eimPackageResultResponseError", error)
    (done,) = kept(world).results
    assert (done.state, done.error) == ("failed", "the IPA says invalidPackageFormat")


def test_a_result_without_an_order_is_kept_too(world: World, card: Card) -> None:
    result = es10(card, world.eim.package([operations.get_rat()], EID))
    assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])
    (done,) = kept(world).results
    assert (done.order, done.state, done.verified) == (None, "done", True)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("ipaEuiccDataResponse", ("ipaEuiccData", {"associationToken": 99})),
        (
            "profileDownloadTriggerResult",
            {
                "profileDownloadTriggerResultData": (
                    "profileDownloadError",
                    {"profileDownloadErrorReason": 127},
                )
            },
        ),
        ("eimPackageResultResponseError", {"eimPackageResultErrorCode": 1}),
    ],
)
def test_what_nobody_asked_for_is_ignored(world: World, form: str, value: Any) -> None:
    before = kept(world)
    assert provide(world, form, value) == ("emptyResponse", {})
    assert kept(world) == before
    assert world.said[-1].startswith(f"{EID}: ")
    assert "ignored" in world.said[-1]


def test_only_so_many_notifications_wait(world: World, card: Card) -> None:
    world.servers = away
    world.restart()
    for number in range(NOTIFICATIONS):
        waiting = Forward(address="a.b", message=bytes((number,)), sender=EID)
        world.service.store.forward(waiting)
    pending = vector22("ES10b.LoadBoundProfilePackage (final response, success)")[1]
    fetch(world)
    value = ("pendingNotification", ("profileInstallationResult", pending))
    answer = world.post(to_eim("handleNotificationEsipa", value))
    assert answer.status_code == 400
    assert "notifications are waiting already" in world.said[-1]
    assert len(kept(world).notifications) == NOTIFICATIONS


def test_a_notification_needs_no_knowledge_of_its_card(
    world: World, card: Card, pki_folder: Path
) -> None:
    """The first thing that some IPAs send; it has no EID, and they remove it whatever we answer."""
    heard: list[bytes] = []
    taking = Smdpp.of(shared_pki())
    taking.handle_notification = heard.append  # type: ignore[assignment, method-assign]
    world.servers = lambda _: taking
    world.restart()
    result = install(card.transmit, pki_folder).result
    value = ("pendingNotification", ("profileInstallationResult", result))
    for _ in range(2):
        assert world.post(to_eim("handleNotificationEsipa", value)).status_code == 204
    assert heard == [result] * 2
    assert world.said[:2] == [
        "a card: notification 1 for testsmdpplus1.example.com taken",
        "127.0.0.1: a notification for testsmdpplus1.example.com passed on",
    ]


def test_a_notification_of_a_card_that_is_not_known_waits_for_its_smdp(
    world: World, card: Card, pki_folder: Path
) -> None:
    world.servers = away
    world.restart()
    result = install(card.transmit, pki_folder).result
    value = ("pendingNotification", ("profileInstallationResult", result))
    for _ in range(300):
        assert world.post(to_eim("handleNotificationEsipa", value)).status_code == 204
    assert [one.message for one in world.service.store.waiting("127.0.0.1")] == [result]


def away(address: str) -> Any:
    raise LpaError(f"{address} is away.")


# -- whose result it is


def test_a_result_without_an_eid_is_known_by_its_transaction(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    _, result = executed(world, card)
    world.restart()
    assert provide(world, "euiccPackageResult", result, eid=None) == (ACKNOWLEDGED, [1])


def data_for(transaction: bytes) -> tuple[str, Any]:
    return "ipaEuiccDataResponse", ("ipaEuiccData", {"eimTransactionId": transaction})


def refused(transaction: bytes, code: Any) -> tuple[str, Any]:
    error = {"eimTransactionId": transaction, "ipaEuiccDataErrorCode": code}
    return "ipaEuiccDataResponse", ("ipaEuiccDataResponseError", error)


def not_understood(transaction: bytes) -> tuple[str, Any]:
    error = {"eimTransactionId": transaction, "eimPackageResultErrorCode": "unknownPackage"}
    return "eimPackageResultResponseError", error


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (data_for, "done"),
        (lambda transaction: refused(transaction, "incorrectTagList"), "failed"),
        (not_understood, "failed"),
    ],
    ids=["data", "error", "not understood"],
)
def test_an_answer_to_a_data_request_without_an_eid_is_known_by_its_transaction(
    world: World, answer: Any, state: str
) -> None:
    world.service.order(EID, ["data:BF20"])
    world.service.set_card(OTHER_EID)
    _, asked = fetch(world)
    fetch(world, OTHER_EID)
    world.restart()
    transaction = asked["eimTransactionId"]
    form, value = answer(transaction)
    found = provide(world, form, value, eid=None)
    assert found == (ACKNOWLEDGED, [])
    assert [(one.kind, one.state) for one in kept(world).results] == [("data", state)]


def test_data_for_another_transaction_does_not_end_an_order(world: World) -> None:
    world.service.order(EID, ["data:BF20"])
    fetch(world)
    provide(world, *data_for(b"another"))
    assert world.said[-1] == f"{EID}: ignored data that was not requested"
    assert len(kept(world).queue) == 1


def test_a_result_of_nobody_lacks_its_eid(world: World) -> None:
    found = provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", {}), eid=None)
    assert found == ("provideEimPackageResultError", "missingEid")
    assert "does not name its card" in world.said[-1]


def test_an_answer_without_an_eid_is_of_the_line_it_comes_by(world: World) -> None:
    world.service.order(EID, ["data"])
    fetch(world)
    answer = provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", {}), eid=None)
    assert answer == (ACKNOWLEDGED, [])
    assert [one.kind for one in kept(world).results] == ["data"]


def test_a_result_for_an_unknown_card_is_told_so(world: World) -> None:
    found = provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", {}), eid=OTHER_EID)
    assert found == ("provideEimPackageResultError", "eidNotFound")


def test_transferred_packages_are_answered(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    _, result = executed(world, card)
    found = ask(world, "transferEimPackageResponse", ("euiccPackageResult", result))
    assert found == (ACKNOWLEDGED, [1])
