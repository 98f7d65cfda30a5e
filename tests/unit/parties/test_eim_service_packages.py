"""An eIM gives out packages: what is signed when, in which order, and how often."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from support.esipa import EID, OTHER_EID, World, executed, fetch, kept, known_world, provide
from support.hexes import hx

from euicc_sim import Card
from euicc_sim.asn1.wire import Wire
from euicc_sim.parties.eim.server.orders import DELIVERIES, FIRST_WAIT, LONGEST_WAIT
from euicc_sim.parties.messages.errors import EimError

ACKNOWLEDGED = "eimAcknowledgements"


@pytest.fixture
def world(tmp_path: Path, card: Card) -> World:
    return known_world(tmp_path / "cards", card)


def test_nothing_waits(world: World) -> None:
    assert fetch(world) == ("eimPackageError", "noEimPackageAvailable")
    assert world.said == [f"{EID}: asked for a package, none is queued"]


@pytest.mark.parametrize(
    ("message", "code", "why"),
    [
        (f"BF4F12 5A10 {OTHER_EID}", 2, "No card"),
        ("BF4F12 5A10 89049032123451234512345678901236", 3, "is not an EID"),
        ("BF4F12 5A10 8904903212345123451234567890123A", 3, "is not an EID"),
        ("BF4F00", 4, "has no eidValue"),
        ("BF4F03 5A0101", 127, "01 is 1 byte long, not 16"),
        ("BF4F02 5A10", 127, "claims 16 bytes"),
    ],
)
def test_a_wrong_eid_is_told_by_its_code(world: World, message: str, code: int, why: str) -> None:
    answer = world.post(hx(message))
    assert (answer.status_code, answer.content) == (200, hx(f"BF4F03 0201{code:02X}"))
    (line,) = world.said
    assert line.startswith("! getEimPackageRequest answered ")
    assert why in line


def test_a_package_is_signed_when_it_leaves(world: World, card: Card) -> None:
    world.service.order(EID, ["listEim"])
    assert kept(world).queue[0].message is None
    package, result = executed(world, card)
    order = kept(world).queue[0]
    assert (order.message, order.counter, order.deliveries) == (package, 1, 1)
    assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])
    assert kept(world).queue == []
    (done,) = kept(world).results
    assert (done.state, done.verified, done.message) == ("done", True, result)
    assert [(one.operation, one.result) for one in done.outcomes] == [("listEim", "ok")]
    assert world.said[-1] == f"{EID}: order 1 (listEim): done, verified; listEim ok"


def test_orders_come_in_their_order(world: World, card: Card) -> None:
    for word in ("listEim", "getRAT", "listProfileInfo"):
        world.service.order(EID, [word])
    for _ in range(3):
        _, result = executed(world, card)
        provide(world, "euiccPackageResult", result)
    assert fetch(world) == ("eimPackageError", "noEimPackageAvailable")
    assert [one.words for one in kept(world).results] == [
        ["listEim"],
        ["getRAT"],
        ["listProfileInfo"],
    ]
    assert [one.counter for one in kept(world).results] == [1, 2, 3]


@pytest.mark.parametrize("prefix", ["LPA:", ""])
def test_a_trigger_has_the_activation_code_without_its_prefix(world: World, prefix: str) -> None:
    world.service.order(EID, [f"download:{prefix}1$smdp.example.com$ABC"])
    answer = world.post(hx(f"BF4F12 5A10 {EID}")).content
    transaction = kept(world).queue[0].transaction_id or b""
    code = b"1$smdp.example.com$ABC".hex()
    assert answer == hx(f"BF4F2F BF542C A018 8016 {code} 8210 {transaction.hex()}")


@pytest.mark.parametrize(("version", "identified"), [("1.0.1", False), ("1.1", True)])
def test_a_data_request_has_a_transaction_since_v1_1(
    world: World, version: str, identified: bool
) -> None:
    world.eim.wire = Wire(version)
    world.service.order(EID, ["data:BF20"])
    _, asked = fetch(world)
    assert ("eimTransactionId" in asked) is identified
    assert fetch(world) == ("ipaEuiccDataRequest", asked)


def test_without_a_result_the_same_package_comes_again_but_later_and_later(world: World) -> None:
    world.service.order(EID, ["getRAT"])
    first = fetch(world)
    assert [fetch(world) for _ in range(DELIVERIES - 1)] == [first] * (DELIVERIES - 1)
    waits: list[timedelta] = []
    for _ in range(3):
        assert fetch(world) == ("eimPackageError", "noEimPackageAvailable")
        (order,) = kept(world).queue
        assert (order.held, order.problem) == (False, "no result after 3 deliveries")
        wait = FIRST_WAIT * 2 ** len(waits)
        world.later(wait - timedelta(seconds=5))
        assert fetch(world) == ("eimPackageError", "noEimPackageAvailable")
        world.later(timedelta(seconds=5))
        assert fetch(world) == first
        waits.append(wait)
    for _ in range(10):
        world.later(LONGEST_WAIT)
        assert fetch(world) == first


def test_while_an_order_is_postponed_the_next_is_delivered(world: World, card: Card) -> None:
    world.service.order(EID, ["getRAT"])
    world.service.order(EID, ["listEim"])
    for _ in range(DELIVERIES):
        fetch(world)
    _, result = executed(world, card)
    assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [1])
    assert [one.words for one in kept(world).results] == [["listEim"]]
    world.later(FIRST_WAIT)
    _, overtaken = executed(world, card)
    assert provide(world, "euiccPackageResult", overtaken) == ("emptyResponse", {})
    fetch(world)
    provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", {}))
    _, result = executed(world, card)
    assert provide(world, "euiccPackageResult", result) == (ACKNOWLEDGED, [2])
    assert [(one.words, one.counter) for one in kept(world).results if one.kind == "package"] == [
        (["listEim"], 2),
        (["getRAT"], 3),
    ]


def test_an_order_that_is_released_is_signed_again(world: World) -> None:
    world.service.order(EID, ["getRAT"])
    first = fetch(world)
    for _ in range(DELIVERIES - 1):
        fetch(world)
    world.service.again(EID, 1)
    form, package = fetch(world)
    assert form == "euiccPackageRequest"
    assert package != first[1]
    assert kept(world).queue[0].counter == 2


def test_an_order_can_be_taken_back(world: World) -> None:
    world.service.order(EID, ["getRAT"])
    assert world.service.withdraw(EID, 1).words == ["getRAT"]
    assert fetch(world) == ("eimPackageError", "noEimPackageAvailable")
    with pytest.raises(EimError, match="No order 1 is queued"):
        world.service.withdraw(EID, 1)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "at least one operation"),
        (["enable"], "is incomplete"),
        (["listEim", "getRAT"], "PSMOs or eCOs, never both"),
        (["enabel:1"], "Did you mean"),
        (["data:XYZ"], "is not hex"),
        (["data", "getRAT"], "stands alone"),
        (["download:SMDP"], "not an activation code"),
        (["download:smds=http://a"], "is not the address of a server"),
        (["download:smds="], "is not the address of a server"),
    ],
)
def test_an_order_that_cannot_be_done_is_refused_at_once(
    world: World, words: list[str], why: str
) -> None:
    with pytest.raises(EimError, match=why):
        world.service.order(EID, words)
    assert kept(world).queue == []


def test_an_eim_without_counters_holds_the_order(world: World) -> None:
    world.service.order(EID, ["getRAT"])
    world.service.set_card(EID, counter=0x7FFFFF)
    assert fetch(world) == ("eimPackageError", "noEimPackageAvailable")
    assert "has used its last counter" in str(kept(world).queue[0].problem)
