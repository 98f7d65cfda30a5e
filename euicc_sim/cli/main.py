"""The `euicc-sim` command: its sub-commands, and errors as one sentence and exit code 1.

The module of a sub-command is imported when it is called: `euicc-sim --help` starts without the
card.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from euicc_sim import __version__
from euicc_sim.cli import settings
from euicc_sim.cli.command import Command
from euicc_sim.cli.console import complain, console

COMMANDS = {
    "serve": "Put cards into the slots of vpcd, where PC/SC programs find them, or serve them "
    "otherwise.",
    "lpac-stdio": "Run lpac, or another program with its stdio driver protocol, on a card without "
    "PC/SC.",
    "demo": "Show how a card comes to trust eIMs, obeys them, fetches Profiles and switches them.",
    "decode": "Print any ES10 object as a named tree: request, response, response to SELECT, "
    "certificate.",
    "trace": "Print a trace: ES10 requests and responses as named trees, other commands one per "
    "line.",
    "watch": "Show a running card live: functions and reasons, eIMs, Profiles, what waits. "
    "q ends it.",
    "web": "Show cards on a page in the browser: what they keep, what is said to them; and act on "
    "them.",
    "schema": "Print the JSON Schema of a file that people write, or of what a command prints with "
    "--json.",
    "card": "Make, show, copy, check and set cards.",
    "profile": "Be an LPA: download Profiles to a card, enable, disable, name and delete them.",
    "eim": "Be an eIM: ask a card for trust, order by signed packages, verify its answers. "
    "One file stands for the eIM as one card knows it; its server knows many.",
    "ipa": "Be an IPA: poll an eIM over ESipa and do with a card what it orders.",
    "apdu": "Send APDUs to a card, or run scripts of them.",
    "pki": "Make test certificates.",
    "fleet": "Be thousands of devices, each an IPA with a card, and see an eIM and an SM-DP+ under "
    "load.",
    "smdpp": "Be an SM-DP+: give out profile packages over HTTPS (ES9+).",
    "smds": "Be an SM-DS: tell cards which servers have something for them (ES11, ES12).",
}
"""The sub-commands in the order of the help, each with the first paragraph of its own help.

The module of the same name has `app` for a group, or a function for a single command.
"""

PRIVATE = 0o077
"""The umask: no access for anybody else."""
PASSED_ON = {"lpac-stdio"}
"""Commands whose arguments and options are those of another program."""


class _Loaded(Mapping[str, Any]):
    """The sub-commands, each imported when it is first used."""

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        word = name.replace("-", "_")
        gc.disable()  # it would look again and again at what stays
        try:
            module = import_module(f"euicc_sim.cli.{word}")
        finally:
            gc.enable()
        if isinstance(group := getattr(module, "app", None), typer.Typer):
            for one in group.registered_commands:
                one.cls = Command
            return get_group(group)
        single = typer.Typer(add_completion=False)
        settings = {"allow_interspersed_args": False} if name in PASSED_ON else None
        of = TyperCommand if name in PASSED_ON else Command
        single.command(name, cls=of, context_settings=settings)(getattr(module, word))
        return get_command(single)


class _Commands(TyperGroup):
    """A group whose help shows the sub-commands without importing them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _Loaded()  # type: ignore[assignment]  # nobody adds to it

    def format_help(self, ctx: Any, formatter: Any) -> None:
        TyperGroup(
            name=self.name,
            help=self.help,
            params=self.params,
            commands=[TyperCommand(name, help=text) for name, text in COMMANDS.items()],
            rich_markup_mode=self.rich_markup_mode,
        ).format_help(ctx, formatter)


app = typer.Typer(
    name="euicc-sim",
    cls=_Commands,
    help="A software eUICC (SGP.32, IoT eSIM) that real programs reach through PC/SC.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        console.print(f"euicc-sim {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; errors that the user can fix are one sentence, never a traceback.

    Whatever it makes is the user's alone: cards, keys and recordings have secrets. A character that
    the terminal cannot show is printed as its escape.
    """
    os.umask(PRIVATE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        found = settings.read()
        if found is not None:
            settings.check_tables(found, COMMANDS)
        app(default_map=dict(found.tables) if found else None)
    except settings.SettingsError as error:
        complain(str(error))
        sys.exit(1)
    except _errors_to_say() as error:
        complain(str(error))
        sys.exit(1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        complain(f"{place}{error.strerror or error}")
        sys.exit(1)


def _errors_to_say() -> tuple[type[Exception], ...]:
    """Errors whose text is a sentence with the next step.

    Who has raised one has imported its module, so nothing is imported for it here: an import that
    failed is not tried for the second time.
    """
    places = (
        ("euicc_sim.store", "CardError"),
        ("keys", "PkiError"),
        ("euicc_sim.parties.messages", "EimError"),
    )
    found = (getattr(sys.modules.get(module), name, None) for module, name in places)
    return tuple(one for one in found if isinstance(one, type) and issubclass(one, Exception))
