"""ESipa over HTTP, and bad input: the protocol's own error, one line in the log, nothing lost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.by_name import to_eim
from support.eims import tlv
from support.esipa import EID, World, kept
from support.euiccs import vector22
from support.examples import relaxed
from support.hexes import hx
from support.judge import judged
from support.web import DEADLINE, served

from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.servers.esipa_app import CALLS_OUT, CALLS_OUT_WAITING, esipa_app
from euicc_sim.servers.request_body import BODY_AT_MOST

POLL = hx(f"BF4F12 5A10 {EID}")


def nobody(address: str) -> Any:
    raise AssertionError(address)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "cards", nobody)
    world.service.set_card(EID)
    world.service.order(EID, ["data"])
    return world


def waiting(world: World) -> list[str]:
    return [one.what for one in kept(world).queue]


@pytest.mark.parametrize(
    "agent", ["gsma-rsp-ipad", "gsma-rsp-ipae; vendor/1.0; (board 7)", "curl/8", ""]
)
def test_a_user_agent_may_say_more_than_the_standard_has(world: World, agent: str) -> None:
    answer = world.post(POLL, **{"User-Agent": agent})
    assert judged("EsipaMessageFromEimToIpa", answer.content)[0] == "getEimPackageResponse"


def test_an_answer_says_what_it_is(world: World) -> None:
    answer = world.post(POLL)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-gsma-rsp-asn1"
    assert answer.headers["x-admin-protocol"] == "gsma/rsp/v2.1.0"
    assert judged("EsipaMessageFromEimToIpa", answer.content)[0] == "getEimPackageResponse"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/gsma/rsp2/asn1", 405),
        ("POST", "/gsma/rsp2/asn2", 404),
        ("POST", "/gsma/rsp2/es9plus/initiateAuthentication", 404),
    ],
)
def test_another_request_gets_the_status_of_http(
    world: World, method: str, path: str, status: int
) -> None:
    answer = world.http.request(method, path, content=POLL if method == "POST" else None)
    assert answer.status_code == status
    assert world.said == [
        f"! refused: {method} {path} is not a function of ESipa. POST to /gsma/rsp2/asn1, or JSON "
        "to /gsma/rsp2/esipa/ and the function's name."
    ]


@pytest.mark.parametrize(
    ("headers", "status", "why"),
    [
        ({"Content-Type": "application/json"}, 415, "Content-Type is 'application/json'"),
        ({"X-Admin-Protocol": "gsma/2"}, 400, "X-Admin-Protocol is 'gsma/2'"),
    ],
)
def test_another_header_is_refused(
    world: World, headers: dict[str, str], status: int, why: str
) -> None:
    answer = world.post(POLL, **headers)
    assert (answer.status_code, answer.content) == (status, b"")
    (line,) = world.said
    assert line.startswith("! ESipa: refused: " + why)
    assert waiting(world) == ["order 1 (data)"]


def test_a_body_beyond_all_bounds_is_refused(world: World) -> None:
    answer = world.post(POLL + bytes(BODY_AT_MOST))
    assert answer.status_code == 413
    (line,) = world.said
    assert "Send a smaller one" in line
    assert waiting(world) == ["order 1 (data)"]


REFUSALS = {
    "BF4F": "BF4F0302017F",
    "BF50": "BF500302017F",
    "BF39": "BF390381017F",
    "BF3B": "BF3B0382017F",
    "BF3A": "BF3A0381017F",
    "BF41": "BF410381017F",
}


@pytest.mark.parametrize("body", ["03020101", "0101", "820001", "05800000", "03A0FF00"])
@pytest.mark.parametrize(("tag", "refusal"), REFUSALS.items())
def test_a_damaged_message_gets_its_own_error(
    world: World, tag: str, refusal: str, body: str
) -> None:
    answer = world.post(hx(tag + body))
    assert (answer.status_code, answer.content[:-1]) == (200, hx(refusal)[:-1])
    assert answer.content[-1] in (4, 127)
    judged("EsipaMessageFromEimToIpa", answer.content)
    (line,) = world.said
    assert line.startswith("! ")
    assert waiting(world) == ["order 1 (data)"]


@pytest.mark.parametrize(
    "body", ["", "00", "BF", "BF5100", "3000", "BF3D00", "BF3D02A000", "BF4E00"]
)
def test_what_has_no_error_of_its_own_gets_the_status_of_http(world: World, body: str) -> None:
    answer = world.post(hx(body))
    assert (answer.status_code, answer.content) == (400, b"")
    (line,) = world.said
    assert line.startswith("! ")


def test_a_notification_of_an_unknown_card_is_passed_on(world: World) -> None:
    pending = vector22("ES10b.LoadBoundProfilePackage (final response, success)")[1]
    world.servers = away
    world.restart()
    answer = world.post(tlv("BF3D", tlv("A0", pending)))
    assert (answer.status_code, answer.content) == (204, b"")
    assert [one.partition(" waits")[0] for one in world.said] == [
        "a card: notification 1 for testsmdpplus1.example.com taken",
        "! 127.0.0.1: a notification for testsmdpplus1.example.com",
    ]


def away(address: str) -> Any:
    raise LpaError(f"{address} is away.")


def test_compact_forms_are_refused(world: World) -> None:
    compact = hx("A0 0B A009 800101 020101 010100")
    answer = world.post(tlv("BF3D", tlv("A0", compact)))
    assert answer.status_code == 400
    assert "is in compact form" in world.said[-1]


@pytest.mark.slow
@settings(relaxed, max_examples=150)
@given(data=st.binary(max_size=60), tag=st.sampled_from([*REFUSALS, "BF3D", "BF4E", ""]))
def test_any_bytes_are_answered_and_nothing_is_lost(world: World, data: bytes, tag: str) -> None:
    world.said.clear()
    answer = world.post(hx(tag) + bytes((len(data),)) + data)
    assert answer.status_code in (200, 204, 400)
    if answer.status_code == 200:
        judged("EsipaMessageFromEimToIpa", answer.content)
    assert len(world.said) == 1
    assert waiting(world) == ["order 1 (data)"]


def test_a_silent_smdp_delays_no_package(world: World) -> None:
    """Calls to SM-DP+s have threads of their own."""
    release, calls = Event(), []

    def silent(address: str) -> Any:
        calls.append(address)
        release.wait(DEADLINE)
        raise LpaError("It says nothing.")

    world.servers = silent
    world.restart()
    begin = to_eim(
        "initiateAuthenticationRequestEsipa",
        {
            "euiccChallenge": bytes(16),
            "smdpAddress": "smdp.example.com",
            "euiccInfo1": vector22("ES10b.GetEUICCInfo1")[1],
        },
    )
    headers = {"Content-Type": "application/x-gsma-rsp-asn1"}
    with served(esipa_app(world.service, world.log)) as port:
        url = f"http://127.0.0.1:{port}/gsma/rsp2/asn1"

        def call(_: int) -> int:
            return httpx.post(url, content=begin, headers=headers, timeout=DEADLINE).status_code

        with ThreadPoolExecutor(CALLS_OUT + CALLS_OUT_WAITING + 5) as pool:
            found = [pool.submit(call, number) for number in range(CALLS_OUT + CALLS_OUT_WAITING)]
            end = time.monotonic() + DEADLINE
            while len(calls) < CALLS_OUT and time.monotonic() < end:
                release.wait(0.01)
            polled = httpx.post(url, content=POLL, headers=headers, timeout=DEADLINE)
            release.set()
            codes = {one.result() for one in found}
    assert polled.content[:2] == hx("BF4F")
    assert codes == {200}
