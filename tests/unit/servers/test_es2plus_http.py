"""ES2+ over HTTP: fields in and out, status codes, and who may order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from support.es9_desk import refused
from support.euiccs import ADDRESS
from support.web import Lines, ask

from euicc_sim.env import SeededEnv
from euicc_sim.parties.smdpp import Es2Plus, Order, OrderBook, OrderState, made_up_package
from euicc_sim.servers.es2plus_app import PATH, es2plus_app
from euicc_sim.servers.order_token import OrderToken
from euicc_sim.servers.rsp_json import PROTOCOL

EID = "89049032123451234512345678901235"
ICCID = "89000000000000001010"
TOKEN = OrderToken("0123456789abcdef", Path("orders.token"))
HEADERS = {
    "Content-Type": "application/json;charset=UTF-8",
    "X-Admin-Protocol": "gsma/rsp/v2.5.0",
    "Authorization": f"Bearer {TOKEN.secret}",
}
HEADER = {"functionRequesterIdentifier": "op.example.com", "functionCallIdentifier": "1"}


class Desk:
    """The application and its log."""

    def __init__(self) -> None:
        package = made_up_package(ICCID, "x")
        order = Order(package, name="P", profile_type="Test", state=OrderState.AVAILABLE)
        self.orders = OrderBook([order])
        self.log = Lines()
        es2plus = Es2Plus(self.orders, ADDRESS, SeededEnv(1).random)
        self.app = es2plus_app(es2plus, self.log, TOKEN)

    def ask(self, function: str, body: Any = None, **options: Any) -> httpx.Response:
        sent = {"header": HEADER, **body} if isinstance(body, dict) else body
        return ask(self.app, PATH + function, sent, **{"headers": HEADERS, **options})

    def do(self, function: str, **fields: Any) -> dict[str, Any]:
        answer = self.ask(function, fields)
        assert answer.status_code == 200
        assert answer.headers["x-admin-protocol"] == PROTOCOL
        found: dict[str, Any] = answer.json()
        header = found.pop("header")
        assert header == {"functionExecutionStatus": {"status": "Executed-Success"}}
        return found

    @property
    def state(self) -> str:
        return next(iter(self.orders)).state.value


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_order_from_downloadorder_to_cancelorder(desk: Desk) -> None:
    assert desk.do("downloadOrder", profileType="Test", eid=EID) == {"iccid": ICCID}
    confirmed = desk.do("confirmOrder", iccid=ICCID, releaseFlag=False, confirmationCode="Secret-1")
    assert confirmed.keys() == {"eid", "matchingId", "smdpAddress"}
    assert (confirmed["eid"], confirmed["smdpAddress"]) == (EID, ADDRESS)
    assert desk.do("releaseProfile", iccid=ICCID) == {}
    assert desk.state == "released"
    cancel = {"eid": EID, "matchingId": confirmed["matchingId"]}
    cancel["finalProfileStatusIndicator"] = "Unavailable"
    assert desk.do("cancelOrder", iccid=ICCID, **cancel) == {}
    assert desk.state == "unavailable"
    matching_id = confirmed["matchingId"]
    assert desk.log.all == [
        f"DownloadOrder: op.example.com, ICCID {ICCID} ordered for EID {EID}",
        f"ConfirmOrder: op.example.com, ICCID {ICCID} confirmed as '{matching_id}' for EID {EID}",
        f"ReleaseProfile: op.example.com, ICCID {ICCID} released",
        f"CancelOrder: op.example.com, ICCID {ICCID} cancelled: Unavailable",
    ]
    assert "Secret-1" not in "".join(desk.log.all)


def test_an_order_for_any_card_has_no_eid_in_its_answer(desk: Desk) -> None:
    desk.do("downloadOrder", iccid=ICCID)
    found = desk.do("confirmOrder", iccid=ICCID, releaseFlag=True, matchingId="MINE")
    assert found == {"matchingId": "MINE", "smdpAddress": ADDRESS}


def test_fields_that_are_null_are_missing(desk: Desk) -> None:
    assert desk.do("downloadOrder", iccid=ICCID, eid=None, profileType=None)


def test_a_refusal_has_the_codes_of_es2plus_and_saves_nothing(desk: Desk) -> None:
    refused(desk.ask("downloadOrder", {"iccid": "8900000000000099999"}), "8.2.1", "3.9")
    (line,) = desk.log.refused
    assert line.startswith("DownloadOrder: op.example.com, refused 8.2.1/3.9: There is no Profile")


@pytest.mark.parametrize(
    ("function", "fields", "reason", "named"),
    [
        ("downloadOrder", {}, "2.2", "neither iccid nor profileType"),
        ("downloadOrder", {"iccid": 7}, "2.1", "iccid is not a string"),
        ("downloadOrder", {"iccid": ICCID, "eid": [EID]}, "2.1", "eid is not a string"),
        ("confirmOrder", {"releaseFlag": True}, "2.2", "lacks iccid"),
        ("confirmOrder", {"iccid": ICCID}, "2.2", "lacks releaseFlag"),
        ("confirmOrder", {"iccid": ICCID, "releaseFlag": "true"}, "2.1", "releaseFlag is not a b"),
        ("confirmOrder", {"iccid": ICCID, "releaseFlag": 1}, "2.1", "releaseFlag is not a b"),
        ("cancelOrder", {"iccid": ICCID}, "2.2", "lacks finalProfileStatusIndicator"),
        (
            "cancelOrder",
            {"iccid": ICCID, "finalProfileStatusIndicator": "Gone"},
            "2.1",
            "Send Available or Unavailable",
        ),
        ("releaseProfile", {}, "2.2", "lacks iccid"),
        ("releaseProfile", {"iccid": ICCID, "header": None}, "2.2", "lacks header"),
        ("releaseProfile", {"iccid": ICCID, "header": {}}, "2.2", "lacks functionCallIdentifier"),
        ("releaseProfile", {"iccid": ICCID, "header": []}, "2.1", "needs a JSON object"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(
    desk: Desk, function: str, fields: dict[str, Any], reason: str, named: str
) -> None:
    assert named in refused(desk.ask(function, fields), "1", reason)
    assert desk.state == "available"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"9" * 9999, b"[" * 100_000, b'{"header":"\\ud800"}', b"\xff"],
    ids=lambda body: f"{len(body)} {body[:6]!r}",
)
def test_a_body_that_is_no_object_is_malformed(desk: Desk, body: bytes) -> None:
    refused(desk.ask("downloadOrder", body), "1", "2.1")


# -- who may order


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_what_a_page_can_send_without_asking_is_refused(desk: Desk, kind: str | None) -> None:
    headers = {one: HEADERS[one] for one in ("Authorization",)}
    headers |= {} if kind is None else {"Content-Type": kind}
    refused(desk.ask("downloadOrder", {"iccid": ICCID}, headers=headers), "1", "2.1", 415)
    assert desk.state == "available"


@pytest.mark.parametrize("shown", [None, "", "Bearer", "Bearer 0123456789abcdeF", "Basic eA=="])
def test_without_the_token_nobody_orders(desk: Desk, shown: str | None) -> None:
    headers = {one: HEADERS[one] for one in ("Content-Type",)}
    headers |= {} if shown is None else {"Authorization": shown}
    answer = desk.ask("downloadOrder", {"iccid": ICCID}, headers=headers)
    assert "orders.token" not in refused(answer, "1", "2.1", 401)
    assert desk.log.refused[0] == "The token for orders is in orders.token."
    assert desk.state == "available"


def test_operators_with_certificates_need_no_token(desk: Desk) -> None:
    app = es2plus_app(Es2Plus(desk.orders, ADDRESS), desk.log, None)
    headers = {one: HEADERS[one] for one in ("Content-Type",)}
    body = {"header": HEADER, "iccid": ICCID}
    assert ask(app, f"{PATH}downloadOrder", body, headers=headers).json()["iccid"] == ICCID


def test_what_is_no_function_is_404(desk: Desk) -> None:
    answer = desk.ask("handleDownloadProgressInfo", {})
    assert "is not a function of ES2+" in refused(answer, "1", "3.1", 404)
