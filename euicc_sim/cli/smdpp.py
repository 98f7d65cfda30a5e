"""`euicc-sim smdpp`: be an SM-DP+ for LPAs that are not ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLContext
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim.cli.console import console, fail, log_line
from euicc_sim.cli.machine import JsonOption, print_json
from euicc_sim.cli.rsp_options import (
    HIGHEST_SVN,
    LOWEST_SVN,
    HighestSvnOption,
    LowestSvnOption,
    svn_range,
)
from euicc_sim.cli.server_options import (
    CONNECTIONS,
    REQUESTS,
    ClientCaOption,
    ConnectionsOption,
    RequestsOption,
    demand_clients,
    in_url,
    limits,
    name_in_urls,
)
from euicc_sim.cli.smdpp_database import opened_orders
from euicc_sim.cli.smdpp_order import order
from euicc_sim.cli.smdpp_qr import draw_codes
from euicc_sim.cli.smdpp_tables import (
    LISTED,
    OrderOutput,
    how_to_download,
    listed_codes,
    trusted,
)
from euicc_sim.crypto.chain import InvalidCertificateError, UnsupportedCurveError
from euicc_sim.parties.clients import Es2PlusClient, EventRegistries
from euicc_sim.parties.messages import Address, AddressError, LpaError, SmdppError
from euicc_sim.parties.smdpp import Es2Plus, EventKeeper, Orders, Smdpp
from euicc_sim.servers import ServerError, extra_needed
from euicc_sim.servers.order_token import SUFFIX, OrderToken
from euicc_sim.servers.tls import server_context, show, tls_credential
from keys import Curve, TestPki
from keys.credential import Credential

DEFAULT_PORT = 8443

_ORDERS = "orders"

app = typer.Typer(
    name="smdpp",
    no_args_is_help=True,
    help="Be an SM-DP+: give out profile packages over HTTPS (ES9+).",
)

Folder = Annotated[
    Path,
    typer.Argument(
        help="Profile packages, NAME.der or NAME.upp, where NAME is the matchingId; "
        "NAME.toml beside one can add metadata, and who may download it, when and how often.",
        show_default=False,
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME[:PORT]",
        help="The address that LPAs and cards use; port 443 without PORT.",
        show_default="localhost and the port",
    ),
]


@app.command()
def serve(
    folder: Folder,
    pki: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="The PKI that the cards were made with.", show_default=False
        ),
    ],
    host: Annotated[
        str, typer.Option(help="Where to listen: anybody who can reach it can get the packages.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=0xFFFF, help="0 picks a free one.")
    ] = DEFAULT_PORT,
    address: AddressOption = None,
    tls: Annotated[
        bool,
        typer.Option("--tls/--no-tls", help="--no-tls is for use behind a proxy that speaks TLS."),
    ] = True,
    curve: Annotated[
        Curve | None, typer.Option(case_sensitive=False, help="Default: all that the PKI has.")
    ] = None,
    client_ca: ClientCaOption = None,
    es2plus: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=0xFFFF,
            metavar="PORT",
            help="Where operators order Profiles (ES2+).",
            show_default="nowhere",
        ),
    ] = None,
    operator_ca: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Only operators with a TLS certificate of this CA may order; repeatable.",
            show_default="who has the token in FOLDER/orders.token",
        ),
    ] = None,
    operator: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A server of the operator that is told how far downloads have come (ES2+); "
            "with https, its certificate is below a CI of the PKI.",
            show_default="nobody",
        ),
    ] = None,
    smds: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="The SM-DS where orders for one card are registered, if they name none.",
            show_default="nowhere",
        ),
    ] = None,
    lowest_svn: LowestSvnOption = LOWEST_SVN,
    highest_svn: HighestSvnOption = HIGHEST_SVN,
    requests: RequestsOption = REQUESTS,
    connections: ConnectionsOption = CONNECTIONS,
) -> None:
    """Serve the profile packages of a folder, until Ctrl-C.

    euicc-sim smdpp serve packages --pki card/pki
    """
    with _sentences():
        with extra_needed():
            from euicc_sim.servers.es2plus_app import es2plus_app
            from euicc_sim.servers.es9_app import es9_app
            from euicc_sim.servers.event_registration import EventRegistration
            from euicc_sim.servers.progress_reports import ProgressReports
            from euicc_sim.servers.web_server import WebServer
        svns = svn_range(lowest_svn, highest_svn)
        known, name = TestPki.load(pki), name_in_urls(host, address)
        if operator_ca and es2plus is None:
            raise ServerError("--operator-ca is for ES2+. Name its port: --es2plus PORT.")
        credential = tls_credential(known, name, datetime.now(UTC)) if tls else None
        if smds is not None:
            Address.read(smds)
        shown = _context(credential, "--client-ca", client_ca)
        may = limits(requests, connections)
        with ExitStack() as stack:
            web = stack.enter_context(closing(WebServer(host, port, shown, log_line, may, [name])))
            called = address or in_url(name, web.port)
            orders = stack.enter_context(opened_orders(folder, called))
            smdpp = _smdpp(known, curve, called, orders)
            smdpp.lowest_svn, smdpp.highest_svn = svns
            identify = _identify(known, name, credential)
            registries = EventRegistries(called, known.ci_certificates, identify)
            stack.callback(registries.close)
            keeper = EventKeeper(orders, registries, called, smds or "")
            registration = EventRegistration(keeper, log_line)
            orders.changed = registration.changed
            scheme = "https" if tls else "http"
            url, ordering = f"{scheme}://{in_url(host, web.port)}", None

            if operator is not None:
                client = Es2PlusClient(operator, called, trust=known.ci_certificates)
                stack.enter_context(client)
                reports = ProgressReports(client.handle_download_progress_info, log_line)
                smdpp.progress = reports.add
                stack.enter_context(reports.running())
            if es2plus is not None:
                asked = _context(credential, "--operator-ca", operator_ca)
                token = None if operator_ca else OrderToken.kept(folder / f"{_ORDERS}{SUFFIX}")
                desk = WebServer(host, es2plus, asked, log_line, may, [name])
                stack.enter_context(closing(desk))
                es2 = es2plus_app(Es2Plus(smdpp.orders, called, events=keeper), log_line, token)
                stack.enter_context(desk.running(es2))
                who = "a certificate" if token is None else f"the token in {token.path}"
                ordering = f"{scheme}://{in_url(host, desk.port)} (ES2+), with {who}"
            stack.enter_context(registration.running())
            web.run(
                es9_app(smdpp, log_line),
                lambda: _introduce(smdpp, url, ordering, pki),
            )


@app.command()
def codes(
    folder: Folder,
    address: AddressOption = None,
    qr: Annotated[
        str | None,
        typer.Option(
            "--qr",
            metavar="[DIR]",
            help="As QR codes: on the terminal, or as DIR/NAME.png, in a new folder.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the activation codes of a folder.

    euicc-sim smdpp codes packages --qr
    """
    with _sentences():
        called = address or in_url("localhost", DEFAULT_PORT)
        with opened_orders(folder, called) as orders:
            if as_json:
                print_json([OrderOutput.of(one, called) for one in orders])
            elif qr is None:
                console.print(Text(listed_codes(orders, called)))
            else:
                draw_codes(orders, called, Path(qr) if qr else None)


app.command()(order)


def _context(
    credential: Credential | None, option: str, ca: list[Path] | None
) -> SSLContext | None:
    """TLS with that certificate, which serves only clients of these CAs. Raises ServerError."""
    if credential is None:
        if ca:
            raise ServerError(f"{option} needs HTTPS: leave --no-tls out.")
        return None
    found = server_context(credential)
    demand_clients(found, ca)
    return found


def _identify(
    pki: TestPki, name: str, credential: Credential | None
) -> Callable[[SSLContext], None]:
    """Shows SM-DSs the TLS certificate of this SM-DP+, or nothing if the PKI has none."""

    def identify(context: SSLContext) -> None:
        with suppress(ServerError):
            show(context, credential or tls_credential(pki, name, datetime.now(UTC)))

    return identify


def _introduce(smdpp: Smdpp, url: str, ordering: str | None, pki: Path) -> None:
    for words in (
        f"SM-DP+ {smdpp.address} listens at {url}",
        *([] if ordering is None else [f"Operators order at {ordering}"]),
        trusted(pki, smdpp.identities),
        listed_codes(smdpp.orders, smdpp.address, LISTED),
        how_to_download(smdpp.orders, smdpp.address),
    ):
        console.print(Text(words))


def _smdpp(pki: TestPki, curve: Curve | None, address: str, orders: Orders) -> Smdpp:
    curves = None if curve is None else (curve,)
    try:
        found = Smdpp.of(pki, curves=curves, address=address, at=datetime.now(UTC))
    except (InvalidCertificateError, UnsupportedCurveError) as error:
        raise ServerError(
            f"This SM-DP+ would be refused by every card: {error}. Use a different PKI."
        ) from error
    found.orders = orders
    return found


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except (ServerError, LpaError, SmdppError, AddressError) as error:
        fail(str(error))
