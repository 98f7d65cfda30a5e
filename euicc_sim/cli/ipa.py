"""`euicc-sim ipa`: be the IPA of a device: poll an eIM and do with a card what it orders."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim.cli.console import console, fail, log_line
from euicc_sim.cli.ipa_run import poll_once, run
from euicc_sim.cli.ipa_setup import (
    EimIdOption,
    EimOption,
    EnableOption,
    ModeOption,
    PauseOption,
    PlmnOption,
    Setup,
    StateOption,
    TriesOption,
    VersionOption,
    plmn_of,
)
from euicc_sim.cli.link import CardOption, ReaderOption, open_link
from euicc_sim.cli.rsp_options import (
    SGP32_DEFAULT,
    BindingOption,
    CaOption,
    InsecureOption,
    PkiOption,
    Sgp32Option,
    authorities,
    wire_named,
)
from euicc_sim.cli.server_options import (
    CertificateOption,
    ClientCaOption,
    KeyOption,
    TlsOption,
    tls_context,
)
from euicc_sim.parties.clients import Binding, EsipaVersion
from euicc_sim.parties.ipa import DownloadMode, EnableAtOnce, Ipa
from euicc_sim.parties.messages import LpaError
from euicc_sim.servers import ServerError, extra_needed

DEFAULT_PORT = 8081

app = typer.Typer(
    name="ipa",
    no_args_is_help=True,
    help="Be an IPA: poll an eIM over ESipa and do with a card what it orders.",
)


@app.command()
def poll(
    card: CardOption = None,
    reader: ReaderOption = None,
    eim: EimOption = None,
    eim_id: EimIdOption = None,
    download: ModeOption = DownloadMode.DIRECT,
    tries: TriesOption = 3,
    pause: PauseOption = 2.0,
    esipa: VersionOption = EsipaVersion.V1_2,
    binding: BindingOption = Binding.ASN1,
    sgp32: Sgp32Option = SGP32_DEFAULT,
    immediate_enable: EnableOption = EnableAtOnce.DEFAULT_SMDP,
    state: StateOption = None,
    plmn: PlmnOption = None,
    pki: PkiOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
) -> None:
    """Fetch and carry out what the eIM has, until there is nothing left.

    Exit code 0: all done. 3: done, but an order was refused, or a notification or result stays on
    the card. 1: not done, such as when the eIM cannot be reached.

    euicc-sim ipa poll --card card --eim http://127.0.0.1:8080
    """
    setup = Setup(
        card,
        reader,
        eim,
        eim_id,
        download,
        tries,
        pause,
        esipa,
        authorities(pki, ca),
        not insecure,
        wire_named(sgp32),
        immediate_enable,
        binding,
        state,
        plmn_of(plmn),
    )
    poll_once(setup)


app.command()(run)


@app.command()
def listen(
    card: CardOption = None,
    reader: ReaderOption = None,
    eim_id: EimIdOption = None,
    download: ModeOption = DownloadMode.DIRECT,
    host: Annotated[
        str, typer.Option(help="Where to listen: anybody who can reach it can send packages.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=0xFFFF, help="0 picks a free one.")
    ] = DEFAULT_PORT,
    sgp32: Sgp32Option = SGP32_DEFAULT,
    tls: TlsOption = False,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="The DNS name in the certificate.")
    ] = "localhost",
    certificate: CertificateOption = None,
    key: KeyOption = None,
    client_ca: ClientCaOption = None,
    pki: PkiOption = None,
) -> None:
    """Wait for an eIM to deliver packages (see eim push), until Ctrl-C."""
    wire = wire_named(sgp32)
    try:
        with extra_needed():
            from euicc_sim.servers.ipa_app import ipa_app
            from euicc_sim.servers.web_server import WebServer

        def transferred(message: bytes) -> bytes:
            with open_link(card, reader) as link:
                ipa = Ipa(
                    link.transmit, _Nobody(), None, download, eim_id, tell=log_line, wire=wire
                )
                return ipa.transferred(message)

        context = tls_context(name, tls, pki, certificate, key, client_ca)
        with closing(WebServer(host, port, context, log_line, names=[name])) as web:
            bracketed = f"[{host}]" if ":" in host else host
            scheme = "https" if context else "http"
            words = Text(f"the IPA listens at {scheme}://{bracketed}:{web.port}")
            web.run(ipa_app(transferred, log_line), lambda: console.print(words))
    except ServerError as error:
        fail(str(error))


class _Nobody:
    """No eIM is asked for anything."""

    def exchange(self, message: bytes) -> bytes:
        raise LpaError("This IPA only listens. Poll the eIM, with: euicc-sim ipa poll")
