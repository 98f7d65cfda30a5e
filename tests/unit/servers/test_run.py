"""The web server: its port, its log, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import httpx
import pytest
from support.web import DEADLINE, Lines, served

from euicc_sim.servers import ServerError, extra_needed
from euicc_sim.servers.web_server import WebServer, serve_app


async def hello(scope: Any, _: Any, send: Any) -> None:
    if scope["path"] == "/bug":
        raise LookupError("our bug")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def test_a_free_port_is_chosen_and_known() -> None:
    with served(hello) as port:
        assert port > 0
        assert httpx.get(f"http://127.0.0.1:{port}/").text == "hello"


def test_who_connects_before_it_runs_is_heard_when_it_does() -> None:
    web = WebServer("127.0.0.1", 0, None, Lines(), names=["x"])
    with socket.create_connection(("127.0.0.1", web.port), DEADLINE) as early:
        early.settimeout(DEADLINE)
        early.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        thread = threading.Thread(target=web.run, args=(hello,))
        thread.start()
        assert early.recv(12) == b"HTTP/1.1 200"
        web.stop()
        thread.join(DEADLINE)


def test_an_answer_in_two_writes_waits_for_no_acknowledgement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A head and a body are two writes; without TCP_NODELAY the second is 40 ms late."""
    listening, create = [], socket.create_server

    def recorded(*given: Any, **named: Any) -> socket.socket:
        listening.append(create(*given, **named))
        return listening[-1]

    monkeypatch.setattr(socket, "create_server", recorded)
    web = WebServer("127.0.0.1", 0, None, Lines())
    with (
        socket.create_connection(("127.0.0.1", web.port), DEADLINE),
        listening[0].accept()[0] as one,
    ):
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    web.close()


def test_it_says_nothing_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    log = Lines()
    with served(hello, log=log) as port:
        httpx.get(f"http://127.0.0.1:{port}/")
    assert capfd.readouterr() == ("", "")
    assert log.all == []


def test_it_does_not_say_which_program_it_is() -> None:
    with served(hello) as port:
        assert "server" not in httpx.get(f"http://127.0.0.1:{port}/").headers


def test_a_taken_port_is_a_sentence() -> None:
    with served(hello) as port, pytest.raises(ServerError) as caught:
        serve_app(hello, "127.0.0.1", port, None, Lines())
    assert str(caught.value) == (
        f"Cannot listen on 127.0.0.1:{port}: Address already in use. "
        "Choose another --port, or stop that program."
    )


def test_an_address_that_is_not_ours_is_a_sentence() -> None:
    with pytest.raises(ServerError, match=r"^Cannot listen on 192\.0\.2\.1:0: "):
        WebServer("192.0.2.1", 0, None, Lines())


def test_a_port_can_be_given_up() -> None:
    web = WebServer("127.0.0.1", 0, None, Lines())
    web.close()
    WebServer("127.0.0.1", web.port, None, Lines()).close()


@pytest.mark.parametrize(
    "sent", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"nonsense\r\n\r\n"]
)
def test_what_is_no_http_is_told_in_a_line(sent: bytes) -> None:
    log = Lines()
    with (
        served(hello, log=log) as port,
        socket.create_connection(("127.0.0.1", port), DEADLINE) as other,
    ):
        other.settimeout(DEADLINE)
        other.sendall(sent + b"\r\n\r\n")
        assert other.recv(12) in (b"HTTP/1.1 400", b"")
        assert httpx.get(f"http://127.0.0.1:{port}/").text == "hello"
    assert log.refused == ["Invalid HTTP request received."]


def test_a_bug_is_told_with_its_place_and_the_server_goes_on() -> None:
    log = Lines()
    with served(hello, log=log) as port:
        assert httpx.get(f"http://127.0.0.1:{port}/bug").status_code == 500
        assert httpx.get(f"http://127.0.0.1:{port}/").text == "hello"
    (line,) = log.refused
    assert "LookupError: our bug" in line
    assert "test_run.py" in line


PROGRAM = """
import sys
sys.path.insert(0, "tests")
from support.web import Lines
from euicc_sim.servers.web_server import WebServer
from unit.servers.test_run import hello
web = WebServer("127.0.0.1", 0, None, Lines())
print(web.port, flush=True)
web.run(hello)
print("ended", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_success(number: int) -> None:
    environment = {**os.environ, "PYTHONPATH": "tests"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, env=environment
    ) as run:
        try:
            assert run.stdout is not None
            port = int(run.stdout.readline())
            assert httpx.get(f"http://127.0.0.1:{port}/").text == "hello"
            run.send_signal(number)
            assert run.stdout.readline() == "ended\n"
            assert run.wait(DEADLINE) == 0
        finally:
            run.kill()


def test_a_signal_before_it_serves_is_left_to_who_was_asked_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    WebServer("127.0.0.1", 0, None, Lines()).close()
    assert signal.getsignal(signal.SIGTERM) is before


# -- what is not installed


@pytest.mark.parametrize("name", ["starlette", "uvicorn", "starlette.routing"])
def test_a_missing_extra_is_a_sentence(name: str) -> None:
    with pytest.raises(ServerError, match=r"pip install 'euicc-sim\[servers\]'"), extra_needed():
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.mark.parametrize("name", ["euicc_sim.nothing", None])
def test_another_missing_module_is_our_bug(name: str | None) -> None:
    with pytest.raises(ModuleNotFoundError), extra_needed():
        raise ModuleNotFoundError("No module", name=name)
