"""Joins the sub-commands into `euicc-sim`, and turns errors into one sentence and exit code 1."""

from __future__ import annotations

import sys

import typer

from euicc_sim.cli import apdu, card, decode, eim, ipa, pki, profile, smdpp
from euicc_sim.cli.console import complain
from euicc_sim.cli.demo import demo
from euicc_sim.cli.lpac_stdio import lpac_stdio
from euicc_sim.cli.serve import serve
from euicc_sim.cli.trace import trace
from euicc_sim.cli.watch import watch
from euicc_sim.store.directory import CardError
from keys import PkiError

app = typer.Typer(
    name="euicc-sim",
    help="A software eUICC (SGP.32, IoT eSIM) that real programs open through PC/SC.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command(context_settings={"allow_interspersed_args": False})(lpac_stdio)
app.command()(demo)
app.command()(decode.decode)
app.command()(trace)
app.command()(watch)
app.add_typer(card.app)
app.add_typer(profile.app)
app.add_typer(eim.app)
app.add_typer(ipa.app)
app.add_typer(apdu.app)
app.add_typer(pki.app)
app.add_typer(smdpp.app)


def main() -> None:
    """Run the command line; errors that a person can mend are one sentence, never a traceback."""
    try:
        app()
    except (CardError, PkiError) as error:
        complain(str(error))
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        complain(f"{place}{error.strerror or error}")
        sys.exit(1)
