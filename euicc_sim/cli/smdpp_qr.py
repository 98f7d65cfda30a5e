"""Activation codes as QR codes, for phones: on the terminal, or as pictures."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.text import Text

from euicc_sim.cli.console import console, fail, printable
from euicc_sim.cli.smdpp_tables import activation_code
from euicc_sim.parties.smdpp import Orders

PIXELS = 8
"""Of a module in a picture."""


def draw_codes(orders: Orders, address: str, folder: Path | None) -> None:
    """Draw the code of each order that can be downloaded; in a new folder, if one is given."""
    try:
        import segno
    except ModuleNotFoundError:
        fail(
            "QR codes need segno, which is not installed; "
            "install it with: pip install 'euicc-sim[qr]'"
        )
    drawn = [one for one in orders if one.open and one.matching_id]
    if not drawn:
        fail("No order of this folder can be downloaded: see euicc-sim smdpp codes.")
    if folder is not None:
        try:
            folder.mkdir()
        except FileExistsError:
            fail(f"{folder} exists; name a new folder for --qr.")
    for one in drawn:
        code = str(activation_code(one, address))
        # SGP.22 clause 4.1: a QR code has LPA: and the code, as text
        picture = segno.make(code, error="m", micro=False)
        if folder is None:
            console.print(Text(printable(code)))
            picture.terminal(out=sys.stdout, compact=True)
            continue
        path = folder / f"{one.name or one.matching_id}.png"
        picture.save(str(path), scale=PIXELS)
        console.print(Text(f"{path}: {printable(code)}"))
