"""`euicc-sim smds`: be an SM-DS, where SM-DP+s register what waits for a card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from apdu.words import plural
from euicc_sim.cli.console import columns, console, fail, log_line
from euicc_sim.cli.machine import JsonOption, print_json
from euicc_sim.cli.machine_parties import EventOutput
from euicc_sim.cli.server_options import (
    CONNECTIONS,
    REQUESTS,
    ConnectionsOption,
    RequestsOption,
    in_url,
    limits,
    name_in_urls,
)
from euicc_sim.crypto.chain import InvalidCertificateError, UnsupportedCurveError
from euicc_sim.parties.clients import Es12Client
from euicc_sim.parties.messages import Address, AddressError, LpaError, SmdppError
from euicc_sim.parties.smds import Smds
from euicc_sim.servers import ServerError, extra_needed
from euicc_sim.servers.tls import server_context, show, tls_credential, welcome_clients
from keys import Curve, Role, TestPki

if TYPE_CHECKING:
    from euicc_sim.servers.database import SmdsDatabase

DEFAULT_PORT = 8445
DATABASE = "events.db"

app = typer.Typer(
    name="smds",
    no_args_is_help=True,
    help="Be an SM-DS: tell cards which servers have something for them (ES11, ES12).",
)

Folder = Annotated[
    Path,
    typer.Argument(help=f"Where the events are kept, in {DATABASE}.", show_default=False),
]


@app.command()
def serve(
    folder: Folder,
    pki: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            help="The PKI of the cards, and of the servers that register events.",
            show_default=False,
        ),
    ],
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=0xFFFF, help="0 picks a free one.")
    ] = DEFAULT_PORT,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[:PORT]",
            help="The address that LPAs, cards and SM-DP+s use; port 443 without PORT.",
            show_default="localhost and the port",
        ),
    ] = None,
    root: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[:PORT]",
            help="The root SM-DS, where events with a forwardingIndicator are registered, too.",
            show_default="none: this is a root",
        ),
    ] = None,
    curve: Annotated[
        Curve | None, typer.Option(case_sensitive=False, help="Default: all that the PKI has.")
    ] = None,
    requests: RequestsOption = REQUESTS,
    connections: ConnectionsOption = CONNECTIONS,
) -> None:
    """Serve LPAs (ES11) and SM-DP+s (ES12) over HTTPS, until Ctrl-C.

    euicc-sim smds serve smds --pki card/pki
    """
    with _sentences():
        with extra_needed():
            from euicc_sim.servers.smds_app import smds_app
            from euicc_sim.servers.web_server import WebServer
        known, name = TestPki.load(pki), name_in_urls(host, address)
        credential = tls_credential(known, name, datetime.now(UTC), Role.DS_TLS)
        context = server_context(credential)
        welcome_clients(context, known.ci_certificates)

        def identify(tls: SSLContext) -> None:
            show(tls, credential)

        with ExitStack() as stack:
            may = limits(requests, connections)
            web = stack.enter_context(
                closing(WebServer(host, port, context, log_line, may, [name]))
            )
            called = address or in_url(name, web.port)
            if root is not None and Address.read(root) == Address.read(called):
                raise ServerError(
                    f"The SM-DS {called} cannot be below itself. Name a different one with --root, "
                    "or none if it is a root."
                )
            smds = _smds(known, curve, called)
            folder.mkdir(parents=True, exist_ok=True)
            smds.events = stack.enter_context(_opened(folder))
            if root is not None:
                smds.root = stack.enter_context(
                    Es12Client(
                        Address.read(root).url,
                        called,
                        trust=known.ci_certificates,
                        identify=identify,
                    )
                )
            web.run(smds_app(smds, log_line), lambda: _introduce(smds, host, web.port, folder))


@app.command()
def events(folder: Folder, as_json: JsonOption = False) -> None:
    """List the events that wait."""
    if not (folder / DATABASE).is_file():
        fail(f"{folder} has no {DATABASE}. Serve an SM-DS there: euicc-sim smds serve {folder}")
    with _sentences(), _opened(folder) as found:
        rows = list(found)
    if as_json:
        print_json([EventOutput.of(one) for one in rows])
        return
    if not rows:
        console.print(Text("no event waits"))
        return
    head = ("EID", "event", "server", "registered by", "at the root")
    cells = [
        (one.eid, one.event_id, one.address, one.owner, "yes" if one.forwarded else "")
        for one in rows
    ]
    console.print(columns(head, cells, {"EID"}))


def _smds(pki: TestPki, curve: Curve | None, address: str) -> Smds:
    curves = None if curve is None else (curve,)
    try:
        return Smds.of(pki, curves=curves, address=address, at=datetime.now(UTC))
    except (InvalidCertificateError, UnsupportedCurveError) as error:
        raise ServerError(
            f"This SM-DS would be refused by every card: {error}. Use a different PKI."
        ) from error


def _introduce(smds: Smds, host: str, port: int, folder: Path) -> None:
    waiting = smds.events.count()
    for words in (
        f"SM-DS {smds.address} listens at https://{in_url(host, port)}",
        f"{plural(waiting, 'event')} in {folder / DATABASE}; list with: "
        f"euicc-sim smds events {folder}",
        f"SM-DP+s register there: euicc-sim smdpp serve FOLDER --smds {smds.address}",
        f"what waits for a card: euicc-sim profile fetch --smds {smds.address}",
    ):
        console.print(Text(words))


@contextmanager
def _opened(folder: Path) -> Iterator[SmdsDatabase]:
    """The events of a folder; the database is made if there is none."""
    with extra_needed():
        from euicc_sim.servers.database import SmdsDatabase
    with SmdsDatabase(folder / DATABASE) as found:
        yield found


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except (ServerError, LpaError, SmdppError, AddressError) as error:
        fail(str(error))
