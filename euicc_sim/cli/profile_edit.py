"""`euicc-sim profile edit`: a profile package with another ICCID, IMSI, name or keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim.asn1.iccid import iccid_digits
from euicc_sim.asn1.saip.elements import MILENAGE, TUAK
from euicc_sim.cli.console import console, fail
from euicc_sim.cli.profile_download import ImsiOption, TestOption
from euicc_sim.formats.file_contents import ContentError, decoded
from euicc_sim.formats.saip import Kind, PackageError, contents_of, examine
from euicc_sim.formats.saip.editing import Changes, EditError, Keys, edited
from euicc_sim.formats.saip.sample import IMSI, sample

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_SHOWN = ("EF.IMSI", "EF.SPN", "EF.ACC")
_ALGORITHMS = {MILENAGE: "Milenage", TUAK: "TUAK", 3: "the USIM test algorithm"}


def edit(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="OUT", help="The new package.", show_default=False),
    ],
    package: Annotated[
        Path | None,
        typer.Argument(metavar="PACKAGE", help="An unprotected package.", show_default=False),
    ] = None,
    test: TestOption = False,
    iccid: Annotated[str | None, typer.Option(help="18 to 20 digits.")] = None,
    imsi: ImsiOption = None,
    spn: Annotated[str | None, typer.Option(help="The service provider name.")] = None,
    acc: Annotated[
        str | None, typer.Option(metavar="HEX", help="The access control class, such as 0200.")
    ] = None,
    milenage: Annotated[
        tuple[str, str] | None, typer.Option(metavar="K OPC", help="32 hex digits each.")
    ] = None,
    tuak: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="K TOPC", help="32 or 64 hex digits, and 64."),
    ] = None,
) -> None:
    """Write a package with the values that a lab network expects; all else stays as it is.

    euicc-sim profile edit TS48v1_A.der -o lab.der --imsi 999700000000001 --milenage K OPC
    """
    if (package is None) is not test:
        fail("Name a package, or use --test for the one that comes with this program.")
    if out.exists():
        fail(f"{out} is there already; choose a different name.")
    try:
        before = sample(imsi or IMSI) if package is None else package.read_bytes()
        changes = Changes(iccid, imsi, spn, acc, _keys(milenage, tuak))
        result = edited(before, changes)
    except PackageError as error:
        fail(f"This profile package cannot be used: {error}.")
    except (EditError, ContentError) as error:
        fail(str(error))
    except ValueError as error:
        fail(f"{error}; an ICCID has 18 to 20 digits.")
    out.write_bytes(result)
    console.print(Text(f"{out}: {described(result)}"))


def described(package: bytes) -> str:
    """What a package is, for people: ICCID, IMSI, names, the algorithm; never a key."""
    contents = contents_of(package)
    words = [f"ICCID {iccid_digits(examine(package).iccid)}"]
    usim = next((one for one in contents.files.values() if one.kind is Kind.ADF), None)
    if usim is not None:
        for label in _SHOWN:
            for one in contents.files.values():
                if one.label == label and one.parent == usim.path:
                    shown = decoded(label, one.content)
                    words.append(f"{label.removeprefix('EF.')} {shown or 'blank'}")
        if aka := contents.authentication.get(usim.path):
            words.append(_ALGORITHMS[aka.algorithm])
    return ", ".join(words)


def _keys(milenage: tuple[str, str] | None, tuak: tuple[str, str] | None) -> Keys | None:
    """Raises EditError without repeating a key."""
    if milenage and tuak:
        raise EditError("A USIM has one algorithm; give one of --milenage and --tuak.")
    given = milenage or tuak
    if given is None:
        return None
    if not all(map(_HEX.fullmatch, given)):
        raise EditError("Keys are pairs of hex digits.")
    key, opc = map(bytes.fromhex, given)
    return Keys(MILENAGE if milenage else TUAK, key, opc)
