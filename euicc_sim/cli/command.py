"""What all commands have in common: a card without `--card`, defaults, placeholders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from euicc_sim.cli.console import fail
from euicc_sim.cli.settings import (
    ENVIRONMENT,
    Option,
    SettingsError,
    check_group,
    options_of,
)

CardArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="The card's directory.", show_default=False)
]
"""The card of a command that reads or changes a directory, as the parameter `card`."""

_DOCUMENT = "card.json"
_PLACEHOLDERS = {"path": "PATH", "str": "TEXT", "int": "N", "float": "N"}
"""What the help shows for a value of that type, unless the option says otherwise."""
_FROM_OUTSIDE = ("ENVIRONMENT", "DEFAULT_MAP")


class Command(TyperCommand):
    """A command that takes the directory of a card without `--card` too: `serve card`.

    An option whose metavar is in brackets, like `[LINK]`, may be given without its value, which is
    then empty. Options and arguments for a card, a reader and a PKI have a variable of the
    environment.
    """

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        for one in self.params:
            _placeholder(one)
            for name in one.opts:
                if name.lstrip("-") in ENVIRONMENT and one.envvar is None:
                    one.envvar = ENVIRONMENT[name.lstrip("-")]

    def get_help_option(self, ctx: Any) -> Any:
        """The option --help, without a placeholder."""
        option = super().get_help_option(ctx)
        if option is not None:
            _placeholder(option)
        return option

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Show an example in the help, if it has none of its own."""
        from euicc_sim.cli.examples import EXAMPLES

        example = EXAMPLES.get(ctx.command_path.partition(" ")[2])
        if example is not None and example not in (self.help or ""):
            self.help = f"{self.help or ''}\n\n{example}"
        super().format_help(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the option in front of a card's directory that stands by itself."""
        self._take_defaults(ctx)
        options = {name: one for one in self.params for name in one.opts}
        args = list(_with_empty_values(options, args))
        if "--card" in options:
            takes_nothing_else = all(one.param_type_name == "option" for one in self.params)
            given: list[str] = []
            for one in args:
                before = options.get(given[-1]) if given else None
                is_value = before is not None and not getattr(before, "is_flag", False)
                is_card = Path(one, _DOCUMENT).is_file() or takes_nothing_else
                if not is_value and is_card and not one.startswith("-"):
                    given.append("--card")
                given.append(one)
            args = given
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Let a reader, or --direct, come before a card of the environment or the file."""
        if _is_from_outside(ctx, "card") and ctx.params.get("direct"):
            ctx.params["card"] = None
        elif _is_from_outside(ctx, "card") and "reader" in ctx.params:
            served = _reader_of(ctx.params["card"])
            if ctx.params["reader"] and not _is_from_outside(ctx, "reader"):
                ctx.params["card"] = None
            elif served:
                ctx.params["card"], ctx.params["reader"] = None, served
            else:
                ctx.params["reader"] = None
        elif _is_from_outside(ctx, "reader") and ctx.params.get("card"):
            ctx.params["reader"] = None
        return super().invoke(ctx)

    def _take_defaults(self, ctx: Any) -> None:
        """Name the defaults of the file as click does."""
        path = ctx.command_path.split(" ")[1:]
        parent = ctx.parent
        try:
            if len(path) > 1 and parent is not None and parent.default_map:
                check_group(_table(path[:-1]), parent.default_map, parent.command.commands)
            if ctx.default_map:
                ctx.default_map = options_of(_table(path), ctx.default_map, self.known_options())
        except SettingsError as error:
            fail(str(error))

    def known_options(self) -> dict[str, Option]:
        """The options by what they are called in the file."""
        found = {}
        for one in self.params:
            flag = True if getattr(one, "is_flag", False) else None
            repeatable = bool(getattr(one, "multiple", False)) or one.nargs == -1
            for name in one.opts:
                found[name.lstrip("-")] = Option(one.name or "", flag, repeatable)
            for name in one.secondary_opts:
                found[name.lstrip("-")] = Option(one.name or "", False)
        return found

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage, in which a card needs no option."""
        takes_card = any("--card" in one.opts for one in self.params)
        return [*super().collect_usage_pieces(ctx), *(["[DIR]"] if takes_card else [])]


def _table(path: Sequence[str]) -> str:
    return f"[{'.'.join(path)}] of the settings"


def _placeholder(one: Any) -> None:
    if one.metavar is not None or one.param_type_name != "option":
        return
    if getattr(one, "is_flag", False):
        one.metavar = ""
    elif hasattr(one, "bare_type"):  # Typer from 0.20 on; before it, TEXT and the like are shown
        kind = one.bare_type().lower().removeprefix("list[").removesuffix("]")
        one.metavar = _PLACEHOLDERS.get(kind)


def _with_empty_values(options: Mapping[str, Any], args: Sequence[str]) -> Iterator[str]:
    for one, following in zip_longest(args, args[1:]):
        yield one
        if (getattr(options.get(one), "metavar", None) or "").startswith("["):
            is_value = following is not None and not following.startswith("-")
            if not is_value or Path(following, _DOCUMENT).is_file():
                yield ""


def _is_from_outside(ctx: Any, name: str) -> bool:
    source = ctx.get_parameter_source(name) if ctx.params.get(name) else None
    return source is not None and source.name in _FROM_OUTSIDE


def _reader_of(card: Any) -> str:
    """The reader in which a card is served at this moment; "" if it is not."""
    from euicc_sim.tracing import journal
    from euicc_sim.tracing.served import serving

    if not isinstance(card, Path):
        return ""
    server = serving(journal.read(card))
    return server.reader if server is not None else ""
