"""ES2+ from the asking side: an operator's orders, and an SM-DP+'s reports to the operator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from support.euiccs import ADDRESS
from support.web import Lines, served

from euicc_sim.parties.clients.es2plus import ConfirmedOrder, Es2PlusClient
from euicc_sim.parties.messages.download_progress import DownloadProgress, Point
from euicc_sim.parties.messages.errors import LpaError, Refusal, SmdppError
from euicc_sim.parties.smdpp import Es2Plus, Order, OrderBook, OrderState, made_up_package
from euicc_sim.servers.es2plus_app import PATH, es2plus_app
from euicc_sim.servers.order_token import OrderToken
from euicc_sim.servers.progress_reports import AT_MOST, ProgressReports

EID, ICCID = "89049032123451234512345678901235", "89000000000000001010"
TOKEN = OrderToken("0123456789abcdef", Path("orders.token"))
PROGRESS = DownloadProgress(
    point=Point.INSTALLATION,
    iccid=ICCID,
    profile_type="Test",
    eid=EID,
    at=datetime(2026, 11, 26, 12, 30, 1, tzinfo=UTC),
    failure="no",
    codes=("8.1", "6.1"),
    result=b"\xbf\x37\x00",
)


# -- orders


@contextmanager
def smdpp(token: str = TOKEN.secret) -> Iterator[tuple[Es2PlusClient, OrderBook]]:
    package = made_up_package(ICCID, "x")
    orders = OrderBook([Order(package, profile_type="Test", state=OrderState.AVAILABLE)])
    app = es2plus_app(Es2Plus(orders, ADDRESS), Lines(), TOKEN)
    with (
        served(app) as port,
        Es2PlusClient(f"http://127.0.0.1:{port}", "me", token=token) as client,
    ):
        yield client, orders


def test_an_operator_orders_confirms_releases_and_cancels() -> None:
    with smdpp() as (client, orders):
        assert client.download_order(profile_type="Test", eid=EID) == ICCID
        found = client.confirm_order(ICCID, release=False, confirmation_code="1")
        (record,) = orders
        assert found == ConfirmedOrder(ADDRESS, record.matching_id, EID)
        assert (record.state, record.confirmation_code) == (OrderState.CONFIRMED, "1")
        client.release_profile(ICCID)
        client.cancel_order(ICCID, "Available", eid=EID, matching_id=found.matching_id)
        assert next(iter(orders)).state is OrderState.AVAILABLE


def test_a_refusal_is_that_of_the_server() -> None:
    with smdpp() as (client, _), pytest.raises(SmdppError, match="There is no Profile") as caught:
        client.release_profile("8900000000000099999")
    assert caught.value.refusal is Refusal.ICCID_UNKNOWN


def test_without_the_token_it_is_refused() -> None:
    with smdpp("x" * 16) as (client, _), pytest.raises(SmdppError, match="token for orders"):
        client.release_profile(ICCID)


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    with Es2PlusClient("http://127.0.0.1:1", "me") as client, pytest.raises(LpaError) as caught:
        client.release_profile(ICCID)
    assert "does not answer" in str(caught.value)


# -- reports


@contextmanager
def operator(status: int = 204, body: bytes = b"") -> Iterator[tuple[Es2PlusClient, list[Any]]]:
    """A client, and what an operator at the other end was told."""
    heard: list[Any] = []

    async def answer(request: Request) -> Response:
        heard.append((request.url.path, json.loads(await request.body())))
        return Response(body, status)

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])])
    with (
        served(app) as port,
        Es2PlusClient(f"http://127.0.0.1:{port}", "dp.example.com") as client,
    ):
        yield client, heard


def test_a_report_has_the_fields_of_the_standard() -> None:
    with operator() as (client, heard):
        client.handle_download_progress_info(PROGRESS)
    header = {"functionRequesterIdentifier": "dp.example.com", "functionCallIdentifier": "1"}
    data = {"subjectCode": "8.1", "reasonCode": "6.1"}
    assert heard == [
        (
            f"{PATH}handleDownloadProgressInfo",
            {
                "header": header,
                "eid": EID,
                "iccid": ICCID,
                "profileType": "Test",
                "timestamp": "2026-11-26T12:30:01Z",
                "notificationPointId": 4,
                "notificationPointStatus": {"status": "Failed", "statusCodeData": data},
                "resultData": "vzcA",
            },
        )
    ]


def test_what_was_passed_has_no_codes() -> None:
    passed = DownloadProgress(
        point=Point.DELIVERY, iccid=ICCID, profile_type="", eid=EID, at=PROGRESS.at
    )
    with operator() as (client, heard):
        client.handle_download_progress_info(passed)
    ((_, sent),) = heard
    assert sent["notificationPointStatus"] == {"status": "Executed-Success"}
    assert "resultData" not in sent


@pytest.mark.parametrize(("status", "body"), [(500, b""), (200, b""), (200, b"nonsense")])
def test_an_answer_that_is_none_is_a_sentence(status: int, body: bytes) -> None:
    with operator(status, body) as (client, _), pytest.raises(LpaError, match="not as an ES2"):
        client.handle_download_progress_info(PROGRESS)


def test_reports_are_sent_in_order_beside_the_server() -> None:
    sent: list[DownloadProgress] = []
    reports = ProgressReports(sent.append, Lines())
    with reports.running():
        for _ in range(20):
            reports.add(PROGRESS)
    assert sent == [PROGRESS] * 20


def test_an_operator_that_refuses_is_told_in_the_log_and_the_next_report_sent() -> None:
    log, sent = Lines(), []

    def send(progress: DownloadProgress) -> None:
        sent.append(progress)
        if len(sent) == 1:
            raise LpaError("http://op.example.com does not answer.")

    reports = ProgressReports(send, log)
    with reports.running():
        reports.add(PROGRESS)
        reports.add(PROGRESS)
    assert len(sent) == 2
    assert log.refused == [
        f"HandleDownloadProgressInfo: EID {EID}, ICCID {ICCID}, installation: not taken: "
        "http://op.example.com does not answer."
    ]


def test_an_operator_that_says_nothing_holds_nobody_up() -> None:
    log, released = Lines(), Event()

    def send(_: DownloadProgress) -> None:
        released.wait(20)

    reports = ProgressReports(send, log)
    with reports.running():
        for _ in range(AT_MOST + 2):
            reports.add(PROGRESS)
        assert log.refused
        assert set(log.refused) == {
            f"HandleDownloadProgressInfo: EID {EID}, ICCID {ICCID}, installation: dropped, as "
            f"{AT_MOST} others wait"
        }
        released.set()
