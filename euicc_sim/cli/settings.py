"""Defaults of options: from the environment and from a file.

`euicc-sim.toml` in the current folder counts, or else `config.toml` in the folder `euicc-sim` of
`$XDG_CONFIG_HOME`. It has a table for each command, with options as they are written, without their
dashes:

    [serve]
    card = "turbine"
    no-fsync = true

    [eim.serve]
    port = 8085

An option on the command line comes before the environment, and that before the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path("euicc-sim.toml")
MAX_SIZE = 0x10000
"""Bytes of the file."""
ENVIRONMENT = {
    "card": "EUICC_SIM_CARD",
    "reader": "EUICC_SIM_READER",
    "pki": "EUICC_SIM_PKI",
}
"""The variables, by the option or argument for which each is the default."""
NO_ENVIRONMENT = ""
"""The variable of an option of such a name that has none: a key must not be shared unasked."""


class SettingsError(Exception):
    """What is wrong in the file: a sentence with the next step."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The content of the file, and its name for sentences."""

    path: Path
    tables: Mapping[str, Any]


class Option(NamedTuple):
    """An option of a command: its parameter, what it sets if it is a flag, how often it may be."""

    name: str
    sets: bool | None = None
    is_repeatable: bool = False


def read() -> Settings | None:
    """The file that counts; None if there is none. Raises SettingsError."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    usual = Path(home).expanduser() / "euicc-sim" / "config.toml"
    path = next((one for one in (HERE, usual) if one.is_file()), None)
    if path is None:
        return None
    import tomllib

    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
        if len(content) > MAX_SIZE:
            raise SettingsError(f"{path} is longer than {MAX_SIZE} bytes. Is it the right file?")
        return Settings(path, tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is not TOML: {error}. Fix it, or remove it.") from error
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror or error}.") from error


def check_tables(settings: Settings, commands: Iterable[str]) -> None:
    """Raise SettingsError for a table that is not named as a command."""
    known = list(commands)
    for name, table in settings.tables.items():
        if name not in known:
            raise SettingsError(
                f"{settings.path} has [{name}], which is not a command. {_meant(name, known)}"
            )
        if not isinstance(table, dict):
            raise SettingsError(
                f"{settings.path} has {name} outside of a table. Put options under their command, "
                "such as [serve]."
            )


def options_of(
    where: str, given: Mapping[str, Any], options: Mapping[str, Option]
) -> dict[str, Any]:
    """The defaults of a command by the names of its parameters.

    `options` are those of the command without their dashes. Raises SettingsError for what is not an
    option, or not a value of it.
    """
    found: dict[str, Any] = {}
    for key, value in given.items():
        if key not in options:
            raise SettingsError(f"{where} has no option {key!r}. {_meant(key, options)}")
        option = options[key]
        if option.sets is not None:
            if not isinstance(value, bool):
                raise SettingsError(f"{where} has {key} = {value!r}; it is true or false.")
            found[option.name] = value is option.sets
            continue
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict | list | bool) for one in values):
            raise SettingsError(f"{where} has {key} = {value!r}; it is a text or a number.")
        if len(values) != 1 and not option.is_repeatable:
            raise SettingsError(f"{where} has {key} = {value!r}; it takes a single value.")
        found[option.name] = values if option.is_repeatable else values[0]
    return found


def check_group(where: str, given: Mapping[str, Any], commands: Iterable[str]) -> None:
    """Raise SettingsError for what is not a table of one of a group's commands."""
    known = list(commands)
    for name, table in given.items():
        if name not in known:
            raise SettingsError(
                f"{where} has {name!r}, which is not a command. {_meant(name, known)}"
            )
        if not isinstance(table, dict):
            raise SettingsError(f"{where} has {name!r} outside of the table of a command.")


def _meant(name: str, known: Iterable[str]) -> str:
    from apdu.words import did_you_mean  # only here: each command begins with this module

    return did_you_mean(name, known)
