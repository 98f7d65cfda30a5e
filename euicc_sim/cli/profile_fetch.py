"""`euicc-sim profile fetch`: download Profiles from SM-DP+s over HTTPS, as any LPA does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Annotated

import typer
from rich.text import Text

from apdu.words import plural
from euicc_sim.cli.console import NOT_ALL, complain, console, fail, printable
from euicc_sim.cli.link import CardOption, ReaderOption, open_lpa
from euicc_sim.cli.profile_download import bar
from euicc_sim.cli.rsp_options import (
    SGP32_DEFAULT,
    CaOption,
    InsecureOption,
    PkiOption,
    Sgp32Option,
    authorities,
)
from euicc_sim.parties.clients import Es9Client, Es11Client, Smdpps
from euicc_sim.parties.lpa import DownloadResult, Lpa, Outcome, download_over_es9, fetch_events
from euicc_sim.parties.messages import (
    ActivationCode,
    ActivationCodeError,
    Address,
    AddressError,
    EventEntry,
    RspServer,
)


def fetch(
    code: Annotated[
        str | None,
        typer.Argument(help="An activation code: LPA:1$ADDRESS$MATCHING-ID.", show_default=False),
    ] = None,
    smds: Annotated[
        str | None,
        typer.Option(
            "--smds",
            metavar="[ADDRESS]",
            help="Download what an SM-DS has for the card; without ADDRESS, the card's root SM-DS.",
        ),
    ] = None,
    only_list: Annotated[
        bool, typer.Option("--list", help="With --smds: only list what waits there.")
    ] = False,
    card: CardOption = None,
    reader: ReaderOption = None,
    pki: PkiOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
    url: Annotated[
        str | None,
        typer.Option(help="Where the server is, if not at https:// and its address."),
    ] = None,
    confirmation_code: Annotated[
        str | None, typer.Option(metavar="CODE", help="The confirmation code, if one is required.")
    ] = None,
    notify: Annotated[
        bool, typer.Option("--notify/--no-notify", help="Report the outcome to the SM-DP+.")
    ] = True,
    sgp32: Sgp32Option = SGP32_DEFAULT,
) -> None:
    """Download a Profile from an SM-DP+ (ES9+) by its activation code, or those that an SM-DS
    knows of (ES11).

    euicc-sim profile fetch 'LPA:1$localhost:8443$TS48v1_A' --pki card/pki

    Exit code 0: all Profiles were installed. 3: an event of the SM-DS was not.
    """
    if (code is None) == (smds is None):
        fail("Give an activation code, or --smds for what an SM-DS has for the card.")
    if only_list and smds is None:
        fail("--list is for the events of an SM-DS. Add --smds.")
    trust = authorities(pki, ca)
    if code is None:
        with open_lpa(card, reader, sgp32) as lpa:
            search = _Search(lpa, trust, not insecure, confirmation_code, notify=notify)
            search.run(smds or lpa.root_smds(), url, only_list=only_list)
        return
    try:
        wanted = ActivationCode.parse(code)
    except ActivationCodeError as error:
        fail(str(error))
    with open_lpa(card, reader, sgp32) as lpa:
        with bar(wanted.matching_id or wanted.address) as tell:
            done = download_over_es9(
                lpa,
                wanted,
                trust=trust,
                verify=not insecure,
                url=url,
                confirmation_code=confirmation_code,
                progress=tell,
            )
        _say_installed(done)
        if notify:
            where = url or f"https://{wanted.address}"
            with Es9Client(
                where, trust=trust, verify=not insecure, address=wanted.address
            ) as server:
                _notify(lpa, server)


class _Search:
    """What an SM-DS has for a card, downloaded."""

    def __init__(
        self, lpa: Lpa, trust: list[bytes], verify: bool, code: str | None, *, notify: bool
    ) -> None:
        self._lpa = lpa
        self._trust, self._verify = trust, verify
        self._code, self._to_notify = code, notify

    def run(self, address: str, url: str | None, *, only_list: bool) -> None:
        """Ask the SM-DS at that address, which is at `url`."""
        events = self._events(address, url)
        for words in _listed(events, address):
            console.print(Text(printable(words)))
        if only_list:
            return
        with self._servers() as servers:

            def download(event: EventEntry) -> DownloadResult:
                with bar(event.event_id) as tell:
                    return self._lpa.download(
                        servers(event.address),
                        matching_id=event.event_id,
                        confirmation_code=self._code,
                        progress=tell,
                    )

            def ask(event: EventEntry) -> Sequence[EventEntry]:
                found = self._lpa.discover(servers(event.address), event.event_id)
                for words in _listed(found, event.address):
                    console.print(Text(printable(words)))
                return found

            done = [self._say(one, servers) for one in fetch_events(events, download, ask)]
        if not all(done):
            raise typer.Exit(NOT_ALL)

    def _events(self, address: str, url: str | None) -> Sequence[EventEntry]:
        try:
            where = url or Address.read(address).url
        except AddressError as error:
            fail(str(error))
        with Es11Client(where, trust=self._trust, verify=self._verify, address=address) as server:
            return self._lpa.discover(server)

    @contextmanager
    def _servers(self) -> Iterator[Smdpps]:
        with closing(Smdpps(self._trust, self._verify)) as found:
            yield found

    def _say(self, outcome: Outcome, servers: Smdpps) -> bool:
        """Say what became of an event, and tell its SM-DP+; whether there is a Profile."""
        event = outcome.event
        if outcome.profile is None:
            complain(f"{event.event_id} at {event.address}: {outcome.error}")
            return False
        _say_installed(outcome.profile)
        if self._to_notify:
            _notify(self._lpa, servers(event.address))
        return True


def _listed(events: Sequence[EventEntry], address: str) -> Iterator[str]:
    count = len(events)
    yield f"{count or 'no'} event{'' if count == 1 else 's'} at the SM-DS {address}"
    for one in events:
        yield f"  {one.event_id} at {one.address}"


def _say_installed(done: DownloadResult) -> None:
    aid = done.aid.hex().upper()
    console.print(Text(f"{done.iccid} installed as {aid}, result {done.seq_number}"))


def _notify(lpa: Lpa, server: RspServer) -> None:
    told = lpa.process_notifications(server)
    console.print(Text(f"{plural(len(told), 'notification')} taken by {server.address}"))
