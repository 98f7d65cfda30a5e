"""Where an eIM connects to for IPAs: public addresses, and what a person named."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from support.web import DEADLINE

from euicc_sim.parties.clients import Es9Client, Smdpps
from euicc_sim.parties.messages import LpaError
from euicc_sim.servers import ServerError
from euicc_sim.servers.outgoing import Outgoing

PUBLIC, PRIVATE = "0.0.0.0", "127.0.0.1"  # noqa: S104 where the eIM listens


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The addresses of names."""
    found: dict[str, list[str]] = {}
    resolve = socket.getaddrinfo

    def known(host: str, port: int, *_: Any, **__: Any) -> Any:
        if host not in found:
            return resolve(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [(0, 0, 0, "", (one, port)) for one in found[host]]

    monkeypatch.setattr(socket, "getaddrinfo", known)
    return found


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::"),  # noqa: S104
        *("169.254.169.254", "fe80::1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "fd00::1"),
        *("100.64.0.1", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:10.0.0.1"),
    ],
)
@pytest.mark.parametrize("literal", [True, False])
def test_an_eim_that_others_reach_connects_to_public_addresses_only(
    names: dict[str, list[str]], address: str, literal: bool
) -> None:
    names["smdp.example.com"] = [address]
    asked = address if literal else "smdp.example.com"
    with pytest.raises(LpaError, match=r"is not a public address.*--smdp-allow"):
        Outgoing.of(PUBLIC)(asked, 443)


def test_a_public_address_is_reached(names: dict[str, list[str]]) -> None:
    names["smdp.example.com"] = ["10.0.0.1", "93.184.216.34"]
    assert Outgoing.of(PUBLIC)("smdp.example.com", 443) == "93.184.216.34"
    assert Outgoing.of(PUBLIC)("[2606:4700::1111]", 443) == "2606:4700::1111"


@pytest.mark.parametrize("listening", ["127.0.0.1", "::1", "localhost"])
def test_an_eim_on_loopback_reaches_loopback_without_asking(
    names: dict[str, list[str]], listening: str
) -> None:
    names["localhost"] = ["127.0.0.1"]
    assert Outgoing.of(listening)("localhost", 8443) == "127.0.0.1"
    with pytest.raises(LpaError, match="is not a public address"):
        Outgoing.of(listening)("10.0.0.1", 443)


@pytest.mark.parametrize(
    ("named", "port", "allowed"),
    [
        ("SMDP.example.com", 443, True),
        ("smdp.example.com", 8443, True),
        ("smdp.example.com:8443", 8443, True),
        ("smdp.example.com:443", 8443, False),
        ("10.0.0.1", 443, False),
        ("other.example.com", 443, False),
    ],
)
def test_what_a_person_named_is_reached(
    names: dict[str, list[str]], named: str, port: int, allowed: bool
) -> None:
    names["smdp.example.com"] = ["10.0.0.1"]
    outgoing = Outgoing.of(PUBLIC, [named])
    if allowed:
        assert outgoing("smdp.example.com", port) == "10.0.0.1"
    else:
        with pytest.raises(LpaError):
            outgoing("smdp.example.com", port)


def test_a_name_that_is_not_one_is_a_sentence() -> None:
    with pytest.raises(ServerError, match="is not the address of a server"):
        Outgoing.of(PUBLIC, ["a..b"])


def test_a_name_is_resolved_once_and_that_address_connected_to(
    names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name whose address changes between check and connection gains nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        asked: list[str] = []
        outgoing = Outgoing.of(PRIVATE)

        def once(host: str, its_port: int) -> str:
            asked.append(host)
            names["rebound.example.com"] = ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]
            return outgoing(host, its_port)

        url = f"http://rebound.example.com:{port}"
        with Es9Client(url, resolve=once, seconds=0.2) as client, pytest.raises(LpaError):
            client.handle_notification(b"\x30\0")
        listening.settimeout(DEADLINE)
        listening.accept()[0].close()
    assert asked == ["rebound.example.com"]


def test_the_clients_of_an_eim_are_bounded_and_one_for_each_server() -> None:
    servers = Smdpps([], verify=False)
    first = servers("SMDP.example.com:443")
    assert servers("smdp.example.com") is first
    for number in range(300):
        servers(f"smdp{number}.example.com")
    assert servers("smdp.example.com") is not first
    assert len(servers._known) <= 64
    servers.close()
