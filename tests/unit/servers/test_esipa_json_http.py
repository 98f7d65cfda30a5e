"""ESipa in JSON over HTTP: an eIM's answers and refusals, and what our IPA makes of them."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.esipa import EID, URL, World, kept
from support.esipa_messages import PACKAGE
from support.hexes import hx
from support.judge import judged

from euicc_sim.parties.clients.esipa import Binding, EsipaClient
from euicc_sim.parties.ipa.esipa_requests import ask_for_package
from euicc_sim.parties.messages.errors import LpaError

SUCCESS = {"functionExecutionStatus": {"status": "Executed-Success"}}


def nobody(address: str) -> Any:
    raise AssertionError(address)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "cards", nobody)
    world.service.set_card(EID)
    return world


def failed(answer: httpx.Response) -> tuple[str, str, str]:
    """Subject, reason and message of a refusal."""
    assert (answer.status_code, set(answer.json())) == (200, {"header"})
    status = answer.json()["header"]["functionExecutionStatus"]
    assert status["status"] == "Failed"
    data = status["statusCodeData"]
    return data["subjectCode"], data["reasonCode"], data["message"]


# -- the eIM


def test_nothing_waits_is_an_error_number_with_success(world: World) -> None:
    answer = world.post_json("getEimPackage", {"eidValue": EID})
    assert answer.json() == {"header": SUCCESS, "eimPackageError": 1}
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"


def test_a_package_is_base64_of_the_whole_object(world: World) -> None:
    world.service.order(EID, ["data:BF20"])
    answer = world.post_json("getEimPackage", {"eidValue": EID}).json()
    assert set(answer) == {"header", "ipaEuiccDataRequest"}
    asked = b64decode(answer["ipaEuiccDataRequest"])
    assert asked[:2] == hx("BF52")
    judged("EsipaMessageFromEimToIpa", hx("BF4F") + bytes((len(asked),)) + asked)


def test_an_answer_has_the_protocol_of_its_request(world: World) -> None:
    spoken = world.post_json(
        "getEimPackage", {"eidValue": EID}, **{"X-Admin-Protocol": "gsma/rsp/v2.4.0"}
    )
    silent = world.post_json("getEimPackage", {"eidValue": EID})
    assert spoken.headers["x-admin-protocol"] == "gsma/rsp/v2.4.0"
    assert silent.headers["x-admin-protocol"] == "gsma/rsp/v2.1.0"


@pytest.mark.parametrize(
    ("fields", "number"),
    [({"eidValue": "89" * 16}, 3), ({}, 4), ({"eidValue": "89049032004008882600000123456729"}, 2)],
)
def test_an_eid_that_is_wrong_missing_or_unknown_is_an_error_number(
    world: World, fields: dict[str, str], number: int
) -> None:
    answer = world.post_json("getEimPackage", fields)
    assert answer.json() == {"header": SUCCESS, "eimPackageError": number}


def test_a_result_without_anything_to_acknowledge_is_answered_without_a_body(world: World) -> None:
    world.service.order(EID, ["data:BF20"])
    world.post_json("getEimPackage", {"eidValue": EID})
    refused = b64encode(hx("A003 020101")).decode()  # invalidPackageFormat
    answer = world.post_json(
        "provideEimPackageResult", {"eidValue": EID, "eimPackageResult": refused}
    )
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    assert [one.state for one in kept(world).results] == ["failed"]


def test_a_refused_download_gives_its_status_codes_and_why(world: World) -> None:
    answer = world.post_json(
        "authenticateClient",
        {"transactionId": "01", "authenticateServerResponse": b64encode(hx("BF3800")).decode()},
    )
    subject, reason, message = failed(answer)
    assert (subject, reason) == ("8.10.1", "3.9")
    assert message.startswith("No transaction 01 is in progress.")


@pytest.mark.parametrize(
    ("function", "fields", "codes", "why"),
    [
        ("getEimPackage", [], ("1", "2.1"), "getEimPackage needs a JSON object"),
        ("initiateAuthentication", {}, ("1", "2.2"), "initiateAuthentication lacks euiccChallenge"),
        (
            "provideEimPackageResult",
            {"eimPackageResult": "v1E"},
            ("1", "2.1"),
            "eimPackageResult cannot be read",
        ),
        (
            "handleNotification",
            {"pendingNotification": "MAA="},
            ("1", "2.1"),
            "This is not a notification",
        ),
    ],
)
def test_a_malformed_request_is_refused_and_told(
    world: World, function: str, fields: object, codes: tuple[str, str], why: str
) -> None:
    *found, message = failed(world.post_json(function, fields))
    assert tuple(found) == codes
    assert message.startswith(why)
    assert any(why in one and one.startswith("! ") for one in world.said)


def test_a_body_that_is_not_json_is_refused(world: World) -> None:
    answer = world.http.post(
        "/gsma/rsp2/esipa/getEimPackage",
        content=b"{",
        headers={"Content-Type": "application/json"},
    )
    assert failed(answer)[:2] == ("1", "2.1")


def test_another_content_type_is_refused(world: World) -> None:
    answer = world.http.post(
        "/gsma/rsp2/esipa/getEimPackage", content=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 415


def test_a_function_of_ipas_alone_is_not_one_of_an_eim(world: World) -> None:
    assert world.post_json("transferEimPackage", {}).status_code == 404


# -- the IPA


class Saying(httpx.BaseTransport):
    """An eIM that gives the same answer to everything; `asked` is what it was asked last."""

    asked: httpx.Request

    def __init__(self, status: int, **body: object) -> None:
        """Answer so."""
        self._status, self._body = status, body

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer."""
        self.asked = request
        content = b"" if self._status == 204 else json.dumps(self._body).encode()
        return httpx.Response(self._status, stream=httpx.ByteStream(content))


def asking(eim: Saying) -> Any:
    with EsipaClient(URL, binding=Binding.JSON, transport=eim) as client:
        return ask_for_package(client, EID)


def failing(subject: str, reason: str, message: str | None = None) -> dict[str, Any]:
    data = {"subjectCode": subject, "reasonCode": reason}
    if message is not None:
        data["message"] = message
    return {"functionExecutionStatus": {"status": "Failed", "statusCodeData": data}}


def test_an_ipa_asks_as_the_binding_has_it() -> None:
    eim = Saying(200, header=SUCCESS, eimPackageError=1)
    assert asking(eim) == ("eimPackageError", "noEimPackageAvailable")
    assert (eim.asked.method, eim.asked.url.path) == ("POST", "/gsma/rsp2/esipa/getEimPackage")
    assert eim.asked.headers["content-type"] == "application/json;charset=UTF-8"
    assert eim.asked.headers["user-agent"] == "gsma-rsp-ipad"
    assert eim.asked.headers["x-admin-protocol"].startswith("gsma/rsp/v2.")
    assert eim.asked.content == b'{"eidValue":"%s"}' % EID.encode()


def test_a_path_of_the_users_stands_in_place_of_the_usual_one() -> None:
    eim = Saying(200, header=SUCCESS, eimPackageError=1)
    with EsipaClient(URL + "/my/eim/", binding=Binding.JSON, transport=eim) as client:
        ask_for_package(client, EID)
    assert eim.asked.url.path == "/my/eim/getEimPackage"


@pytest.mark.parametrize(
    "header", [SUCCESS, failing("8.1.1", "3.9"), {}, None], ids=["success", "failed", "{}", "null"]
)
def test_an_error_number_is_taken_whatever_the_header_says(header: object) -> None:
    eim = Saying(200, header=header, eimPackageError=2)
    assert asking(eim) == ("eimPackageError", "eidNotFound")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (failing("8.1.1", "3.9", "no such card"), "eidNotFound"),
        (failing("8.1.1", "3.9"), "eidNotFound"),
        (failing("9.9", "9.9", "whatever"), "9.9/9.9"),
    ],
)
def test_a_refusal_by_status_codes_is_told_by_its_code(status: object, code: str) -> None:
    with pytest.raises(LpaError, match="The eIM refused getEimPackage: ") as caught:
        asking(Saying(200, header=status))
    assert caught.value.code == code


def test_a_package_beside_the_error_0_is_a_package() -> None:
    package = b64encode(PACKAGE).decode()
    eim = Saying(200, header=SUCCESS, eimPackageError=0, euiccPackageRequest=package)
    assert asking(eim) == ("euiccPackageRequest", PACKAGE)


@pytest.mark.parametrize(
    "answer",
    [
        Saying(200, header=SUCCESS),
        Saying(200, header=SUCCESS, euiccPackageRequest="!"),
        Saying(200, header=SUCCESS, euiccPackageRequest=7),
        Saying(200, header=SUCCESS, euiccPackageRequest=b64encode(hx("BF5200")).decode()),
        Saying(204),
        Saying(404, detail="not here"),
        Saying(200),
    ],
)
def test_an_answer_that_is_none_is_a_sentence(answer: Saying) -> None:
    with pytest.raises(LpaError, match=r"\.$"):
        asking(answer)
