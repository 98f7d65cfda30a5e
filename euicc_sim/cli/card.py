"""`euicc-sim card`: make, show and copy cards."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from euicc_sim import Card
from euicc_sim.cli.console import console
from euicc_sim.document import ID_TYPES
from euicc_sim.factory import DEFAULT_EID, copy_card
from euicc_sim.model.identity import Identity
from euicc_sim.model.state import Limits, State
from euicc_sim.storage import DOCUMENT, read

app = typer.Typer(name="card", help="Make, show and copy cards.", no_args_is_help=True)

Directory = Annotated[Path, typer.Argument(help="The card's directory.", show_default=False)]


@app.command()
def new(
    directory: Directory,
    eid: Annotated[str, typer.Option(help="32 digits, check digits included.")] = DEFAULT_EID,
    pki: Annotated[
        Path | None,
        typer.Option(help="A folder in the layout of GSMA SGP.26; without it a PKI is made."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Make keys and challenges that repeat, for scripts.")
    ] = None,
    max_eims: Annotated[int, typer.Option(min=1, help="How many eIMs fit.")] = Limits().eims,
    results: Annotated[
        int, typer.Option(min=1, help="How many package results are kept.")
    ] = Limits().results,
) -> None:
    """Make a card in a new directory."""
    with Card.create(
        directory, eid=eid, pki=pki, seed=seed, max_eims=max_eims, results=results
    ) as card:
        console.print(Text(f"card {card.eid} made in {directory}"))
        console.print(Text(f"serve it on a reader with: euicc-sim serve --card {directory}"))


@app.command()
def copy(
    source: Directory,
    target: Annotated[Path, typer.Argument(help="A directory that is not there yet.")],
) -> None:
    """Take a snapshot of a card, which may be in use."""
    copy_card(source, target)
    console.print(Text(f"{source} copied to {target}"))


@app.command()
def show(directory: Directory) -> None:
    """Show what a card keeps; it may be in use."""
    identity, state, _ = read(directory)
    changed = datetime.fromtimestamp((directory / DOCUMENT).stat().st_mtime, UTC)
    console.print(_facts(identity, state, changed))
    console.print(_eims(state))


def _facts(identity: Identity, state: State, changed: datetime) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    rows = {
        "EID": identity.eid,
        "SGP.32": identity.sgp32_version,
        "certificates": ", ".join(
            f"{one.curve} below CI {one.ci_pk_id.hex().upper()}" for one in identity.credentials
        ),
        "default SM-DP+": state.default_dp_address or "none",
        "root SM-DS": identity.root_ds_address,
        "package results": f"{len(state.results)} of {identity.limits.results}",
        "notifications": str(len(state.notifications)),
        "next number": str(state.next_seq),
        "last changed": f"{changed:%Y-%m-%d %H:%M:%S} UTC",
    }
    for name, value in rows.items():
        table.add_row(name, Text(value, overflow="fold"))
    table.add_row("trusted eIMs", f"{len(state.eims)} of {identity.limits.eims}")
    return table


def _eims(state: State) -> Table | str:
    if not state.eims:
        return "nobody is trusted; the first eIM comes in by AddInitialEim"
    table = Table("eIM", "type", "counter", "token", "key", "FQDN")
    for one in state.eims:
        table.add_row(
            Text(one.eim_id, overflow="fold"),
            ID_TYPES[one.id_type],
            str(one.counter),
            "-" if one.token is None else str(one.token),
            one.key.form.value,
            Text(one.fqdn or "-", overflow="fold"),
        )
    return table
