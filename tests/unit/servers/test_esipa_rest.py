"""What people order of an eIM over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from support.esipa import EID, OTHER_EID, TOKEN, URL, World, fetch, kept, provide

from euicc_sim.servers import ServerError
from euicc_sim.servers.order_token import OrderToken


def nobody(address: str) -> Any:
    raise AssertionError(address)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "cards", nobody)
    world.service.set_card(EID, token=3)
    return world


def order(world: World, *words: str) -> httpx.Response:
    return world.http.post(f"/eids/{EID}/orders", json={"operations": list(words)})


def test_an_order_is_queued(world: World) -> None:
    answer = order(world, "enable:89000123456789012341,rollback", "listProfileInfo")
    assert answer.status_code == 201
    found = answer.json()
    assert (found["number"], found["kind"]) == (1, "package")
    assert [one["name"] for one in found["operations"]] == ["enable", "listProfileInfo"]
    assert world.said == [
        f"{EID}: order 1 (enable:89000123456789012341,rollback listProfileInfo) queued"
    ]
    assert world.http.get(f"/eids/{EID}").json()["queue"] == [found]


def test_an_order_makes_a_card_known(world: World) -> None:
    answer = world.http.post(f"/eids/{OTHER_EID}/orders", json={"operations": ["data"]})
    assert answer.status_code == 201
    assert [one["eid"] for one in world.http.get("/eids").json()] == sorted([EID, OTHER_EID])


def test_a_card_shows_no_confirmation_code(world: World) -> None:
    order(world, "download:1$smdp.example.com$CODE-1,cc=4711")
    assert kept(world).queue[0].confirmation_code == "4711"
    for path in ("/eids", f"/eids/{EID}", f"/eids/{EID}/results"):
        assert "4711" not in world.http.get(path).text


def test_orders_are_taken_back_and_given_out_again(world: World) -> None:
    order(world, "data")
    order(world, "data:A5A6")
    assert world.http.delete(f"/eids/{EID}/orders/1").status_code == 200
    for _ in range(4):
        fetch(world)
    (postponed,) = world.http.get(f"/eids/{EID}").json()["queue"]
    assert postponed["problem"] == "no result after 3 deliveries"
    assert postponed["notBefore"] > postponed["orderedAt"]
    assert world.http.post(f"/eids/{EID}/orders/2", json={}).status_code == 200
    assert fetch(world)[0] == "ipaEuiccDataRequest"
    assert world.http.delete(f"/eids/{EID}/orders/9").status_code == 400


def test_results_can_be_asked_for_from_a_number_on(world: World) -> None:
    for words in ("data", "data:A5A6"):
        order(world, words)
        fetch(world)
        provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", {"associationToken": 5}))
    found = world.http.get(f"/eids/{EID}/results").json()
    assert [(one["order"], one["words"], one["state"]) for one in found] == [
        (1, ["data"], "done"),
        (2, ["data:A5A6"], "done"),
    ]
    assert found[0]["outcomes"] == [{"operation": "associationToken", "result": "ok", "value": 5}]
    assert world.http.get(f"/eids/{EID}/results?after=1").json() == found[1:]
    assert world.http.get(f"/eids/{EID}").json()["tokenSaid"] == 5


@pytest.mark.parametrize(
    ("path", "body", "status", "why"),
    [
        (f"/eids/{EID}/orders", {"operations": ["enable"]}, 400, "is incomplete"),
        (f"/eids/{EID}/orders", {"operations": "listEim"}, 400, "The body is not an order"),
        (f"/eids/{EID}/orders", {"operations": [1]}, 400, "The body is not an order"),
        (f"/eids/{EID}/orders", [], 400, "The body is not an order"),
        (f"/eids/{EID}/orders", {"operations": []}, 400, "at least one operation"),
        (
            f"/eids/{EID}/orders",
            {"operations": ["addEim:/etc/x"]},
            400,
            "cannot be named over HTTP",
        ),
        ("/eids/12/orders", {"operations": ["data"]}, 400, "is not an EID"),
        (f"/eids/{OTHER_EID}/orders/1", {}, 404, "No card"),
    ],
)
def test_a_wrong_order_is_a_sentence(
    world: World, path: str, body: Any, status: int, why: str
) -> None:
    answer = world.http.post(path, json=body)
    assert answer.status_code == status
    assert why in answer.json()["error"]
    (line,) = world.said
    assert line.startswith(f"! POST {path} refused: ")
    assert kept(world).queue == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/eids/{OTHER_EID}", 404),
        ("/eids/..%2f..%2fetc%2fpasswd", 404),
        ("/eids/12", 400),
        (f"/eids/{EID}/results?after=x", 400),
        (f"/eids/{EID}/orders", 405),
    ],
)
def test_a_wrong_question_is_refused(world: World, path: str, status: int) -> None:
    assert world.http.get(path).status_code == status


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ('{"operations":["data"]}', "text/plain", 415),
        ("{", "application/json", 400),
        ("[" * 100000, "application/json", 400),
        ("x" * 2_000_000, "application/json", 413),
    ],
)
def test_a_body_that_is_no_json_is_refused(
    world: World, content: str, kind: str, status: int
) -> None:
    answer = world.http.post(f"/eids/{EID}/orders", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert kept(world).queue == []


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer \xe9",
        "bearer 0",
    ],
)
def test_without_the_token_nothing_is_told(world: World, authorization: str) -> None:
    for method, path in (("GET", "/eids"), ("POST", f"/eids/{EID}/orders")):
        answer = world.http.request(
            method, path, json={}, headers={b"Authorization": authorization.encode("latin-1")}
        )
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert answer.json() == {
            "error": "Orders need the eIM's token. Send Authorization: Bearer TOKEN."
        }
        why = f"127.0.0.1 does not have the token in {world.folder / 'token'}."
        assert world.said.pop() == f"! {method} {path} refused: {why}"


def test_the_scheme_of_the_token_has_no_case(world: World) -> None:
    answer = world.http.get("/eids", headers={"Authorization": f"bEARER  {TOKEN}"})
    assert answer.status_code == 200


def test_everybody_is_told_what_this_is(world: World) -> None:
    bare = httpx.Client(transport=world.http._transport, base_url=URL)
    assert bare.get("/").json()["openapi"] == "/openapi.json"
    assert bare.get("/openapi.json").json()["openapi"] == "3.1.0"


def test_answers_are_as_the_openapi_document_says(world: World) -> None:
    document = world.http.get("/openapi.json").json()
    validate(document)
    order(world, "data")
    fetch(world)
    provide(world, "ipaEuiccDataResponse", ("ipaEuiccData", {"associationToken": 5}))
    order(world, "download:1$smdp.example.com$CODE-1,cc=4711")
    fetch(world)
    order(world, "enable:89000123456789012341,rollback")
    for path, given in document["paths"].items():
        if "get" not in given:
            continue
        schema = given["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = world.http.get(path.format(eid=EID)).json()
        assert answer
        Draft202012Validator(schema | {"components": document["components"]}).validate(answer)
    refused = world.http.get("/eids/12").json()
    Draft202012Validator(document["components"]["schemas"]["Refusal"]).validate(refused)


def test_the_document_has_no_confirmation_code(world: World) -> None:
    assert "confirmationCode" not in world.http.get("/openapi.json").text


# -- the file of the token


def test_a_token_is_made_once_for_its_owner_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "eim1.token"
    before = os.umask(0)
    try:
        first = OrderToken.kept(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(first.secret) == 64
    assert OrderToken.kept(path) == first
    assert first.secret not in repr(first)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 5000, b"0123456789 abcde", b"\xe9" * 20])
def test_what_is_not_a_token_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "eim1.token"
    path.write_bytes(content)
    with pytest.raises(ServerError, match="does not hold a token"):
        OrderToken.kept(path)


def test_a_token_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "eim1.token"
    os.mkfifo(path)
    with pytest.raises(ServerError, match="is not a regular file"):
        OrderToken.kept(path)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ServerError, match="cannot be used"):
        OrderToken.kept(path)
    with pytest.raises(ServerError, match="cannot be used"):
        OrderToken.kept(tmp_path / "none" / "eim1.token")
