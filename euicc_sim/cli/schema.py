"""`euicc-sim schema`: JSON Schemas of the files that people write, and of what `--json` prints.

They are made from the types that read the files and make the outputs. docs/schemas has them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.text import Text
from typer.core import TyperGroup

from apdu.words import did_you_mean
from euicc_sim.cli.command import Command
from euicc_sim.cli.console import console, facts, fail
from euicc_sim.cli.machine_card import CardOutput, NotificationOutput
from euicc_sim.cli.machine_messages import BodyOutput, ConversationOutput, ItemOutput
from euicc_sim.cli.machine_packages import PackageOutput
from euicc_sim.cli.machine_parties import (
    AnswerOutput,
    CardSummaryOutput,
    EimFileOutput,
    EventOutput,
    ReportOutput,
    ResultOfOrderOutput,
)
from euicc_sim.cli.machine_trees import ReadingOutput
from euicc_sim.cli.profile_tables import ListedProfile
from euicc_sim.cli.ready_file import Ready
from euicc_sim.cli.smdpp_tables import OrderOutput
from euicc_sim.parties.messages import json_document

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SUFFIX = ".schema.json"

Schema = dict[str, Any]

_TEXT = {"type": ["string", "number"]}
_VALUES = {
    "flag": {"type": "boolean"},
    "text": _TEXT,
    "texts": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
}
"""What the values of options in the settings are."""


class Described(NamedTuple):
    """What a schema is of, in words, and how it is made; and whether docs/schemas has it."""

    what: str
    make: Callable[[], Schema]
    is_in_docs: bool = True


def _of(*types: Any) -> Callable[[], Schema]:
    """Makes the schema of a value that is of one of these types."""
    return lambda: _made(*types)


def _order() -> Schema:
    from euicc_sim.servers.package_folder import Sidecar  # the extra servers

    return _made(Sidecar)


def _eim() -> Schema:
    from euicc_sim.parties.eim import eim_file

    return _made(eim_file.EimDocument)


def _settings() -> Schema:
    from typer.main import get_command

    from euicc_sim.cli.main import app

    return {**_table(get_command(app)), "$defs": _VALUES}


FILES = {
    "order": Described("NAME.toml beside a profile package of smdpp serve", _order),
    "eim": Described("the file of an eIM, as eim new makes it", _eim),
    "settings": Described("euicc-sim.toml, defaults of options", _settings, is_in_docs=False),
}
"""The files that people write."""
OUTPUTS = {
    "card show": _of(CardOutput),
    "decode": _of(list[ReadingOutput], ConversationOutput, BodyOutput, PackageOutput),
    "eim cards": _of(list[CardSummaryOutput]),
    "eim results": _of(list[ResultOfOrderOutput]),
    "eim show": _of(EimFileOutput),
    "eim verify": _of(AnswerOutput),
    "ipa run": _of(ReportOutput),
    "profile list": _of(list[ListedProfile]),
    "profile notifications": _of(list[NotificationOutput]),
    "smdpp codes": _of(list[OrderOutput]),
    "smds events": _of(list[EventOutput]),
    "trace": _of(list[ItemOutput]),
}
"""What commands print with `--json`."""
SCHEMAS: Mapping[str, Described] = {
    **FILES,
    "ready": Described("the file of serve --ready-file", _of(Ready)),
    **{name: Described(f"what {name} --json prints", make) for name, make in OUTPUTS.items()},
}


def schema(
    name: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]",
            help="A command that has --json, such as card show, or a file: " + ", ".join(FILES),
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write those of docs/schemas into that folder: all but settings, which changes "
            "with every option.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of a file that people write, or of what a command prints with --json.

    Without NAME, list them.
    """
    wanted = " ".join(name or ())
    if out is not None:
        out.mkdir(exist_ok=True)
        kept = [name for name, found in SCHEMAS.items() if found.is_in_docs]
        for one in kept:
            (out / file_name(one)).write_bytes(document(one))
        console.print(Text(f"{len(kept)} schemas in {out}"))
    elif not wanted:
        console.print(facts({one: found.what for one, found in SCHEMAS.items()}))
    elif wanted in SCHEMAS:
        typer.echo(document(wanted), nl=False)
    else:
        fail(f"{wanted[:60]!r} has no schema. {did_you_mean(wanted, SCHEMAS)}")


def file_name(name: str) -> str:
    """The name of its file, such as `card-show.schema.json`."""
    return name.replace(" ", "-") + SUFFIX


def document(name: str) -> bytes:
    """A schema, UTF-8."""
    found = SCHEMAS[name]
    whole = {"$schema": DIALECT, "title": f"euicc-sim: {found.what}", **found.make()}
    return json.dumps(whole, indent=2).encode() + b"\n"


def _made(*types: Any) -> Schema:
    """The schema of a value of one of these types."""
    found, components = json_document.schemas_of(types, "#/$defs/{name}")
    whole = found[0] if len(found) == 1 else {"anyOf": found}
    return {**whole, "$defs": components}


def _table(command: Any) -> Schema:
    """The schema of a command's table in the settings, or of the tables of a group."""
    if isinstance(command, TyperGroup):
        fields = {name: _table(command.commands[name]) for name in command.commands}
    elif isinstance(command, Command):
        fields = dict(_defaults(command))
    else:
        return {"type": "object"}  # its options are those of another program
    return {"type": "object", "additionalProperties": False, "properties": fields}


def _defaults(command: Command) -> Iterator[tuple[str, Schema]]:
    """The options that may have a default, each with the kind of its values."""
    for name, option in command.known_options().items():
        kind = "flag" if option.sets is not None else "texts" if option.is_repeatable else "text"
        yield name, {"$ref": f"#/$defs/{kind}"}
