"""Requests in a wrong form: refused with the reason, except what a known client sends.

Each right request is broken in every kind of form at every place (`support.wrong_forms`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.eims import (
    Eim,
    add_initial,
    eim1,
    encoded,
    read_error,
    read_result,
    seal,
    tlv,
    trust,
    unsigned_error,
)
from support.es10 import SELECT_ISDR, es10_sw
from support.fresh import pki_in
from support.hexes import hx
from support.installed import switch
from support.installing import A_DIGITS, B_DIGITS, A, B
from support.managing import Contents, made, profile
from support.rsp_card import Scripted
from support.server import CONTEXT, TRANSACTION, Server, challenge, signature_of
from support.wrong_forms import Wrong, wrong_forms

from apdu import StatusError
from euicc_sim import Card, es10
from euicc_sim.asn1.deviations import Form
from euicc_sim.asn1.sgp22.download import (
    AuthenticateServerParts,
    CommonParameters,
    PrepareDownloadParts,
    ServerSigned1,
    SmdpSigned2,
)
from euicc_sim.asn1.sgp32.packages import Eco, EuiccPackageRequest, EuiccPackageSigned, Psmo
from euicc_sim.asn1.types import Type
from euicc_sim.es10 import FUNCTIONS, Event
from euicc_sim.es10.registry import Exchange
from euicc_sim.model.state import Strictness, Switches
from euicc_sim.readings import WRONG_FORMS, WRONG_FORMS_ANYWHERE
from keys import Curve

DEFAULT, LENIENT, STRICT = Strictness.DEFAULT, Strictness.LENIENT, Strictness.STRICT
PROFILES = (profile(A_DIGITS), profile(B_DIGITS, enabled=True))
SKI = hx("F54172BDF98A95D65CBEB88A38A1C11D800A85C3")
KNOWN = {(one.function, one.place, one.form): one.client for one in WRONG_FORMS}


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path) -> Iterator[Card]:
    with made(tmp_path / "card", pki_folder, Contents(PROFILES)) as card:
        card.transmit(SELECT_ISDR)
        yield card


class Outcome(NamedTuple):
    """The answer, or the status word of a refusal, and the last event."""

    answer: bytes
    event: Event
    changed: bool


def run(card: Card, request: bytes, strictness: Strictness = DEFAULT) -> Outcome:
    """What a card that is so strict would do; `card` itself is left as it is."""
    session = card._session()
    session.env = Scripted()
    session.state = before = replace(session.state, switches=Switches(strictness=strictness))
    try:
        answer = es10.execute(session, request)
    except StatusError as error:
        assert session.state == before
        return Outcome(error.sw.to_bytes(2), Event(session.function, True, error.why), False)
    return Outcome(answer, session.events[-1], session.state != before)


def refused(outcome: Outcome, strictness: Strictness) -> None:
    """Nothing has changed, and the event says why."""
    assert outcome.event.refused
    hint = "card set --lenient serves it" if strictness is DEFAULT else "this card is strict"
    assert f"chips refuse that{' (' if strictness is DEFAULT else ', and '}{hint}" in (
        outcome.event.text
    )
    assert not outcome.changed


# -- functions of one message


def rows() -> dict[str, bytes]:
    """A right request to each function."""
    id_a = tlv("5A", A)
    found = {
        "BF20": "",
        "BF22": "",
        "BF2E": "",
        "BF3C": "",
        "BF43": "",
        "BF5F": "",
        "BF28": "81020780",
        "BF2B": "A003800101",
        "BF30": "800101",
        "BF34": "82020520",
        "BF3E": "5C015A",
        "BF3F": "800161",
        "BF41": f"8010{TRANSACTION.hex()}810101",
        "BF42": "80020780",
        "BF55": "A003800141",
        "BF56": tlv("80", SKI).hex(),
        "BF58": "8001FF",
        "BF59": "8000 8103883703 820161",
        "BF5A": "8001FF",
        "BF5B": "8001FF",
        "BF5C": "8001FF",
        "BF5D": "8001FF",
        "BF5E": "8001FF",
        "BF64": "82020204",
        "BF65": "800161",
        "BF2D": tlv("A0", id_a).hex() + "5C035A9F70",
        "BF29": id_a.hex() + "900161",
        "BF31": tlv("A0", id_a).hex() + "8101FF",
        "BF32": tlv("A0", tlv("5A", B)).hex() + "8101FF",
        "BF33": id_a.hex(),
    }
    requests = {tag: tlv(tag, hx(content)) for tag, content in found.items()}
    return requests | {"BF57": add_initial(eim1().configuration(eimSupportedProtocol=(0b1, 1)))}


ROWS = rows()


def spec(card: Card, of: type[Type[Any]]) -> Any:
    return card._wire.specs[of.root]


def test_every_function_of_one_message_is_here() -> None:
    tags = {f"{tag:X}" for tag, one in FUNCTIONS.items() if isinstance(one, Exchange)}
    assert tags == set(ROWS)


@pytest.mark.parametrize("tag", ROWS)
def test_a_request_in_a_wrong_form_is_refused_unless_a_client_sends_it(
    card: Card, tag: str
) -> None:
    function = FUNCTIONS[int(tag, 16)]
    assert isinstance(function, Exchange)
    right = run(card, ROWS[tag])
    assert not right.event.warning
    assert run(card, ROWS[tag], STRICT)[:2] == right[:2]
    forms = set()
    for one in wrong_forms(spec(card, function.request), ROWS[tag]):
        known = KNOWN.get((int(tag, 16), one.place, one.form.value))
        client = known or WRONG_FORMS_ANYWHERE.get(one.form.value)
        usual, lenient = run(card, one.data), run(card, one.data, LENIENT)
        if client is None:
            refused(usual, DEFAULT)
        else:
            assert (usual.answer, usual.event.warning) == (right.answer, True), one
            assert f"{client} sends it" in usual.event.text
        assert (lenient.answer, lenient.event.warning) == (right.answer, True), one
        assert lenient.event.refused is right.event.refused
        refused(run(card, one.data, STRICT), STRICT)
        forms.add(one.form)
    assert forms >= {Form.LENGTH, Form.MORE}


def test_every_kind_of_form_was_tried(card: Card) -> None:
    found = {
        one.form
        for tag, request in ROWS.items()
        if isinstance(function := FUNCTIONS[int(tag, 16)], Exchange)
        for one in wrong_forms(spec(card, function.request), request)
    }
    assert found == set(Form) - {Form.DEFAULT}


def test_the_reason_names_the_place(card: Card) -> None:
    card.take_events()
    assert es10_sw(card.transmit, hx("BF2B 03 800101")) == (b"", 0x6A80)
    (event,) = card.take_events()
    assert event.refused
    assert event.text == (
        "RetrieveNotificationsList: 6A80, searchCriteria.seqNumber has "
        "no tag A0 around it; chips refuse that (card set --lenient serves it)"
    )


@pytest.mark.parametrize(
    "request_",
    [
        "BF2B 03 800101",
        "BF2B 05 3003800101",
        "BF28 06 A00481020780",
        "BF2E 00 00",
        "BF33 0D A00B 5A09 980010325476981032",
        "BF2D 0C 5A0A 98001032547698103224",
    ],
)
def test_what_clients_lose_weeks_over_is_6a80(card: Card, request_: str) -> None:
    assert es10_sw(card.transmit, hx(request_)) == (b"", 0x6A80)


# -- what known clients send

CLIENTS: dict[str, list[bytes]] = {
    "pySim-shell 597f1e0": [
        tlv("BF31", tlv("A0", tlv("5A", A)), hx("810101")),
        tlv("BF32", tlv("A0", tlv("5A", B)), hx("810101")),
    ],
    "YggdraSIM 2.0.0": [
        hx("BF2B 02 8200"),
        tlv("BF33", tlv("A0", tlv("5A", A)), hx("810100")),
        tlv("BF33", tlv("A0", tlv("4F", hx("A0000005591010FFFFFFFF8900001000"))), hx("810100")),
    ],
}
SENT = [(client, one) for client, requests in CLIENTS.items() for one in requests]


@pytest.mark.parametrize(("client", "request_"), SENT, ids=lambda one: str(one)[:24])
def test_what_a_known_client_sends_is_served_with_a_warning(
    card: Card, client: str, request_: bytes
) -> None:
    card.take_events()
    answer, sw = es10_sw(card.transmit, request_)
    (event,) = card.take_events()
    assert (sw, event.refused, event.warning) == (0x9000, False, True)
    assert f"chips refuse that, but {client} sends it" in event.text
    assert answer[:2] == request_[:2]


@pytest.mark.parametrize(("client", "request_"), SENT, ids=lambda one: str(one)[:24])
def test_a_strict_card_serves_no_client_a_wrong_form(
    card: Card, client: str, request_: bytes
) -> None:
    switch(card, strictness=STRICT)
    before = card.state
    card.take_events()
    assert es10_sw(card.transmit, request_) == (b"", 0x6A80)
    (event,) = card.take_events()
    assert "this card is strict (card set --no-strict)" in event.text
    assert card.state == before
    assert client


def test_every_entry_of_the_table_is_needed_for_a_request_of_its_client(card: Card) -> None:
    used = set()
    for client, request in SENT:
        event = run(card, request).event
        function = int.from_bytes(request[:2])
        for one in WRONG_FORMS:
            place = one.place or "the request"
            if (one.function, one.client) == (function, client) and f"{place} " in event.text:
                used.add(one)
    assert used == set(WRONG_FORMS)


def test_the_table_names_known_kinds_and_no_form_twice() -> None:
    assert len(KNOWN) == len(WRONG_FORMS)
    assert {one.form for one in WRONG_FORMS} <= {one.value for one in Form}
    assert {one.function for one in WRONG_FORMS} <= set(FUNCTIONS)


# -- AuthenticateServer and PrepareDownload

SIGNED_BYTES = {"serverSigned1", "serverCertificate", "smdpSigned2", "smdpCertificate"}
"""A signature covers their bytes, headers and all: another form is another message."""
TAGS = {Form.TAG, Form.TAGGED, Form.WRAPPED, Form.BARE}
RAW = ("eimId", "eidValue", "counterValue", "euiccPackage")
"""Fields of a package that are found by their tags alone, to answer whatever the rest is."""


@pytest.fixture
def server(pki_folder: Path) -> Server:
    return Server.below(pki_in(pki_folder).branch(Curve.NIST).ci)


def check(card: Card, right: bytes, wrong: Wrong) -> None:
    """Refused and served as it should be."""
    expected = run(card, right)
    assert not expected.event.refused
    for strictness in (DEFAULT, STRICT):
        outcome = run(card, wrong.data, strictness)
        assert outcome.event.refused, (wrong.form, wrong.place)
        refused(outcome, strictness)
    lenient = run(card, wrong.data, LENIENT)
    assert (lenient.event.refused, lenient.event.warning) == (False, True), wrong


def test_authenticate_server_has_one_form(card: Card, server: Server) -> None:
    asked = challenge(card.transmit)
    right = server.authenticate(asked)
    for one in wrong_forms(spec(card, AuthenticateServerParts), right):
        if one.place not in SIGNED_BYTES:
            check(card, right, one)


def test_what_the_server_signs_has_one_form(card: Card, server: Server) -> None:
    asked = challenge(card.transmit)
    right = server.authenticate(asked)
    signed = server.server_signed1(asked)
    for one in wrong_forms(spec(card, ServerSigned1), signed):
        if one.form is not Form.MORE:
            wrong = one._replace(data=server.authenticate(b"", signed=one.data))
            check(card, right, wrong)


def test_what_the_device_says_of_itself_has_one_form(card: Card, server: Server) -> None:
    asked = challenge(card.transmit)
    right = server.authenticate(asked)
    for one in wrong_forms(spec(card, CommonParameters), CONTEXT):
        if one.form is not Form.MORE and (one.form, one.place) != (Form.LENGTH, ""):
            check(card, right, one._replace(data=server.authenticate(asked, context=one.data)))


def test_prepare_download_has_one_form(card: Card, server: Server) -> None:
    first = server.session(card.transmit)
    right = server.prepare(first, hash_cc=bytes(32))
    for one in wrong_forms(spec(card, PrepareDownloadParts), right):
        if one.place not in SIGNED_BYTES:
            check(card, right, one)
    for one in wrong_forms(spec(card, SmdpSigned2), server.smdp_signed2()):
        if one.form is not Form.MORE:
            check(card, right, one._replace(data=server.prepare(first, signed=one.data)))


# -- eUICC Packages


@pytest.fixture
def eim(card: Card) -> Eim:
    found = eim1()
    trust(card.transmit, found)
    return found


def part(*operations: tuple[str, Any], kind: str = "ecoList", **fields: Any) -> bytes:
    """An euiccPackageSigned as it should be."""
    value = {
        "eimId": eim1().name,
        "eidValue": hx("89049032123451234512345678901235"),
        "counterValue": 1,
        "eimTransactionId": b"\x01\x02",
        "euiccPackage": (kind, list(operations)),
    }
    return encoded("EuiccPackageSigned", value | fields)


LIST_EIM = part(("listEim", {}))


def test_the_envelope_of_a_package_has_one_form(card: Card, eim: Eim) -> None:
    right = seal(LIST_EIM, eim.key)
    assert run(card, right).answer[:5].hex().upper().startswith("BF51")
    tried = set()
    for one in wrong_forms(spec(card, EuiccPackageRequest), right):
        is_around = one.place == "euiccPackageSigned" and one.form is Form.ORDER
        if one.place.startswith("euiccPackageSigned") and not is_around:
            continue
        for strictness in (DEFAULT, STRICT):
            outcome = run(card, one.data, strictness)
            assert outcome.answer == hx("6A80"), one
            refused(outcome, strictness)
        lenient = run(card, one.data, LENIENT)
        if one.place == "eimSignature" and one.form is not Form.LENGTH:
            assert unsigned_error(lenient.answer)["eimId"] == eim.name, one
            continue
        assert (lenient.answer, lenient.event.warning) == (run(card, right).answer, True), one
        tried.add(one.form)
    assert {Form.ORDER, Form.LENGTH, Form.MORE, Form.UNKNOWN} <= tried


def test_a_signature_before_what_it_signs_is_6a80(card: Card, eim: Eim) -> None:
    right = seal(LIST_EIM, eim.key)
    at = right.index(hx("5F3740"))
    reordered = tlv("BF51", right[at:], LIST_EIM)
    outcome = run(card, reordered)
    assert outcome.answer == hx("6A80")
    assert "euiccPackageSigned comes after eimSignature" in outcome.event.text


def test_what_an_eim_signs_in_a_wrong_form_has_a_signed_error(card: Card, eim: Eim) -> None:
    """Clause 2.11.2.1: undefinedError (127), and the counter stays."""
    expected = read_result(run(card, seal(LIST_EIM, eim.key)).answer)
    tried = set()
    for one in wrong_forms(spec(card, EuiccPackageSigned), LIST_EIM):
        if one.form is Form.MORE:
            continue
        request = seal(one.data, eim.key)
        if one.place.startswith(RAW) and one.form in TAGS:
            assert run(card, request).event.refused
            continue
        for strictness in (DEFAULT, STRICT):
            outcome = run(card, request, strictness)
            refused(outcome, strictness)
            assert read_error(outcome.answer).data["euiccPackageErrorCode"] == 127, one
        lenient = run(card, request, LENIENT)
        assert lenient.event.warning
        assert read_result(lenient.answer).data["euiccResult"] == expected.data["euiccResult"]
        tried.add(one.form)
    assert {Form.ORDER, Form.LENGTH, Form.VALUE, Form.UNKNOWN, Form.TAG} <= tried


def test_a_package_that_nobody_signed_stays_an_unsigned_error(card: Card, eim: Eim) -> None:
    """Bytes that are not authentic get no signed answer, whatever their form."""
    for one in wrong_forms(spec(card, EuiccPackageSigned), LIST_EIM):
        if one.form is not Form.MORE:
            signature = signature_of(eim.key, LIST_EIM + hx("840100"))
            outcome = run(card, tlv("BF51", one.data, tlv("5F37", signature)))
            if outcome.answer != hx("6A80"):  # the eimId could not be read
                assert unsigned_error(outcome.answer)["eimId"] == eim.name, one


OPERATIONS: dict[str, tuple[type[Type[Any]], tuple[str, Any]]] = {
    "enable": (Psmo, ("enable", {"iccid": A, "rollbackFlag": 0})),
    "disable": (Psmo, ("disable", {"iccid": B})),
    "delete": (Psmo, ("delete", {"iccid": A})),
    "listProfileInfo": (
        Psmo,
        ("listProfileInfo", {"searchCriteria": ("iccid", A), "tagList": hx("5A")}),
    ),
    "getRAT": (Psmo, ("getRAT", {})),
    "configureImmediateEnable": (
        Psmo,
        (
            "configureImmediateEnable",
            {
                "immediateEnableFlag": 0,
                "defaultSmdpOid": (2, 999, 10),
                "defaultSmdpAddress": "a",
            },
        ),
    ),
    "setFallbackAttribute": (Psmo, ("setFallbackAttribute", {"iccid": A})),
    "unsetFallbackAttribute": (Psmo, ("unsetFallbackAttribute", {})),
    "setDefaultDpAddress": (Psmo, ("setDefaultDpAddress", {"defaultDpAddress": "a"})),
    "addEim": (Eco, ("addEim", Eim("b", eim1().key).configuration())),
    "deleteEim": (Eco, ("deleteEim", {"eimId": eim1().name})),
    "updateEim": (Eco, ("updateEim", {"eimId": eim1().name, "eimFqdn": "a"})),
    "listEim": (Eco, ("listEim", {})),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_in_a_wrong_form_is_damaged(card: Card, eim: Eim, name: str) -> None:
    """unknownOrDamagedCommand, or the operation's own code; the counter is used."""
    kind, operation = OPERATIONS[name]
    right = encoded("Psmo" if kind is Psmo else "Eco", operation)
    arm = "A0" if kind is Psmo else "A1"
    expected = read_result(run(card, package(eim, arm, right)).answer).data["euiccResult"]
    for one in wrong_forms(spec(card, kind), right):
        if one.form is Form.MORE:
            continue
        request = package(eim, arm, one.data)
        for strictness in (DEFAULT, STRICT):
            outcome = run(card, request, strictness)
            assert "chips refuse that" in outcome.event.text, one
            ((result, _),) = read_result(outcome.answer).data["euiccResult"]
            assert outcome.event.refused
            assert result == "processingTerminated" or result.startswith(
                ("add", "del", "upd", "list")
            )
        lenient = run(card, request, LENIENT)
        assert lenient.event.warning
        assert read_result(lenient.answer).data["euiccResult"] == expected, one


def package(eim: Eim, arm: str, operation: bytes) -> bytes:
    """A package of one operation, whatever its bytes."""
    head = LIST_EIM[2 : LIST_EIM.index(hx("A102AB00"))]
    return seal(tlv("30", head, tlv(arm, operation)), eim.key)
