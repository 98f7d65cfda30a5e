"""Options of commands that speak to cards and servers: the version, and whom they believe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding

from euicc_sim.asn1.wire import VERSIONS, WIRE_1_2, Wire
from euicc_sim.cli.console import fail
from euicc_sim.model.sgp22_versions import version_bytes
from euicc_sim.parties.clients import Binding
from keys import TestPki
from keys.pem import load_certificate

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


LowestSvnOption = Annotated[
    str,
    typer.Option(
        "--lowest-svn",
        metavar="VERSION",
        help="Refuse cards of an older version of SGP.22 (svn) with 8.8.3/3.1.",
    ),
]
HighestSvnOption = Annotated[
    str,
    typer.Option(
        "--highest-svn",
        metavar="VERSION",
        help="Refuse cards of a later version of SGP.22 (svn) with 8.8.3/3.1.",
    ),
]
LOWEST_SVN, HIGHEST_SVN = "2.0.0", "2.255.255"
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
BindingOption = Annotated[
    Binding, typer.Option("--binding", help="How the messages of ESipa are written.")
]


def wire_named(version: str) -> Wire:
    """The wire of a version of SGP.32; for others the command ends with a sentence."""
    if version not in VERSIONS:
        fail(f"{version!r} is not a supported version of SGP.32; use {_VERSIONS}.")
    return VERSIONS[version]


def svn_range(lowest: str, highest: str) -> tuple[bytes, bytes]:
    """The versions of both options, 3 bytes each; otherwise the command ends with a sentence."""
    try:
        found = version_bytes(lowest), version_bytes(highest)
    except ValueError as error:
        fail(f"{error} of SGP.22; write numbers up to 255, such as 2.5.0.")
    if found[0] > found[1]:
        fail(f"no card has an svn from {lowest} to {highest}; exchange the two.")
    return found


def authorities(pki: Path | None, ca: list[Path] | None) -> list[bytes]:
    """The CA certificates of both options, DER. Raises PkiError."""
    found = [load_certificate(one).public_bytes(Encoding.DER) for one in ca or ()]
    return found if pki is None else [*found, *TestPki.load(pki).ci_certificates]
