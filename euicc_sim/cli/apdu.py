"""`euicc-sim apdu`."""

import typer

app = typer.Typer(name="apdu", no_args_is_help=True)
