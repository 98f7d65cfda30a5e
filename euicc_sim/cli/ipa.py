"""`euicc-sim ipa`: be the IPA of a device: poll an eIM and do with a card what it orders."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim.asn1.wire import Wire
from euicc_sim.cli.console import NOT_ALL, console, fail, log_line
from euicc_sim.cli.link import CardOption, ReaderOption, open_link
from euicc_sim.cli.rsp_options import (
    SGP32_DEFAULT,
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
from euicc_sim.parties.clients import EsipaClient, EsipaVersion, Smdpps, spoken
from euicc_sim.parties.ipa import DownloadMode, EnableAtOnce, Ipa, IpaCard, Poll
from euicc_sim.parties.messages import Address, AddressError, LpaError
from euicc_sim.servers import ServerError, extra_needed
from euicc_sim.transport.pcsc import PcscError

DEFAULT_PORT = 8081

app = typer.Typer(
    name="ipa",
    no_args_is_help=True,
    help="Be an IPA: poll an eIM over ESipa and do with a card what it orders.",
)

EimOption = Annotated[
    str | None,
    typer.Option(
        "--eim", metavar="URL", help="Where the eIM is.", show_default="https:// and its eimFqdn"
    ),
]
EimIdOption = Annotated[
    str | None,
    typer.Option(
        "--eim-id", metavar="ID", help="Which of the card's eIMs to poll, if there are several."
    ),
]
ModeOption = Annotated[
    DownloadMode,
    typer.Option("--download", help="Who talks to SM-DP+s: the IPA itself, or the eIM for it."),
]
EnableOption = Annotated[
    EnableAtOnce,
    typer.Option(
        "--immediate-enable",
        help="After which downloads to ask the card to enable the Profile at once.",
    ),
]
TriesOption = Annotated[
    int, typer.Option(min=1, help="How many times to try to deliver a result to the eIM.")
]
VersionOption = Annotated[
    EsipaVersion, typer.Option("--esipa", help="The version of SGP.32 that the eIM speaks.")
]
PauseOption = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="Time between two of these tries.")
]


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
    sgp32: Sgp32Option = SGP32_DEFAULT,
    immediate_enable: EnableOption = EnableAtOnce.DEFAULT_SMDP,
    pki: PkiOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
) -> None:
    """Fetch and carry out what the eIM has, until there is nothing left.

    Exit code 0: all done. 3: done, but an order was refused, or a notification or result stays on
    the card. 1: not done, such as when the eIM cannot be reached.

    euicc-sim ipa poll --card card --eim http://127.0.0.1:8080
    """
    trust = authorities(pki, ca)
    _poll(
        _Options(
            card,
            reader,
            eim,
            eim_id,
            download,
            tries,
            pause,
            esipa,
            trust,
            insecure,
            wire_named(sgp32),
            immediate_enable,
        )
    )


@app.command()
def run(
    card: CardOption = None,
    reader: ReaderOption = None,
    eim: EimOption = None,
    eim_id: EimIdOption = None,
    download: ModeOption = DownloadMode.DIRECT,
    tries: TriesOption = 3,
    pause: PauseOption = 2.0,
    esipa: VersionOption = EsipaVersion.V1_2,
    sgp32: Sgp32Option = SGP32_DEFAULT,
    every: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Between polls.")] = 30.0,
    once: Annotated[bool, typer.Option("--once", help="Stop after the first poll.")] = False,
    immediate_enable: EnableOption = EnableAtOnce.DEFAULT_SMDP,
    pki: PkiOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
) -> None:
    """Poll again and again, until Ctrl-C."""
    trust = authorities(pki, ca)
    options = _Options(
        card,
        reader,
        eim,
        eim_id,
        download,
        tries,
        pause,
        esipa,
        trust,
        insecure,
        wire_named(sgp32),
        immediate_enable,
    )
    if once:
        _poll(options)
        return
    try:
        while True:
            try:
                options.poll()
            except (LpaError, PcscError) as error:
                log_line(str(error), refused=True)
            time.sleep(every)
    except KeyboardInterrupt:
        return


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


class _Options:
    """What a poll needs to know."""

    def __init__(
        self,
        card: Path | None,
        reader: str | None,
        eim: str | None,
        eim_id: str | None,
        mode: DownloadMode,
        tries: int,
        pause: float,
        version: EsipaVersion,
        trust: list[bytes],
        insecure: bool,
        wire: Wire,
        enable: EnableAtOnce,
    ) -> None:
        self._card, self._reader = card, reader
        self._eim, self._eim_id, self._mode = eim, eim_id, mode
        self._tries, self._pause, self._version = tries, pause, version
        self._trust, self._verify = trust, not insecure
        self._wire, self._enable = wire, enable

    def poll(self) -> Poll:
        """One poll. Raises LpaError, PcscError, CardError."""
        with open_link(self._card, self._reader) as link:
            url = self._eim or self._url(IpaCard(link.transmit, self._wire))
            with EsipaClient(url, trust=self._trust, verify=self._verify) as eim:
                found = Ipa(
                    link.transmit,
                    spoken(eim, self._version),
                    Smdpps(self._trust, self._verify),
                    self._mode,
                    self._eim_id,
                    self._tries,
                    self._pause,
                    log_line,
                    self._wire,
                    self._enable,
                ).poll()
        count = found.packages
        log_line(
            f"{count or 'no'} package{'' if count == 1 else 's'} done, the eIM has nothing more"
        )
        return found

    def _url(self, card: IpaCard) -> str:
        eims = [one for one in card.eims() if self._eim_id in (None, one.eim_id)]
        name = next((one.fqdn for one in eims if one.fqdn), None)
        if name is None:
            raise LpaError("The card does not know where its eIM is. Pass --eim URL.")
        try:
            return Address.read(name).url
        except AddressError as error:
            raise LpaError(
                f"The card does not know where its eIM is: {error} Or pass --eim URL."
            ) from error


def _poll(options: _Options) -> None:
    try:
        found = options.poll()
    except (LpaError, PcscError) as error:
        fail(str(error))
    if not found.done:
        raise typer.Exit(NOT_ALL)
