"""The part of `euicc-sim eim` that serves many cards: the server, orders and results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer
from cryptography import x509
from rich.text import Text

from euicc_sim.cli.console import NOT_ALL, console, fail, log_line
from euicc_sim.cli.eim_bytes import bytes_from, file_content
from euicc_sim.cli.eim_database import DatabaseOption, database_of, opened
from euicc_sim.cli.eim_server_tables import (
    card_table,
    cards_table,
    result_tables,
)
from euicc_sim.cli.machine import JsonOption, print_json
from euicc_sim.cli.machine_parties import CardSummaryOutput, ResultOfOrderOutput
from euicc_sim.cli.progress import counting
from euicc_sim.cli.rsp_options import (
    BindingOption,
    CaOption,
    InsecureOption,
    PkiOption,
    authorities,
)
from euicc_sim.cli.server_options import (
    CONNECTIONS,
    REQUESTS,
    CertificateOption,
    ClientCaOption,
    ConnectionsOption,
    KeyOption,
    RequestsOption,
    TlsOption,
    limits,
    tls_context,
)
from euicc_sim.parties.clients import Binding, EsipaClient, Smdpps
from euicc_sim.parties.eim import Eim, card_list, eim_file, operation_words
from euicc_sim.parties.eim.server import EimService, EsipaFunctions, orders
from euicc_sim.parties.eim.server import push as push_all
from euicc_sim.parties.messages import EimError, LpaError
from euicc_sim.servers import ServerError, extra_needed
from euicc_sim.servers.order_token import SUFFIX, OrderToken
from euicc_sim.servers.outgoing import Outgoing
from euicc_sim.servers.workers import run_workers

DEFAULT_PORT = 8080
SMDP_SECONDS = 10.0
"""How long an SM-DP+ may take for an answer to the eIM."""

File = Annotated[Path, typer.Argument(help="The eIM's file.", show_default=False)]
Eid = Annotated[str, typer.Argument(metavar="EID", help="The card's EID, 32 digits.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The order's number.")]


def serve(
    file: File,
    database: DatabaseOption = None,
    host: Annotated[
        str,
        typer.Option(help="Where to listen."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=0xFFFF, help="0 picks a free one.")
    ] = DEFAULT_PORT,
    tls: TlsOption = False,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The DNS name in it.", show_default="the eimFqdn"),
    ] = None,
    certificate: CertificateOption = None,
    key: KeyOption = None,
    client_ca: ClientCaOption = None,
    pki: PkiOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
    keep_results: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Keep the last N of each card.", show_default="all of them"
        ),
    ] = None,
    token: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where the token for orders over HTTP is, or is to be made.",
            show_default="FILE's name and .token",
        ),
    ] = None,
    smdp_allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST[:PORT]",
            help="An SM-DP+ at an address that is not public; repeat for several.",
        ),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="Processes that serve.")
    ] = 1,
    requests: RequestsOption = REQUESTS,
    connections: ConnectionsOption = CONNECTIONS,
) -> None:
    """Serve IPAs (ESipa), until Ctrl-C.

    euicc-sim eim serve eim1.json
    """
    try:
        with extra_needed():
            from euicc_sim.servers.esipa_app import esipa_app
            from euicc_sim.servers.web_server import WebServer
        kept = database_of(file, database)
        orders_token = OrderToken.kept(token or file.with_suffix(SUFFIX))
        resolve = Outgoing.of(host, smdp_allow or ())
        eim = eim_file.load(file)
        opened(file, database).close()  # made and looked at before anything listens
        called = name or (eim.fqdn or "localhost").partition(":")[0]
        context = tls_context(called, tls, pki, certificate, key, client_ca)
        may = limits(requests, connections)
        with closing(WebServer(host, port, context, log_line, may, [called])) as web:

            def work(started: Callable[[], None] = lambda: None) -> None:
                options = (pki, ca, insecure, keep_results, resolve)
                with _service(file, database, *options) as service, service.forwarder.running():
                    web.run(esipa_app(service, log_line, orders_token), started)

            def introduce() -> None:
                bracketed = f"[{host}]" if ":" in host else host
                url = f"{'https' if context else 'http'}://{bracketed}:{web.port}"
                _introduce(eim, file, kept, url, orders_token)

            if workers == 1:
                work(introduce)
            else:
                introduce()
                run_workers(workers, work, log_line)
    except ServerError as error:
        fail(str(error))


_ORDER_HELP = f"""Order something for a card; a running server delivers it.

An order is a package with operations of the first or the second group, or one of the third:

\b
{operation_words.SYNTAX.replace(chr(10) * 2, chr(10) * 2 + chr(8) + chr(10))}

\b
{orders.SYNTAX}

The package is signed when the IPA fetches it."""


def order(
    file: File,
    eid: Eid,
    words: Annotated[list[str], typer.Argument(metavar="OP...", help="See above.")],
    database: DatabaseOption = None,
) -> None:
    """Order something for a card."""
    with _service(file, database) as service:
        found = service.order(eid, words)
    console.print(Text(f"{found.what} waits for {eid}"))


def card(
    file: File,
    eid: Eid,
    database: DatabaseOption = None,
    counter: Annotated[
        int | None, typer.Option(min=0, help="The last one used.", show_default=False)
    ] = None,
    token: Annotated[
        int | None, typer.Option(min=1, help="One that the card assigned.", show_default=False)
    ] = None,
    certificate: Annotated[
        str | None,
        typer.Option(metavar="CERT", help="Its certificate, or its answer to GetCerts (BF56)."),
    ] = None,
    again: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Deliver a held or postponed order.")
    ] = None,
    withdraw: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Withdraw an order.")
    ] = None,
) -> None:
    """Show what is known of a card; options change it first, and add a card that is new."""
    der = None if certificate is None else bytes_from(certificate, "--certificate")
    with _service(file, database) as service:
        if (counter, token, der) != (None, None, None):
            service.set_card(eid, counter=counter, token=token, certificate=der)
        if again is not None:
            service.again(eid, again)
        if withdraw is not None:
            service.withdraw(eid, withdraw)
        store = service.store
        table = card_table(store.card(eid), store.queue(eid), store.waiting(eid))
    console.print(table)


def cards(file: File, database: DatabaseOption = None, as_json: JsonOption = False) -> None:
    """List the cards of a server."""
    with _service(file, database) as service:
        found = service.store.cards()
    if as_json:
        print_json([CardSummaryOutput.of(one) for one in found])
    else:
        console.print(cards_table(found))


def results(
    file: File,
    eid: Eid,
    database: DatabaseOption = None,
    last: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the last ones.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the results of a card's orders.

    Exit code 0: everything shown was done. 3: something was refused or failed.
    """
    with _service(file, database) as service:
        shown = service.store.results(eid, last=last)
    if as_json:
        print_json([ResultOfOrderOutput.of(one) for one in shown])
    else:
        for one in shown:
            for table in result_tables(one):
                console.print(table)
    if not shown and not as_json:
        console.print(Text(f"{eid} has no results yet"))
    if any(one.state != "done" for one in shown):
        raise typer.Exit(NOT_ALL)


def push(
    file: File,
    eid: Eid,
    ipa: Annotated[str, typer.Option("--ipa", metavar="URL", help="Where the IPA listens.")],
    database: DatabaseOption = None,
    binding: BindingOption = Binding.ASN1,
    pki: PkiOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
) -> None:
    """Deliver the waiting packages of a card to a listening IPA (see ipa listen)."""
    try:
        trust = authorities(pki, ca)
        client = EsipaClient(ipa, binding=binding, trust=trust, verify=not insecure)
        with _service(file, database) as service, client:
            count = push_all(EsipaFunctions(service), eid, client)
    except LpaError as error:
        fail(str(error))
    console.print(Text(f"{count} delivered"))


def import_cards(
    file: File,
    listed: Annotated[
        Path, typer.Argument(metavar="LIST", help="As euicc-sim fleet prepare writes it.")
    ],
    database: DatabaseOption = None,
) -> None:
    """Make the cards of a list known, each with its certificate and the token that it gave.

    A card that is known keeps its counter; the list can be imported again, also while the eIM is
    served.

    euicc-sim eim import eim1.json fleet/cards.jsonl
    """
    found = list(card_list.read(file_content(str(listed), "LIST")))
    with (
        _service(file, database) as service,
        counting("cards", len(found)) as advance,
    ):
        for one in found:
            try:
                token, certificate = one.token(service.eim), one.certificate
                service.set_card(one.eid, token=token, certificate=certificate)
            except EimError as error:
                raise EimError(f"{listed}, the card {one.eid}: {error}") from error
            advance()
    console.print(Text(f"{len(found)} cards of {listed} are known to {file}"))


COMMANDS = (serve, cards, card, results, push)


def add_to(app: typer.Typer) -> None:
    """Make these commands of `euicc-sim eim`."""
    for one in COMMANDS:
        app.command()(one)
    app.command(help=_ORDER_HELP)(order)
    app.command("import")(import_cards)


def _introduce(eim: Eim, file: Path, database: Path, url: str, token: OrderToken) -> None:
    for words in (
        f"eIM {eim.eim_id} listens at {url}",
        f"cards are kept in {database}",
        f"order with: euicc-sim eim order {file} EID OP",
        f"or over HTTP, with the token in {token.path}: {url}/openapi.json",
    ):
        console.print(Text(words))


@contextmanager
def _service(
    file: Path,
    database: Path | None,
    pki: Path | None = None,
    ca: list[Path] | None = None,
    insecure: bool = False,
    keep_results: int | None = None,
    resolve: Outgoing | None = None,
) -> Iterator[EimService]:
    """The eIM of a file and its database, which is made unless it exists."""
    cis = authorities(pki, None)
    trust = authorities(None, ca) + cis
    eim = eim_file.load(file)
    with closing(opened(file, database, keep_results)) as store:
        yield EimService(
            eim,
            store,
            servers=Smdpps(trust, not insecure, SMDP_SECONDS, resolve),
            tell=log_line,
            authorities=[x509.load_der_x509_certificate(one) for one in cis],
        )
