"""Addresses of servers: every spelling of one is equal, and what is none is a sentence."""

from __future__ import annotations

import pytest

from euicc_sim.parties.messages.address import Address, AddressError, same_server

LABEL = "a" * 63
LONGEST = ".".join([LABEL, LABEL, LABEL, "a" * 61])


@pytest.mark.parametrize(
    ("text", "host", "port", "shown"),
    [
        ("smdp.example.com", "smdp.example.com", 443, "smdp.example.com"),
        ("smdp.example.com:443", "smdp.example.com", 443, "smdp.example.com"),
        ("SMDP.Example.COM", "smdp.example.com", 443, "smdp.example.com"),
        ("LOCALHOST:8443", "localhost", 8443, "localhost:8443"),
        ("localhost:08443", "localhost", 8443, "localhost:8443"),
        ("localhost:1", "localhost", 1, "localhost:1"),
        ("localhost:65535", "localhost", 65535, "localhost:65535"),
        ("smdp.example.com.", "smdp.example.com", 443, "smdp.example.com"),
        ("localhost.:8443", "localhost", 8443, "localhost:8443"),
        ("sm_dp-1_a", "sm_dp-1_a", 443, "sm_dp-1_a"),
        ("_sm-.example", "_sm-.example", 443, "_sm-.example"),
        ("XN--LC-FKA.example", "xn--lc-fka.example", 443, "xn--lc-fka.example"),
        ("3com.example", "3com.example", 443, "3com.example"),
        ("1.2.3.4.example", "1.2.3.4.example", 443, "1.2.3.4.example"),
        (LABEL, LABEL, 443, LABEL),
        (LONGEST, LONGEST, 443, LONGEST),
        ("127.0.0.1:8443", "127.0.0.1", 8443, "127.0.0.1:8443"),
        ("[::1]", "::1", 443, "[::1]"),
        ("[::1]:8443", "::1", 8443, "[::1]:8443"),
        ("[2001:DB8:0:0::7]:443", "2001:db8::7", 443, "[2001:db8::7]"),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, host: str, port: int, shown: str) -> None:
    found = Address.read(text)
    assert (found.host, found.port) == (host, port)
    assert str(found) == shown
    assert found.url == f"https://{shown}"
    assert Address.read(str(found)) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it has no host"),
        (".", "it has no host"),
        ("..", "nothing between two of its dots"),
        ("a..b", "nothing between two of its dots"),
        (".a", "nothing between two of its dots"),
        ("a..", "nothing between two of its dots"),
        ("a" * 64, "63 between two dots"),
        (f"{LONGEST}a", "at most 253 characters"),
        ("löc.example", "in ASCII only, such as xn--lc-fka.example"),
        ("ａ.example", "in ASCII only, such as a.example"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}a", "letters, digits, hyphens and dots"),
        (" host", "letters, digits, hyphens and dots"),
        ("host\n", "letters, digits, hyphens and dots"),
        ("a b", "letters, digits, hyphens and dots"),
        ("a\x00b", "letters, digits, hyphens and dots"),
        ("a,b", "letters, digits, hyphens and dots"),
        ("user@host", "letters, digits, hyphens and dots"),
        ("host/path", "letters, digits, hyphens and dots"),
        ("host#a", "letters, digits, hyphens and dots"),
        ("host?a", "letters, digits, hyphens and dots"),
        ("a\\b", "letters, digits, hyphens and dots"),
        ("%61.example", "letters, digits, hyphens and dots"),
        ("https://host", "a port is a number"),
        ("host:", "a port is a number from 1 to 65535"),
        ("host:0", "a port is a number from 1 to 65535"),
        ("host:000", "a port is a number from 1 to 65535"),
        ("host:65536", "a port is a number from 1 to 65535"),
        ("host:" + "9" * 5000, "a port is a number from 1 to 65535"),
        ("host:+1", "a port is a number from 1 to 65535"),
        ("host: 1", "a port is a number from 1 to 65535"),
        ("host:1\n", "a port is a number from 1 to 65535"),
        ("host:８", "a port is a number from 1 to 65535"),
        ("host:1:2", "more colons or brackets"),
        (":8443", "it has no host"),
        ("256.1.1.1", "it is not an IPv4 address"),
        ("127.1", "it is not an IPv4 address"),
        ("0x7f000001", "it is not an IPv4 address"),
        ("1", "it is not an IPv4 address"),
        ("::1", r"stands in brackets: \[::1\]"),
        ("2001:DB8:0::7", r"stands in brackets: \[2001:db8::7\]"),
        ("[::1", "more colons or brackets"),
        ("::1]", "more colons or brackets"),
        ("[::1]8443", "more colons or brackets"),
        ("[]", "is not an IPv6 address"),
        ("[::1%lo]", "is not an IPv6 address"),
        ("[127.0.0.1]", "is not an IPv6 address"),
    ],
    ids=lambda one: ascii(one)[:24],
)
def test_what_is_no_address_is_a_sentence(text: str, why: str) -> None:
    with pytest.raises(AddressError, match=why) as caught:
        Address.read(text)
    assert str(caught.value).endswith("Give HOST or HOST:PORT, such as smdp.example.com.")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("LOCALHOST:8443", "localhost:8443", True),
        ("smdp.example.com:443", "smdp.example.com.", True),
        ("smdp.example.com", "smdp.example.com:8443", False),
        ("a..b", "a..b", True),
        ("a..b", "A..B", False),
        ("", "localhost", False),
    ],
)
def test_one_server_has_many_spellings(one: str, other: str, same: bool) -> None:
    assert same_server(one, other) is same
    assert same_server(other, one) is same
