"""`euicc-sim eim`."""

import typer

app = typer.Typer(name="eim", no_args_is_help=True)
