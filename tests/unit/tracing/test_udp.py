"""GSMTAP to a socket: this machine alone unless the user says otherwise."""

import socket
from collections.abc import Iterator

import pytest

from euicc_sim.tracing.errors import TraceError
from euicc_sim.tracing.udp import GsmtapSocket


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        yield sock


def test_a_message_is_a_datagram(listener: socket.socket) -> None:
    sender = GsmtapSocket(f"127.0.0.1:{listener.getsockname()[1]}")
    sender.write(0.0, b"one")
    sender.flush()
    assert listener.recv(100) == b"one"
    sender.close()


def test_no_listener_and_a_message_too_long_are_not_errors(listener: socket.socket) -> None:
    sender = GsmtapSocket(f"localhost:{listener.getsockname()[1]}")
    listener.close()
    for payload in (b"one", b"two", bytes(70000)):
        sender.write(0.0, payload)
    sender.close()
    sender.write(0.0, b"after the end")


@pytest.mark.parametrize("target", ["192.0.2.1", "192.0.2.1:4729", "[2001:db8::1]:4729"])
def test_another_machine_needs_the_option(target: str) -> None:
    with pytest.raises(TraceError, match=r"is not this machine, .* add --gsmtap-anywhere\."):
        GsmtapSocket(target)
    GsmtapSocket(target, anywhere=True).close()


@pytest.mark.parametrize("target", ["127.0.0.1", "[::1]", "[::1]:9", "127.8.8.8:1", "localhost:5"])
def test_every_name_of_this_machine_is_accepted(target: str) -> None:
    GsmtapSocket(target).close()


@pytest.mark.parametrize(
    "target", ["", ":4729", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "a:b", "::1", "[::1]x"]
)
def test_a_malformed_address_is_reported(target: str) -> None:
    with pytest.raises(TraceError, match=r"is not an address; use HOST:PORT"):
        GsmtapSocket(target)


def test_an_unknown_name_is_reported() -> None:
    with pytest.raises(TraceError, match=r"^nobody\.invalid cannot be found"):
        GsmtapSocket("nobody.invalid:4729")
