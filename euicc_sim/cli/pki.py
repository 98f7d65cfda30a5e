"""`euicc-sim pki`: make test certificates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim.cli.console import console
from keys import TestPki

app = typer.Typer(name="pki", help="Make test certificates.", no_args_is_help=True)


@app.command()
def new(
    directory: Annotated[Path, typer.Argument(help="A new folder.", show_default=False)],
    seed: Annotated[int | None, typer.Option(help="Make the same keys every time.")] = None,
    iin: Annotated[
        str, typer.Option(help="The first eight digits of the EIDs that the EUM may issue.")
    ] = "89049032",
) -> None:
    """Make a CI, an EUM and the parties below them on both curves, in the layout of GSMA SGP.26."""
    TestPki.create(seed=seed, iin=iin).write(directory)
    console.print(Text(f"test PKI written to {directory}"))
    console.print(Text(f"make a card under it with: euicc-sim card new DIR --pki {directory}"))
