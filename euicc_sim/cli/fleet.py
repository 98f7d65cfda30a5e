"""`euicc-sim fleet`: devices by the thousand against an eIM, on the load engine Locust."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim import Card, Fleet
from euicc_sim.asn1.wire import Wire
from euicc_sim.cli.console import NOT_ALL, console, fail
from euicc_sim.cli.eim_bytes import bytes_from
from euicc_sim.cli.eim_database import opened
from euicc_sim.cli.progress import counting
from euicc_sim.cli.rsp_options import SGP32_DEFAULT, Sgp32Option, wire_named
from euicc_sim.parties.eim import (
    ListedCard,
    add_initial_eim,
    card_list,
    eim_file,
    initial_tokens,
)
from euicc_sim.parties.ipa import IpaCard
from euicc_sim.parties.messages import exchange, select_isdr
from euicc_sim.store import read

LIST = "cards.jsonl"
USERS = "fleet/users.py"
STOP_SECONDS = "30"
"""At the end, devices may take so long to end their task: else an eIM waits for a result."""
_DEVICES = ("PollOnly", "Packages", "Downloads", "Switches")

app = typer.Typer(
    name="fleet",
    no_args_is_help=True,
    help="Be thousands of devices, each an IPA with a card, and see an eIM and an SM-DP+ under "
    "load.",
)

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The fleet's directory.")]


@app.command()
def prepare(
    directory: Directory,
    cards: Annotated[int, typer.Option(min=1, help="How many to make; there may be some already.")],
    eim: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="An eIM of ours that the cards trust; repeatable."),
    ] = None,
    initial: Annotated[
        str | None,
        typer.Option(metavar="BF57", help="Any eIM's AddInitialEim request: hex, a file, or -."),
    ] = None,
    pki: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Whose EUM certifies the cards. Default: DIR/pki."),
    ] = None,
    sgp32: Sgp32Option = SGP32_DEFAULT,
    fsync: Annotated[
        bool, typer.Option("--fsync/--no-fsync", help="Let the new cards survive a power cut.")
    ] = False,
) -> None:
    """Make cards below one PKI that trust an eIM, and the list of them that its operator imports.

    euicc-sim fleet prepare fleet --cards 100 --eim eim1.json
    """
    if eim and initial:
        fail("--eim and --initial are two ways to say which eIM to trust; give one of them.")
    wire = wire_named(sgp32)
    request = None if initial is None else bytes_from(initial, "--initial")
    if eim:
        eims = [eim_file.load(one) for one in eim]
        configurations = [one.configuration(want_token=one.wants_token) for one in eims]
        request = add_initial_eim(*configurations, wire=eims[0].wire)
    lines: list[bytes] = []
    with counting("cards", cards) as advance:

        def made(card: Card) -> None:
            lines.append(card_list.write(_listed(card, request, wire)))
            advance()

        with Fleet.create(directory, cards, pki=pki, made=made, sgp32=sgp32, fsync=fsync) as fleet:
            count = len(fleet)
    with open(directory / LIST, "ab") as file:
        os.fchmod(file.fileno(), 0o600)
        file.writelines(lines)
    console.print(Text(f"{cards} cards made in {directory}, which has {count} now"))
    where = directory / LIST
    if eim:
        for one in eim:
            console.print(Text(f"make them known to the eIM: euicc-sim eim import {one} {where}"))
    else:
        console.print(Text(f"{where} is the list for the eIM's operator"))


def _listed(card: Card, request: bytes | None, wire: Wire) -> ListedCard:
    """What the operator of an eIM needs to know of a card. Raises EimError if it refuses."""
    certificate = card.identity.credentials[0]
    eims: list[str] = []
    answer = b""
    if request is not None:
        card.reset()
        select_isdr(card.transmit)
        answer = exchange(card.transmit, request)
        initial_tokens(answer, wire)
        eims = [one.eim_id for one in IpaCard(card.transmit, wire).eims()]
    return ListedCard(
        eid=card.eid,
        eims=eims,
        initial=answer.hex().upper(),
        euicc_certificate=certificate.euicc_certificate.hex().upper(),
        eum_certificate=certificate.eum_certificate.hex().upper(),
    )


@app.command()
def check(
    directory: Directory,
    eim: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An eIM of ours: compare its counters with the cards'."),
    ] = None,
) -> None:
    """Check that all cards are below one PKI, and that an eIM counts as they do.

    Exit code 3: a card and the eIM have different counters.

    euicc-sim fleet check fleet --eim eim1.json
    """
    with Fleet(directory) as fleet:
        fleet.check()
        console.print(Text(f"{len(fleet)} cards in {directory} are below one PKI"))
        if eim is None:
            return
        eim_id = eim_file.load(eim).eim_id
        differ = 0
        with closing(opened(eim, None)) as store:
            for eid in fleet:
                card = _counter(fleet, eid, eim_id)
                known = store.card(eid).counter
                if card != known:
                    differ += 1
                    console.print(Text(f"{eid}: the card has {card}, the eIM {known}"))
    if differ:
        raise typer.Exit(NOT_ALL)
    console.print(Text(f"the counters of {eim_id} are those of the cards"))


def _counter(fleet: Fleet, eid: str, eim_id: str) -> int | None:
    """The last counter that a card accepted from an eIM; None if it does not trust it."""
    _, state, _ = read(fleet.folder(eid))
    return next((one.counter for one in state.eims if one.eim_id == eim_id), None)


_RUN_HELP = (
    "Start Locust with devices of the fleet.\n\n"
    f"A device is one of {', '.join(_DEVICES)}. All but the first order for themselves, "
    "which takes an eIM of ours and its token. Everything else is Locust's: options that are not "
    "listed here go to it, such as --csv PREFIX, --html FILE, --processes 2, --master, --worker, "
    "and those of the devices: --order-token FILE, --download CODE, --relayed, --ca FILE, "
    "--insecure.\n\n"
    "\b\n"
    "euicc-sim fleet run fleet --eim http://127.0.0.1:8080 --run-time 1m\n"
    "euicc-sim fleet run fleet --eim http://127.0.0.1:8080 \\\n"
    "    --device Packages --order-token eim1.token\n"
)


@app.command(
    help=_RUN_HELP,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def run(
    context: typer.Context,
    directory: Directory,
    eim: Annotated[str, typer.Option(metavar="URL", help="Where the eIM is.")],
    device: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS[=WEIGHT]",
            help="The kind of device; repeatable, by weights, such as Packages=19. "
            "Default: PollOnly.",
        ),
    ] = None,
    users: Annotated[
        int | None, typer.Option(min=1, help="How many devices. Default: all cards.")
    ] = None,
    spawn_rate: Annotated[
        float, typer.Option(min=0.01, help="Devices that start each second.")
    ] = 50,
    run_time: Annotated[
        str | None, typer.Option(metavar="TIME", help="Such as 5m. Default: until Ctrl-C.")
    ] = None,
    every: Annotated[
        float, typer.Option(min=0.0, metavar="SECONDS", help="Between two tasks of a device.")
    ] = 20.0,
    web: Annotated[
        bool, typer.Option("--web", help="Start and watch it on Locust's page, 127.0.0.1:8089.")
    ] = False,
) -> None:
    """Start Locust with devices of the fleet."""
    _check_locust()
    with Fleet(directory) as fleet:
        fleet.check()
        count = len(fleet)
    weights = dict(map(_weighted, device or [_DEVICES[0]]))
    if users is not None and users > count:
        fail(
            f"{directory} has {count} cards, too few for {users} devices. Make more with: "
            f"euicc-sim fleet prepare {directory} --cards {users - count}"
        )
    options = {
        "--locustfile": str(Path(__file__).parents[1] / USERS),
        "--host": eim,
        "--fleet": str(directory),
        "--every": str(every),
        "--users": str(users or count),
        "--spawn-rate": str(spawn_rate),
        "--run-time": run_time,
        "--stop-timeout": STOP_SECONDS,
        "--web-host": "127.0.0.1" if web else None,
    }
    given = context.args
    words = [word for name, value in options.items() if value for word in (name, value)]
    if not web and not {"--worker", "--headless"} & set(given):
        words.append("--headless")
    configured = [
        json.dumps({"user_class_name": name, "weight": weight}) for name, weight in weights.items()
    ]
    words += [*weights, "--config-users", *configured]
    command = [sys.executable, "-m", "locust", *words, *given]
    sys.stdout.flush()
    os.execv(sys.executable, command)  # noqa: S606 Locust has a process of its own


def _weighted(word: str) -> tuple[str, int]:
    """A kind of device and its weight."""
    name, _, weight = word.partition("=")
    if name not in _DEVICES:
        fail(f"{name} is not a kind of device; choose {', '.join(_DEVICES)}.")
    if weight and not (
        weight.isascii() and weight.isdecimal() and len(weight) < 10 and int(weight)
    ):
        fail(f"{word}: the weight is a whole number from 1, such as {name}=19.")
    return name, int(weight or 1)


def _check_locust() -> None:
    if find_spec("locust") is None:
        fail(
            "This needs Locust, which is not installed. Install it: pip install 'euicc-sim[fleet]'"
        )
