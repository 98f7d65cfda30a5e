"""Options of commands that speak to cards and servers: the version, and whom they believe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from euicc_sim.asn1.wire import VERSIONS, WIRE_1_2, Wire
from euicc_sim.cli.console import fail
from euicc_sim.parties.clients import Es9Client
from euicc_sim.parties.messages import Address, AddressError, LpaError
from keys import TestPki
from keys.pem import load_certificate

CLIENTS = 64
"""The most SM-DP+s to which connections are kept."""

PkiOption = Annotated[
    Path | None,
    typer.Option(
        "--pki",
        metavar="FOLDER",
        help="A PKI whose CIs are trusted, for the TLS certificates of servers and for cards.",
    ),
]
CaOption = Annotated[
    list[Path] | None,
    typer.Option("--ca", metavar="FILE", help="A trusted CA certificate for TLS; repeatable."),
]
InsecureOption = Annotated[
    bool, typer.Option("--insecure", help="Accept any TLS certificate of a server.")
]


_VERSIONS = f"{', '.join([*VERSIONS][:-1])} or {[*VERSIONS][-1]}"
Sgp32Option = Annotated[
    str,
    typer.Option(
        "--sgp32",
        metavar="VERSION",
        help=f"The version of SGP.32 that the card speaks: {_VERSIONS}.",
    ),
]
SGP32_DEFAULT = WIRE_1_2.version


def wire_named(version: str) -> Wire:
    """The wire of a version of SGP.32; for others the command ends with a sentence."""
    if version not in VERSIONS:
        fail(f"{version!r} is not a supported version of SGP.32; use {_VERSIONS}.")
    return VERSIONS[version]


def authorities(pki: Path | None, ca: list[Path] | None) -> list[bytes]:
    """The CA certificates of both options, DER. Raises PkiError."""
    found = [load_certificate(one).public_bytes(Encoding.DER) for one in ca or ()]
    return found if pki is None else found + ci_certificates(TestPki.load(pki))


def ci_certificates(pki: TestPki) -> list[bytes]:
    """Those of all its CIs, DER."""
    found = (pki.branch(curve).ci.certificate for curve in pki.curves)
    return [one.public_bytes(Encoding.DER) for one in found]


@dataclass
class Smdpps:
    """Gives the SM-DP+ at an address, one client for each; the other fields are those of Es9Client.

    The client that was used longest ago makes room. Safe to use from several threads.
    """

    trust: list[bytes]
    verify: bool = True
    seconds: float = 60.0
    resolve: Callable[[str, int], str] | None = None
    _known: dict[Address, Es9Client] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, address: str) -> Es9Client:
        """The SM-DP+ at that address. Raises LpaError for what is not an address."""
        try:
            server = Address.read(address)
        except AddressError as error:
            raise LpaError(str(error)) from error
        with self._lock:
            found = self._known.pop(server, None) or Es9Client.at(
                address,
                trust=self.trust,
                verify=self.verify,
                seconds=self.seconds,
                resolve=self.resolve,
            )
            self._known[server] = found
            if len(self._known) > CLIENTS:
                self._known.pop(next(iter(self._known))).close()
        return found

    def close(self) -> None:
        """End all connections."""
        for one in self._known.values():
            one.close()
