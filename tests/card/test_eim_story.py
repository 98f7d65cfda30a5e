"""An eIM and a card: from the first contact to results that the eIM can trust."""

from collections.abc import Callable

import pytest
from support.es10 import SELECT_ISDR, es10
from support.hexes import hx
from support.judge import judged

from euicc_sim import Card
from euicc_sim.parties.eim import operations
from euicc_sim.parties.eim.eim import Eim, add_initial_eim, take_added_tokens, take_initial_answer
from euicc_sim.parties.eim.operations import Operation
from euicc_sim.parties.messages.apdus import store_data
from euicc_sim.parties.messages.package_results import Form, Outcome
from keys import Curve

Send = Callable[[bytes], bytes]
GET_CERTS = hx("BF5600")


@pytest.fixture(params=Curve)
def eim(request: pytest.FixtureRequest) -> Eim:
    return Eim.create("eim1.example.com", request.param, seed=1)


def ordered(send: Send, card: Card, eim: Eim, *what: Operation) -> bytes:
    request = eim.package(what, card.eid, transaction_id=b"\x07")
    judged("EuiccPackageRequest", request)
    answer = es10(send, request)
    judged("EuiccPackageResult", answer)
    return answer


def test_a_second_eim_is_added_by_the_first_and_lists_both(
    send: Send, card: Card, eim: Eim
) -> None:
    send(SELECT_ISDR)
    certs = es10(send, GET_CERTS)
    take_initial_answer(es10(send, add_initial_eim(eim.configuration(want_token=True))), eim)
    assert eim.token == 1

    second = Eim.create("eim2.example.com", seed=1, counter=40)
    second.id_type = 2
    add = operations.add_eim(second.configuration(want_token=True))
    added = eim.verify(ordered(send, card, eim, add), certs)
    assert added.genuine
    assert added.transaction_id == b"\x07"
    take_added_tokens(added, second)
    assert second.token == 2

    listed = second.verify(ordered(send, card, second, operations.list_eim()), certs)
    assert listed.counter == 41
    assert listed.seq_number == (added.seq_number or 0) + 1
    assert listed.outcomes == (
        Outcome(
            "listEim",
            "ok",
            [
                {"eimId": "eim1.example.com"},
                {"eimId": "eim2.example.com", "eimIdType": "eimIdTypeFqdn"},
            ],
        ),
    )


def test_a_card_refuses_signed_and_unsigned(send: Send, card: Card, eim: Eim) -> None:
    send(SELECT_ISDR)
    certs = es10(send, GET_CERTS)
    stranger = eim.verify(ordered(send, card, eim, operations.list_eim()), certs)
    assert stranger.form is Form.UNSIGNED_ERROR
    assert not stranger.genuine

    es10(send, add_initial_eim(eim.configuration()))
    replay = eim.package([operations.list_eim()], card.eid, counter=1)
    refused = eim.verify(es10(send, replay), certs)
    assert refused.genuine
    assert refused.error == "replayError"


def test_every_operation_is_understood_by_the_card(send: Send, card: Card, eim: Eim) -> None:
    send(SELECT_ISDR)
    certs = es10(send, GET_CERTS)
    es10(send, add_initial_eim(eim.configuration()))
    iccid = "8900012345678901234"
    for one in (
        operations.enable(iccid, rollback=True),
        operations.disable(iccid),
        operations.delete(iccid),
        operations.list_profile_info(),
        operations.get_rat(),
        operations.configure_immediate_enable(smdp_address="smdp.example.com"),
        operations.set_fallback_attribute(iccid),
        operations.unset_fallback_attribute(),
        operations.set_default_dp_address("smdp.example.com"),
        operations.update_eim(eim.configuration("counterValue", "eimPublicKeyData")),
        operations.delete_eim("nobody"),
        operations.list_eim(),
    ):
        (outcome,) = eim.verify(ordered(send, card, eim, one), certs).outcomes
        assert outcome.name == one.name


def test_the_blocks_of_a_long_request_go_to_the_card_as_they_are(card: Card, eim: Eim) -> None:
    card.reset()
    card.transmit(SELECT_ISDR)
    eims = [Eim.create(f"eim{number}", seed=1) for number in range(5)]
    blocks = store_data(add_initial_eim(*(one.configuration() for one in eims)))
    assert [card.transmit(one) for one in blocks[:-1]] == [hx("9000")] * (len(blocks) - 1)
    assert len(blocks) > 1
    assert card.transmit(blocks[-1])[0] == 0x61
