"""What no IPA sends: an eIM refuses it with ESipa's own code, and what it keeps stays readable."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.esipa import EID, World, fetch, kept, nobody
from support.hexes import hx

from apdu import tlv

HUGE = b"\x7f" + b"\xff" * 1999
EID_OBJECT = tlv(0x5A, bytes.fromhex(EID))
EIM_ID = tlv(0x80, b"eim1.example.com")
RESULT_UNDEFINED = hx("BF50 03 02 01 7F")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "eim", nobody)
    world.service.set_card(EID)
    for words in ("data", "getRAT", "download:default"):
        world.service.order(EID, [words])
    fetch(world)
    return world


@pytest.mark.parametrize(
    "result",
    [
        tlv(0xBF52, tlv(0xA0, tlv(0x84, HUGE))),
        tlv(0xBF52, tlv(0xA0, tlv(0x84, b"\x01" + bytes(8)))),
        tlv(0xA0, tlv(0x02, HUGE)),
        tlv(0xA0, tlv(0x80, b"\1") + tlv(0x02, HUGE)),
        tlv(0xBF54, tlv(0x30, tlv(0x80, HUGE))),
        tlv(0xBF51, tlv(0xA2, EIM_ID + tlv(0x84, HUGE))),
        tlv(0x83, HUGE),
    ],
    ids=["token", "token of 9 bytes", "error", "error with transaction", "trigger", "BF51", "83"],
)
def test_a_number_without_end_destroys_nothing(world: World, result: bytes) -> None:
    before = kept(world).record
    answer = world.post(tlv(0xBF50, EID_OBJECT + result))
    assert (answer.status_code, answer.content) == (200, RESULT_UNDEFINED)
    assert kept(world).record == before
    assert world.http.get("/eids").status_code == 200


def test_the_largest_number_that_is_stored_has_eight_bytes(world: World) -> None:
    token = tlv(0x84, b"\x7f" + b"\xff" * 7)
    world.post(tlv(0xBF50, EID_OBJECT + tlv(0xBF52, tlv(0xA0, token))))
    assert kept(world).record.token_said == 2**63 - 1
    assert world.http.get(f"/eids/{EID}").json()["tokenSaid"] == 2**63 - 1


def test_a_notification_of_2000_bytes_of_number_is_400(world: World) -> None:
    assert world.post(tlv(0xBF3D, tlv(0x80, HUGE))).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"/eids/{EID}/results?after={'9' * 5000}"),
        ("GET", f"/eids/{EID}/results?after=%C2%B2"),
        ("GET", f"/eids/{EID}/results?after=-1"),
        ("POST", f"/eids/{EID}/orders/{'9' * 5000}"),
        ("DELETE", f"/eids/{EID}/orders/{'9' * 5000}"),
        ("DELETE", f"/eids/{EID}/orders/1.0"),
    ],
)
def test_what_is_not_a_number_is_400(world: World, method: str, path: str) -> None:
    answer = world.http.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code == 400
    assert "is not a number of up to 9 digits" in answer.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        r'{"operations": ["download:1$\ud800$X"]}',
        r'{"operations": ["download:default,cc=\ud800"]}',
        r'{"operations": ["\udfff"]}',
        '{"operations": ' + "9" * 5000 + "}",
        '{"operations": ' * 5000,
        '{"operations": [NaN]}',
        '{"operations": ["download:default,cc=\u001b[2J"]}',
        '{"operations": ["download:default,cc=\u202e1"]}',
    ],
)
def test_a_body_that_is_not_json_or_cannot_be_printed_is_400(world: World, body: str) -> None:
    before = kept(world).queue
    answer = world.http.post(
        f"/eids/{EID}/orders", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert kept(world).queue == before
