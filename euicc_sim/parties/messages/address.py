"""Addresses of servers: a host and a port, as in activation codes, notifications and eimFqdn.

    Address.read("LOCALHOST:8443") == Address("localhost", 8443)

The standards know host names (SGP.22 v2.5 clause 4.1); test servers have ports and IP addresses
too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Self

HTTPS_PORT = 443
MAX_PORT = 0xFFFF
MAX_NAME = 253
"""Characters of a host name, without the dot at its end (RFC 1035 clause 2.3.4)."""

_PARTS = re.compile(r"(?P<host>\[[^\]]*\]|[^\[\]:]*)(?P<colon>:(?P<port>[^:]*))?")
_PORT = re.compile(r"0*([0-9]{1,5})")
# RFC 1123 has no underscores, but networks of containers do.
_LABEL = re.compile(r"[0-9A-Za-z_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")


class AddressError(ValueError):
    """A text that is not the address of a server; a sentence with the next step."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a server: equal for all spellings of the same.

    `host` is a host name in lower case without a dot at its end, or an IP address in its shortest
    form; `port` is 1 to 65535.
    """

    host: str
    port: int = HTTPS_PORT

    @classmethod
    def read(cls, text: str) -> Self:
        """Read HOST or HOST:PORT; an IPv6 address stands in brackets. Raises AddressError."""
        found = _PARTS.fullmatch(text)
        if found is None:
            raise _none(text, _why_no_parts(text))
        host = _host(text, found["host"])
        if found["colon"] is None:
            return cls(host)
        number = _PORT.fullmatch(found["port"])
        if number is None or not 1 <= int(number[1]) <= MAX_PORT:
            raise _none(text, f"a port is a number from 1 to {MAX_PORT}")
        return cls(host, int(number[1]))

    def __str__(self) -> str:
        """As it stands in a URL, without the port of HTTPS."""
        return bracketed(self.host) if self.port == HTTPS_PORT else self.with_port

    @property
    def with_port(self) -> str:
        """As it stands in a URL, with any port."""
        return f"{bracketed(self.host)}:{self.port}"

    @property
    def url(self) -> str:
        """Where its server is: https, without a path."""
        return f"https://{self}"


def bracketed(host: str) -> str:
    """A host as it stands before a port: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def same_server(one: str, other: str) -> bool:
    """Whether two addresses are of one server; what is not an address is only like itself."""
    try:
        return Address.read(one) == Address.read(other)
    except AddressError:
        return one == other


def _host(text: str, host: str) -> str:
    if host.startswith("["):
        try:
            return IPv6Address(host[1:-1].replace("%", "-")).compressed  # without a zone
        except ValueError as error:
            raise _none(text, f"{host[:60]!r} is not an IPv6 address") from error
    name = host.removesuffix(".")
    if not name:
        raise _none(text, "it has no host")
    if not name.isascii():
        raise _none(text, _spelt_in_ascii(name))
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(name))
        except ValueError as error:
            raise _none(text, "its last part is a number, but it is not an IPv4 address") from error
    if "" in labels:
        raise _none(text, "there is nothing between two of its dots")
    if len(name) > MAX_NAME or any(len(one) > 63 for one in labels):
        raise _none(text, f"a host name has at most {MAX_NAME} characters, and 63 between two dots")
    if not all(map(_LABEL.fullmatch, labels)):
        raise _none(text, "a host name has letters, digits, hyphens and dots")
    return name.lower()


def _why_no_parts(text: str) -> str:
    try:
        found = IPv6Address(text)
    except ValueError:
        return "it has more colons or brackets than HOST:PORT"
    return f"an IPv6 address stands in brackets: [{found.compressed}]"


def _spelt_in_ascii(name: str) -> str:
    try:
        found = name.encode("idna").decode()
    except UnicodeError:
        return "a host name has letters, digits, hyphens and dots"
    return f"certificates and cards have names in ASCII only, such as {found}"


def _none(text: str, why: str) -> AddressError:
    return AddressError(
        f"{text[:60]!r} is not the address of a server: {why}. "
        "Give HOST or HOST:PORT, such as smdp.example.com."
    )
