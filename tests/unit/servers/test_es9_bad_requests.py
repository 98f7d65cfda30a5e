"""ES9+ in JSON: bad requests have the protocol's own error and a line in the log, no more."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.es9_desk import Desk, coded, new_desk, refused
from support.euiccs import ADDRESS, CHALLENGE
from support.hexes import hx
from support.web import ask

from euicc_sim.parties.messages.interfaces import hash_of_confirmation_code
from euicc_sim.servers.es9_app import PATH
from euicc_sim.servers.request_body import BODY_AT_MOST, BodyError, read_body


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def test_a_wrong_confirmation_code_is_refused_as_es9_has_it(desk: Desk) -> None:
    offer = desk.offer("C")
    wrong = desk.package(offer, hash_of_confirmation_code("0000", offer.transaction_id))
    assert "2 tries are left" in refused(desk.ask("getBoundProfilePackage", wrong), "8.2.7", "3.8")


def test_the_right_code_can_follow_in_the_same_transaction(desk: Desk) -> None:
    offer = desk.offer("C")
    wrong = desk.package(offer, hash_of_confirmation_code("0000", offer.transaction_id))
    refused(desk.ask("getBoundProfilePackage", wrong), "8.2.7", "3.8")
    right = desk.package(offer, hash_of_confirmation_code("Secret-1", offer.transaction_id))
    assert "boundProfilePackage" in desk.do("getBoundProfilePackage", **right)


def test_an_unknown_transaction_is_refused(desk: Desk) -> None:
    for function, name in (
        ("authenticateClient", "authenticateServerResponse"),
        ("getBoundProfilePackage", "prepareDownloadResponse"),
        ("cancelSession", "cancelSessionResponse"),
    ):
        answer = desk.ask(function, {"transactionId": "0011", name: coded(b"0")})
        assert "No transaction 0011" in refused(answer, "8.10.1", "3.9")


def test_a_result_of_a_forgotten_transaction_is_taken_unverified_and_told(desk: Desk) -> None:
    """A card keeps what is not taken, and nobody can ever verify it any more."""
    pending = desk.euicc.result(bytes(16))
    answer = desk.ask("handleNotification", {"pendingNotification": coded(pending)})
    assert answer.status_code == 204
    assert desk.log.all[-1].startswith(
        "HandleNotification: accepted unverified: No transaction 0000"
    )


def test_a_forged_notification_is_refused(desk: Desk) -> None:
    pending = desk.euicc.notification(signature=hx("5F3740") + bytes(64))
    answer = desk.ask("handleNotification", {"pendingNotification": coded(pending)})
    refused(answer, "8.1", "6.1")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[[", b"\xff\xfe", b"null", b"[]", b'"text"', b"7", b"[" * 100_000, b"9" * 9_999],
    ids=lambda body: f"{len(body)} {body[:6]!r}",
)
@pytest.mark.parametrize("function", ["initiateAuthentication", "handleNotification"])
def test_a_body_that_is_no_object_is_malformed(desk: Desk, function: str, body: bytes) -> None:
    refused(desk.ask(function, body), "1", "2.1")
    assert len(desk.log.refused) == 1


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("euiccInfo1", "!!!", "2.1"),
        ("euiccInfo1", "AAA", "2.1"),
        ("euiccChallenge", "é", "2.1"),
        ("euiccChallenge", 7, "2.1"),
        ("smdpAddress", ["a"], "2.1"),
        ("smdpAddress", None, "2.2"),
        ("euiccInfo1", None, "2.2"),
    ],
)
def test_a_field_that_cannot_be_read_is_named(
    desk: Desk, field: str, value: Any, reason: str
) -> None:
    good = {
        "smdpAddress": ADDRESS,
        "euiccChallenge": coded(CHALLENGE),
        "euiccInfo1": coded(desk.euicc.info1()),
    }
    answer = desk.ask("initiateAuthentication", {**good, field: value})
    assert field in refused(answer, "1", reason)


@pytest.mark.parametrize("number", ["0", "xyz", "00é"])
def test_a_transaction_id_that_is_no_hex_is_malformed(desk: Desk, number: str) -> None:
    body = {"transactionId": number, "cancelSessionResponse": coded(b"0")}
    assert "transactionId" in refused(desk.ask("cancelSession", body), "1", "2.1")


@pytest.mark.parametrize("data", [b"", b"0", hx("BF3800"), hx("BF2000"), bytes(5000)])
def test_bytes_that_are_no_message_are_refused_by_their_name(desk: Desk, data: bytes) -> None:
    first = desk.begin()
    body = {
        "transactionId": first.transaction_id.hex(),
        "authenticateServerResponse": coded(data),
    }
    message = refused(desk.ask("authenticateClient", body), "8.1", "2.1")
    assert message.startswith("This is not a valid AuthenticateServerResponse")


def test_a_long_sentence_ends_with_a_whole_word(desk: Desk) -> None:
    """lpac has room for 128 bytes of it."""
    body = {
        "smdpAddress": "é" * 80 + ".example.com",
        "euiccChallenge": coded(CHALLENGE),
        "euiccInfo1": coded(desk.euicc.info1()),
    }
    message = refused(desk.ask("initiateAuthentication", body), "8.8.1", "3.8")
    assert message == f"This SM-DP+ is {ADDRESS}, not..."
    (line,) = desk.log.refused
    assert line.endswith("Use its own address.")


@pytest.mark.parametrize(
    "address", ["ü.example.com", "\u202e.example.com", "a\nb", "\x1b[2J", "\x7f"]
)
def test_a_message_has_only_printable_ascii(desk: Desk, address: str) -> None:
    """osmocom's suite reads it as a charstring, and a terminal may be at the other end."""
    body = {
        "smdpAddress": address,
        "euiccChallenge": coded(CHALLENGE),
        "euiccInfo1": coded(desk.euicc.info1()),
    }
    message = refused(desk.ask("initiateAuthentication", body), "8.8.1", "3.8")
    assert message.startswith(f"This SM-DP+ is {ADDRESS}, not ")
    assert all(" " <= character <= "~" for character in message)


def test_half_of_a_surrogate_pair_is_malformed(desk: Desk) -> None:
    body = b'{"smdpAddress": "\\ud800", "euiccChallenge": "", "euiccInfo1": ""}'
    message = refused(desk.ask("initiateAuthentication", body), "1", "2.1")
    assert message.startswith("The body is not JSON")


def test_another_protocol_is_refused(desk: Desk) -> None:
    answer = desk.ask("cancelSession", {}, headers={"X-Admin-Protocol": "soap"})
    assert "'soap'" in refused(answer, "1", "2.1")


@pytest.mark.parametrize("spoken", ["gsma/rsp/v2.2.2", "gsma/rsp/v3.1.0"])
def test_versions_of_the_protocol_are_all_the_same_to_it(desk: Desk, spoken: str) -> None:
    answer = desk.ask("cancelSession", {}, headers={"X-Admin-Protocol": spoken})
    refused(answer, "1", "2.2")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PATH + "initiateAuthentication", 405),
        ("PUT", PATH + "cancelSession", 405),
        ("POST", PATH + "confirmDeviceChange", 404),
        ("POST", "/", 404),
        ("GET", "/../../etc/passwd", 404),
    ],
)
def test_what_is_no_function_has_the_status_of_http_too(
    desk: Desk, method: str, path: str, status: int
) -> None:
    answer = ask(desk.app, path, method=method)
    assert "is not a function of ES9+" in refused(answer, "1", "3.1", status)
    assert len(desk.log.refused) == 1


def test_a_large_body_is_refused_and_nothing_is_lost(desk: Desk) -> None:
    offer = desk.offer()
    large = b" " * (BODY_AT_MOST + 1)
    assert "at most 1048576 are accepted" in refused(
        desk.ask("cancelSession", large), "1", "2.1", 413
    )
    assert desk.log.refused == [f"CancelSession: refused: {desk_sentence(len(large))}"]
    assert "boundProfilePackage" in desk.do("getBoundProfilePackage", **desk.package(offer))


def desk_sentence(size: int) -> str:
    return (
        f"The body has {size} bytes or more; at most {BODY_AT_MOST} are accepted. "
        "Send a smaller one."
    )


def test_a_body_of_the_largest_size_is_read(desk: Desk) -> None:
    refused(desk.ask("cancelSession", b" " * BODY_AT_MOST), "1", "2.1")


def test_a_body_without_end_is_not_heard_out() -> None:
    sent = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sent.append(BODY_AT_MOST)
            yield bytes(BODY_AT_MOST)

    class Request:
        def stream(self) -> AsyncIterator[bytes]:
            return endless()

    with pytest.raises(BodyError) as caught:
        asyncio.run(read_body(Request()))  # type: ignore[arg-type]
    assert caught.value.status == 413
    assert len(sent) < 20


def test_a_body_that_does_not_come_is_given_up() -> None:
    class Request:
        async def stream(self) -> AsyncIterator[bytes]:
            yield b"{"
            await asyncio.sleep(60)

    with pytest.raises(BodyError, match=r"not received within 0\.01 seconds") as caught:
        asyncio.run(read_body(Request(), seconds=0.01))  # type: ignore[arg-type]
    assert caught.value.status == 408


def test_what_is_sent_in_small_pieces_is_one_request(desk: Desk) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for byte in json.dumps({"transactionId": "00"}).encode():
            yield bytes((byte,))

    refused(desk.ask("cancelSession", pieces()), "1", "2.2")
