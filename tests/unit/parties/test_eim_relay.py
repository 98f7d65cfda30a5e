"""An eIM between IPA and SM-DP+: what it adds, and how it says no for both."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support import saip
from support.esipa import EID, World, ask, fetch, kept, provide
from support.euiccs import PaperEuicc, shared_pki, vector22
from support.hexes import hx

from euicc_sim.parties.eim.server.eim_service import Connections, EimService
from euicc_sim.parties.messages.errors import LpaError, RemoteSmdppError
from euicc_sim.parties.messages.esipa_refusals import AUTHENTICATE, BIND, CANCEL, INITIATE
from euicc_sim.parties.messages.interfaces import ServerAuthentication
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.smdpp import Smdpp
from euicc_sim.servers.database.eim_database import RELAYED_AT_ONCE, RELAYED_FOR

SMDP = "testsmdpplus1.example.com"
CODE = f"1${SMDP}$CODE-1"
CHALLENGE = bytes(range(16))
INFO1 = vector22("ES10b.GetEUICCInfo1")[1]
INITIATED, ANSWERED = "initiateAuthenticationRequestEsipa", "authenticateClientRequestEsipa"
BOUND, CANCELLED = "getBoundProfilePackageRequestEsipa", "cancelSessionRequestEsipa"
PREPARED = vector22("ES10b.PrepareDownload")[1]
CANCEL_RESPONSE = vector22("ES10b.CancelSession")[1]
SERVER = (
    "transactionId",
    "serverSigned1",
    "serverSignature1",
    "euiccCiPKIdentifierToBeUsed",
    "serverCertificate",
)
"""What an eIM passes on of an SM-DP+'s answer to InitiateAuthentication."""


class Refusing:
    """An SM-DP+ that answers InitiateAuthentication and then fails."""

    address = SMDP

    def __init__(self, server: Smdpp, error: Exception, at: str) -> None:
        """Fail with that error at that function."""
        self._server, self._error, self._at = server, error, at

    def __getattr__(self, name: str) -> Any:
        """The server's own function, or the error."""
        if name != self._at:
            return getattr(self._server, name)

        def fail(*_: object) -> None:
            raise self._error

        return fail


@pytest.fixture
def euicc() -> PaperEuicc:
    return PaperEuicc.below(shared_pki())


@pytest.fixture
def server() -> Smdpp:
    orders = [Order(saip.package("89000123456789012341"), "CODE-1")]
    return Smdpp.of(shared_pki(), orders)


@pytest.fixture
def world(tmp_path: Path, server: Smdpp) -> World:
    world = World(tmp_path / "cards", lambda _: server)
    world.service.set_card(EID)
    return world


def triggered(world: World, order: str = f"download:{CODE}") -> bytes:
    """The eimTransactionId of a trigger that was given out."""
    world.service.order(EID, [order])
    form, value = fetch(world)
    assert form == "profileDownloadTriggerRequest"
    found: bytes = value["eimTransactionId"]
    return found


def begin(world: World, euicc: PaperEuicc, **others: Any) -> Any:
    value = {"euiccChallenge": CHALLENGE, "euiccInfo1": euicc.info1(), "smdpAddress": SMDP}
    return ask(world, INITIATED, {name: one for name, one in (value | others).items() if one})


def begun(world: World, euicc: PaperEuicc) -> bytes:
    """The SM-DP+'s transactionId of a download that was triggered."""
    form, value = begin(world, euicc, eimTransactionId=triggered(world))
    assert form == "initiateAuthenticationOkEsipa"
    found: bytes = value["transactionId"]
    return found


# -- InitiateAuthentication


def test_the_order_says_what_the_ipa_leaves_out(world: World, euicc: PaperEuicc) -> None:
    number = triggered(world)
    with world.service.store.changing(EID) as changed:
        changed.record.euicc_info1 = euicc.info1()
    form, value = begin(world, euicc, eimTransactionId=number, smdpAddress=None, euiccInfo1=None)
    assert (form, value["matchingId"]) == ("initiateAuthenticationOkEsipa", "CODE-1")
    relayed = world.service.store.relayed(value["transactionId"])
    assert relayed is not None
    assert (relayed.eid, relayed.order, relayed.address) == (EID, 1, SMDP)


def test_a_download_without_transaction_is_of_the_line_it_comes_by(
    world: World, euicc: PaperEuicc
) -> None:
    triggered(world)
    form, value = begin(world, euicc, smdpAddress=None)
    assert (form, value["matchingId"]) == ("initiateAuthenticationOkEsipa", "CODE-1")


def test_a_download_of_nobody_is_relayed_too(world: World, euicc: PaperEuicc) -> None:
    form, value = begin(world, euicc)
    assert (form, "matchingId" in value) == ("initiateAuthenticationOkEsipa", False)
    number = value["transactionId"].hex().upper()
    assert world.said == [f"a card: InitiateAuthentication relayed, transaction {number}"]


@pytest.mark.parametrize(
    ("others", "code", "why"),
    [
        ({"smdpAddress": None}, "invalidDpAddress", "No SM-DP+ is named"),
        ({"smdpAddress": "other.example.com"}, "invalidDpAddress", "This SM-DP+ is"),
        ({"euiccInfo1": None}, "undefinedError", "EUICCInfo1 is missing"),
        ({"euiccInfo1": INFO1}, "ciPKIdNotSupported", "verifies with"),
        ({"euiccInfo1": hx("BF2000")}, "undefinedError", "lacks svn"),
        (
            {"eimTransactionId": b"\1"},
            "invalidEimTransactionId",
            "No download has the eimTransactionId 01",
        ),
    ],
)
def test_what_cannot_begin_is_told_by_its_code(
    world: World, euicc: PaperEuicc, others: Any, code: str, why: str
) -> None:
    assert begin(world, euicc, **others) == ("initiateAuthenticationErrorEsipa", code)
    assert why in world.said[-1]


def test_an_address_that_no_server_has_is_an_invalid_address(
    tmp_path: Path, euicc: PaperEuicc
) -> None:
    world = World(tmp_path / "cards", EimService.servers)
    assert begin(world, euicc, smdpAddress="a:b") == (
        "initiateAuthenticationErrorEsipa",
        "invalidDpAddress",
    )
    assert "'a:b' is not the address of a server" in world.said[-1]


# -- the rest


def test_an_unknown_transaction_is_told_by_its_code(world: World) -> None:
    given = {"transactionId": b"\1"}
    error = vector22("ES10b.AuthenticateServer (error)")[1]
    found = [
        ask(world, ANSWERED, given | {"authenticateServerResponse": error}),
        ask(world, BOUND, given | {"prepareDownloadResponse": PREPARED}),
        ask(world, CANCELLED, given | {"cancelSessionResponse": CANCEL_RESPONSE}),
    ]
    assert [code for _, code in found] == ["invalidTransactionId"] * 3


def cancelled(world: World, euicc: PaperEuicc, reason: int) -> None:
    """A download that is triggered, begun, and cancelled by the card."""
    _, value = begin(world, euicc, eimTransactionId=triggered(world))
    first = ServerAuthentication(*(value[name] for name in SERVER))
    given = {"transactionId": first.transaction_id}
    response = euicc.authenticate(first, "CODE-1")
    found = ask(world, ANSWERED, given | {"authenticateServerResponse": response})
    assert found[0] == "authenticateClientOkDPEsipa"
    response = euicc.cancel(first.transaction_id, reason)
    found = ask(world, CANCELLED, given | {"cancelSessionResponse": response})
    assert found[0] == "cancelSessionOk"


@pytest.mark.parametrize(
    ("reason", "why"),
    [(0, "end user rejection"), (3, "ppr not allowed"), (127, "undefined reason")],
)
def test_a_cancelled_download_is_held_and_not_triggered_again(
    world: World, euicc: PaperEuicc, reason: int, why: str
) -> None:
    cancelled(world, euicc, reason)
    (order,) = kept(world).queue
    assert (order.held, order.problem) == (True, f"the download was cancelled: {why}")
    assert fetch(world) == ("eimPackageError", "noEimPackageAvailable")


@pytest.mark.parametrize("reason", [1, 2], ids=["postponed", "timeout"])
def test_a_postponed_download_is_triggered_again(
    world: World, euicc: PaperEuicc, reason: int
) -> None:
    cancelled(world, euicc, reason)
    assert fetch(world)[0] == "profileDownloadTriggerRequest"


def test_a_result_after_the_cancellation_ends_the_order(world: World, euicc: PaperEuicc) -> None:
    cancelled(world, euicc, 127)
    (order,) = kept(world).queue
    error = {"profileDownloadErrorReason": "undefinedError", "errorResponse": b"No room."}
    data = {
        "eimTransactionId": order.transaction_id,
        "profileDownloadTriggerResultData": ("profileDownloadError", error),
    }
    provide(world, "profileDownloadTriggerResult", data)
    (result,) = kept(world).results
    assert (result.state, result.error) == ("failed", "undefinedError, No room.")
    assert kept(world).queue == []


def test_a_card_that_refuses_ends_the_download(world: World, euicc: PaperEuicc) -> None:
    transaction = begun(world, euicc)
    error = vector22("ES10b.AuthenticateServer (error)")[1]
    given = {"transactionId": transaction, "authenticateServerResponse": error}
    assert ask(world, ANSWERED, given) == ("authenticateClientErrorEsipa", "euiccSignatureInvalid")
    assert ask(world, ANSWERED, given) == ("authenticateClientErrorEsipa", "invalidTransactionId")
    (order,) = kept(world).queue
    assert "euiccChallengeMismatch" in str(order.problem)


def test_a_download_outlives_a_restart_of_the_eim(world: World, euicc: PaperEuicc) -> None:
    transaction = begun(world, euicc)
    world.restart()
    error = vector22("ES10b.AuthenticateServer (error)")[1]
    given = {"transactionId": transaction, "authenticateServerResponse": error}
    assert ask(world, ANSWERED, given) == ("authenticateClientErrorEsipa", "euiccSignatureInvalid")
    assert fetch(world)[0] == "profileDownloadTriggerRequest"


@pytest.mark.parametrize(
    ("name", "field", "response"),
    [
        (ANSWERED, "authenticateServerResponse", "BF3805 A203 800100"),
        (BOUND, "prepareDownloadResponse", "BF2105 A203 800100"),
        (CANCELLED, "cancelSessionResponse", "BF4105 A203 800100"),
    ],
)
def test_compact_messages_are_refused(
    world: World, euicc: PaperEuicc, name: str, field: str, response: str
) -> None:
    transaction = begun(world, euicc)
    found = ask(world, name, {"transactionId": transaction, field: hx(response)})
    assert found[1] == "undefinedError"
    assert "Compact messages are not understood" in world.said[-1]


FAILURES = [
    *((INITIATED, codes, "initiate_authentication") for codes in INITIATE.items()),
    *((ANSWERED, codes, "authenticate_client") for codes in AUTHENTICATE.items()),
    *((BOUND, codes, "get_bound_profile_package") for codes in BIND.items()),
    *((CANCELLED, codes, "cancel_session") for codes in CANCEL.items()),
]


@pytest.mark.parametrize(("name", "codes", "function"), FAILURES)
def test_the_refusals_of_an_smdp_have_codes_of_their_own(
    world: World, euicc: PaperEuicc, server: Smdpp, name: str, codes: Any, function: str
) -> None:
    (subject, reason), expected = codes
    error = RemoteSmdppError(subject, reason, "That is why.")
    assert _failing(world, euicc, server, name, error, function) == expected
    assert world.said[-1].endswith(f"answered {expected}: That is why.")


@pytest.mark.parametrize(
    ("name", "function"),
    [
        (INITIATED, "initiate_authentication"),
        (ANSWERED, "authenticate_client"),
        (BOUND, "get_bound_profile_package"),
        (CANCELLED, "cancel_session"),
    ],
)
def test_a_line_that_is_cut_is_an_undefined_error(
    world: World, euicc: PaperEuicc, server: Smdpp, name: str, function: str
) -> None:
    error = LpaError("The line is cut. Mend it.")
    assert _failing(world, euicc, server, name, error, function) == "undefinedError"
    assert "The line is cut" in world.said[-1]


def _failing(
    world: World, euicc: PaperEuicc, server: Smdpp, name: str, error: Exception, function: str
) -> str:
    """The code by which a function is refused, by its name."""
    world.servers = lambda _: Refusing(server, error, function)
    world.restart()
    if name == INITIATED:
        begin(world, euicc)
    else:
        transaction = begun(world, euicc)
        fields = {
            ANSWERED: ("authenticateServerResponse", hx("BF3800")),
            BOUND: ("prepareDownloadResponse", PREPARED),
            CANCELLED: ("cancelSessionResponse", CANCEL_RESPONSE),
        }
        field, response = fields[name]
        ask(world, name, {"transactionId": transaction, field: response})
    line = world.said[-1]
    return line.partition(" answered ")[2].partition(":")[0]


def test_downloads_of_strangers_do_not_end_that_of_a_card(world: World, euicc: PaperEuicc) -> None:
    honest = begun(world, euicc)
    world.service.connections = Connections()
    with world.service.store.changing(EID) as changed:
        changed.record.host = None
    strangers = [begin(world, euicc)[1]["transactionId"] for _ in range(RELAYED_AT_ONCE + 1)]
    store = world.service.store
    assert store.relayed(honest) is not None
    assert store.relayed(strangers[0]) is None
    assert None not in [store.relayed(one) for one in strangers[1:]]


def test_a_download_is_forgotten_after_a_day(world: World, euicc: PaperEuicc) -> None:
    first = begun(world, euicc)
    world.later(RELAYED_FOR + timedelta(minutes=1))
    second = begin(world, euicc)[1]["transactionId"]
    assert world.service.store.relayed(first) is None
    assert world.service.store.relayed(second) is not None
