"""Our client of ES9+: against our server, and against servers that answer badly."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from support.bsp import BSP
from support.euiccs import ADDRESS, CHALLENGE, PaperEuicc, shared_pki
from support.hexes import hx
from support.phone import PaperPhone
from support.web import Lines, served

from euicc_sim.env import SeededEnv
from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.lpa.lpa import Lpa, download_over_es9
from euicc_sim.parties.messages.activation_code import ActivationCode
from euicc_sim.parties.messages.errors import LpaError, Refusal, SmdppError
from euicc_sim.parties.smdpp.download_orders import Order
from euicc_sim.parties.smdpp.smdpp import Smdpp
from euicc_sim.servers.es9_app import es9_app
from euicc_sim.servers.tls import server_context
from keys import Curve, Role

UPP = hx(BSP["upp"])
ICCID = "89000123456789012341"
TRUST = [shared_pki().branch(Curve.NIST).ci.certificate.public_bytes(Encoding.DER)]


@pytest.fixture
def phone() -> PaperPhone:
    return PaperPhone(PaperEuicc.below(shared_pki()))


@contextmanager
def smdpp_served(log: Lines | None = None, *, tls: bool = True) -> Iterator[str]:
    """The URL of our SM-DP+, which is called ADDRESS whatever its port."""
    orders = [Order(UPP, "A"), Order(UPP, "C", confirmation_code="1234")]
    smdpp = Smdpp.of(shared_pki(), orders, random=SeededEnv(1).random)
    shown = server_context(shared_pki().credential(Role.DP_TLS, Curve.NIST)) if tls else None
    app = es9_app(smdpp, log or Lines())
    with served(app, shown) as port:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"


@contextmanager
def answering(status: int, body: bytes) -> Iterator[Es9Client]:
    """A client of a server that always answers the same."""

    async def app(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    with served(app) as port, Es9Client(f"http://127.0.0.1:{port}") as client:
        yield client


def failed(subject: str, reason: str, **more: str) -> bytes:
    data = {"subjectCode": subject, "reasonCode": reason, **more}
    status = {"status": "Failed", "statusCodeData": data}
    return json.dumps({"header": {"functionExecutionStatus": status}}).encode()


def good(**fields: Any) -> bytes:
    status = {"status": "Executed-Success"}
    return json.dumps({"header": {"functionExecutionStatus": status}, **fields}).encode()


def asked(client: Es9Client) -> object:
    return client.initiate_authentication(b"info", CHALLENGE, ADDRESS)


# -- against our server


@pytest.mark.parametrize("tls", [True, False])
def test_a_download_over_the_line_is_one_as_any_other(phone: PaperPhone, tls: bool) -> None:
    log = Lines()
    with (
        smdpp_served(log, tls=tls) as url,
        Es9Client(url, trust=TRUST, address=ADDRESS) as client,
    ):
        found = Lpa(phone.card()).download(client, matching_id="A")
        client.handle_notification(found.result)
        client.handle_notification(phone.euicc.notification())
    assert found.iccid == ICCID
    assert [one.partition(":")[0] for one in log.all] == [
        "InitiateAuthentication",
        "AuthenticateClient",
        "GetBoundProfilePackage",
        "HandleNotification",
        "HandleNotification",
    ]
    assert log.refused == []


def test_an_activation_code_is_enough(phone: PaperPhone) -> None:
    told: list[str] = []
    with smdpp_served() as url:
        found = download_over_es9(
            Lpa(phone.card()),
            ActivationCode(ADDRESS, "C", confirmation=True),
            trust=TRUST,
            url=url,
            confirmation_code="1234",
            progress=lambda step, *_: told.append(step),
        )
    assert found.iccid == ICCID
    assert told[-1] == "loading"


def test_a_confirmation_code_that_is_not_there_is_asked_for_before_anything(
    phone: PaperPhone,
) -> None:
    card = phone.card()
    with pytest.raises(LpaError, match="requires a confirmation code"):
        download_over_es9(Lpa(card), ActivationCode(ADDRESS, "C", confirmation=True))
    assert card.requests == []


def test_a_refusal_has_its_codes_and_the_session_is_cancelled(phone: PaperPhone) -> None:
    log = Lines()
    with (
        smdpp_served(log) as url,
        Es9Client(url, trust=TRUST, address=ADDRESS) as client,
        pytest.raises(LpaError, match="No order waits for the matchingId 'NONE'") as caught,
    ):
        Lpa(phone.card()).download(client, matching_id="NONE")
    assert caught.value.code == "8.2.6/3.8"
    assert phone.cancelled


def test_a_session_is_cancelled_over_the_line(phone: PaperPhone) -> None:
    log = Lines()
    with (
        smdpp_served(log) as url,
        Es9Client(url, trust=TRUST, address=ADDRESS) as client,
        pytest.raises(LpaError, match="requires a confirmation code"),
    ):
        Lpa(phone.card()).download(client, matching_id="C")
    assert log.all[-1].endswith("C, ended: postponed")


# -- who is at the other end


def test_a_server_below_another_ci_is_not_believed() -> None:
    other = shared_pki().branch(Curve.BRP).ci.certificate.public_bytes(Encoding.DER)
    for trust in ([other], []):
        with (
            smdpp_served() as url,
            Es9Client(url, trust=trust, address=ADDRESS) as client,
            pytest.raises(LpaError, match="failed TLS verification") as caught,
        ):
            asked(client)
        assert "Name the CI" in str(caught.value)


def test_a_server_of_another_name_is_not_believed() -> None:
    with (
        smdpp_served() as url,
        Es9Client(url, trust=TRUST, address="smdp.example.org") as client,
        pytest.raises(LpaError, match="failed TLS verification"),
    ):
        asked(client)


def test_whoever_answers_is_believed_only_when_that_is_said() -> None:
    with (
        smdpp_served() as url,
        Es9Client(url, verify=False) as client,
        pytest.raises(SmdppError, match="This is not a valid EUICCInfo1"),
    ):
        asked(client)


def test_nobody_there_is_a_sentence() -> None:
    with served(None) as port:
        pass
    with (
        Es9Client(f"http://127.0.0.1:{port}") as client,
        pytest.raises(LpaError, match=r"does not answer: .*Check the address"),
    ):
        asked(client)


@pytest.mark.parametrize("url", ["", "smdp.example.com", "ftp://x", "https://", "LPA:1"])
def test_what_is_no_url_is_a_sentence(url: str) -> None:
    with pytest.raises(LpaError, match=r"is not a URL\. Give one such as https"):
        Es9Client(url)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://smdp.example.com", "smdp.example.com"),
        ("https://smdp.example.com:443/", "smdp.example.com"),
        ("https://smdp.example.com:8443", "smdp.example.com:8443"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
def test_its_address_is_that_in_the_url(url: str, address: str) -> None:
    with Es9Client(url) as client:
        assert client.address == address


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:1")
    with answering(204, b"") as client:
        client.handle_notification(b"")


def test_httpx_that_is_not_installed_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(LpaError, match=r"pip install 'euicc-sim\[servers\]'"):
        Es9Client("https://smdp.example.com")


# -- servers that answer badly


@pytest.mark.parametrize(
    ("codes", "refusal"),
    [(("8.2.6", "3.8"), Refusal.MATCHING_ID), (("8.2.9", "3.3"), None), (("9", "9"), None)],
)
def test_a_refusal_may_have_any_codes(codes: tuple[str, str], refusal: Refusal | None) -> None:
    with answering(200, failed(*codes)) as client, pytest.raises(SmdppError) as caught:
        asked(client)
    assert (caught.value.subject, caught.value.reason) == codes
    assert caught.value.refusal is refusal
    assert str(caught.value) == f"no reason given ({codes[0]}/{codes[1]})"


def test_a_refusal_with_a_status_of_http_is_one_too() -> None:
    with (
        answering(413, failed("1", "2.1", message="too much")) as client,
        pytest.raises(SmdppError, match="too much"),
    ):
        client.handle_notification(b"")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"[1]"),
        (200, b"7"),
        (200, b"{}"),
        (200, b'{"header": 7}'),
        (
            200,
            b'{"header": {"functionExecutionStatus": {"status": "Failed", "statusCodeData": 1}}}',
        ),
        (200, b"[" * 100_000),
        (404, b"not found"),
        (500, b""),
        (500, good()),
        (302, b""),
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_is_no_answer_of_an_smdpp_is_a_sentence(status: int, body: bytes) -> None:
    with answering(status, body) as client, pytest.raises(LpaError) as caught:
        asked(client)
    assert "Check that an SM-DP+ is at that address." in str(caught.value) or status == 200


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"transactionId": 7},
        {"transactionId": "xyz"},
        {"transactionId": "00", "serverSigned1": "!"},
        {"transactionId": "00", "serverSigned1": "AA==", "serverSignature1": "AA=="},
        {"transactionId": "00", "serverSigned1": "AA==", "serverSignature1": "BAEA"},
    ],
)
def test_a_field_that_cannot_be_used_is_named(fields: dict[str, Any]) -> None:
    with answering(200, good(**fields)) as client, pytest.raises(LpaError) as caught:
        asked(client)
    assert "asked for initiateAuthentication, gave" in str(caught.value)
    assert str(caught.value).endswith("Check the server.")


def test_an_answer_with_line_ends_in_base64_is_read() -> None:
    text = b64encode(bytes(80)).decode()
    folded = text[:40] + "\n" + text[40:]
    with answering(200, good(boundProfilePackage=folded)) as client:
        assert client.get_bound_profile_package(b"", b"") == bytes(80)


def test_a_server_that_never_answers_is_given_up() -> None:
    async def silent(_: Any, receive: Any, __: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    with (
        served(silent) as port,
        Es9Client(f"http://127.0.0.1:{port}", seconds=0.05) as client,
        pytest.raises(LpaError, match="does not answer: timed out"),
    ):
        asked(client)


@pytest.mark.parametrize(("status", "body"), [(200, b""), (200, b" \n"), (202, b""), (204, b"")])
def test_a_notification_is_taken_with_an_empty_answer_too(status: int, body: bytes) -> None:
    with answering(status, body) as client:
        client.handle_notification(b"\x30\0")


def test_an_empty_answer_is_not_one_to_another_function() -> None:
    with answering(200, b"") as client, pytest.raises(LpaError, match="not as an SM-DP"):
        client.cancel_session(b"\1", b"\xbf\x41\0")


@pytest.mark.parametrize("said", ["Failed", "Expired"])
def test_a_function_that_was_not_executed_says_so_without_codes(said: str) -> None:
    body = json.dumps({"header": {"functionExecutionStatus": {"status": said}}}).encode()
    with (
        answering(200, body) as client,
        pytest.raises(LpaError, match=f"answered {said} and") as why,
    ):
        client.handle_notification(b"\x30\0")
    assert why.value.code == said


def test_an_expired_function_keeps_its_codes() -> None:
    data = {"subjectCode": "8.8.5", "reasonCode": "4.10", "message": "Too late."}
    status = {"status": "Expired", "statusCodeData": data}
    body = json.dumps({"header": {"functionExecutionStatus": status}}).encode()
    with answering(200, body) as client, pytest.raises(SmdppError, match=r"Too late\.") as why:
        client.handle_notification(b"\x30\0")
    assert str(why.value) == "Too late. (Expired, 8.8.5/4.10)"
