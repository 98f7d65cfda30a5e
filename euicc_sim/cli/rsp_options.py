"""Options of commands that speak to servers: whose TLS certificates they believe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from euicc_sim.offcard.lpa.es9 import Es9Client
from keys import TestPki
from keys.pem import load_certificate

PkiOption = Annotated[
    Path | None,
    typer.Option(
        "--pki",
        metavar="FOLDER",
        help="A PKI below whose CIs servers' TLS certificates are believed, and cards.",
    ),
]
CaOption = Annotated[
    list[Path] | None,
    typer.Option("--ca", metavar="FILE", help="A CA certificate for TLS; repeat it."),
]
InsecureOption = Annotated[
    bool, typer.Option("--insecure", help="Believe every server's TLS certificate.")
]


def authorities(pki: Path | None, ca: list[Path] | None) -> list[bytes]:
    """The CA certificates of both options, DER. Raises PkiError."""
    found = [load_certificate(one) for one in ca or ()]
    if pki is not None:
        known = TestPki.load(pki)
        found += [known.branch(curve).ci.certificate for curve in known.curves]
    return [one.public_bytes(Encoding.DER) for one in found]


def smdpps(trust: list[bytes], insecure: bool) -> Callable[[str], Es9Client]:
    """Gives the SM-DP+ at an address, each once."""
    known: dict[str, Es9Client] = {}

    def at(address: str) -> Es9Client:
        if address not in known:
            known[address] = Es9Client(f"https://{address}", trust=trust, verify=not insecure)
        return known[address]

    return at
