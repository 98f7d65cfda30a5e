"""`euicc-sim ipa run`: an IPA that polls for weeks."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Annotated

import typer

from euicc_sim import Card, CardError
from euicc_sim.cli.console import NOT_ALL, fail, log_line
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
    said,
)
from euicc_sim.cli.link import CardOption, ReaderOption
from euicc_sim.cli.machine import print_json_line
from euicc_sim.cli.machine_parties import ReportOutput
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
from euicc_sim.cli.signals import Stop
from euicc_sim.env import SystemEnv
from euicc_sim.parties.clients import Binding, EsipaClient, EsipaVersion
from euicc_sim.parties.ipa import (
    DownloadMode,
    EnableAtOnce,
    Memory,
    Pace,
    Poll,
    Report,
    Resident,
    ShortMemory,
    StoppedError,
    polled,
)
from euicc_sim.parties.messages import LpaError
from euicc_sim.store import CardInUseError
from euicc_sim.transport.pcsc import PcscCard, PcscError


def run(
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
    every: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Between polls.")] = 30.0,
    longest: Annotated[
        float,
        typer.Option(
            "--longest-pause", min=0.1, metavar="SECONDS", help="After failures, at most."
        ),
    ] = 300.0,
    summary: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Between summaries in the log.")
    ] = 3600.0,
    once: Annotated[bool, typer.Option("--once", help="Stop after the first poll.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: each line of the log is JSON.")
    ] = False,
    pki: PkiOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
) -> None:
    """Poll again and again, until Ctrl-C or SIGTERM.

    Whatever fails is tried again: the eIM, the network, the reader. The card is free for other
    programs between polls.
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
    if once:
        poll_once(setup, _json_line if as_json else None)
    else:
        pace = Pace(every, longest=longest, summary=summary)
        _run(setup, pace, _json_line if as_json else _line)


def poll_once(setup: Setup, report: Callable[[Report], None] | None = None) -> None:
    """Poll, and exit with 1 or 3 unless all was done; `report` takes each line, if not the log."""
    told = report or _line
    try:
        found = setup.poll(lambda text: told(Report("step", text)))
    except (LpaError, PcscError) as error:
        if report is None:
            fail(str(error))
        report(Report("failure", str(error)))
        raise typer.Exit(1) from error
    told(polled(found, said(found)))
    if not found.done:
        raise typer.Exit(NOT_ALL)


def _run(setup: Setup, pace: Pace, report: Callable[[Report], None]) -> None:
    if setup.card is not None:  # a reader may come later, a directory does not
        with suppress(CardInUseError), setup.link():
            pass
    try:
        memory = setup.memory() or ShortMemory()
    except LpaError as error:
        fail(str(error))
    env = SystemEnv()
    with Stop() as stop, closing(_Kept(setup, memory, stop, report)) as kept:
        resident = Resident(
            kept.poll,
            kept.let_go,
            report,
            stop.wait,
            lambda: int.from_bytes(env.random(2)) / 0xFFFF,
            pace,
            (PcscError, CardError),
        )
        kept.remains = resident.remains
        # With what the program consists of left out, full collections come often and are short;
        # else cycles that polls leave behind add up to megabytes before the first one.
        gc.freeze()
        gc.collect()
        resident.run()


class _Kept:
    """The link to the card and the connections, kept from poll to poll.

    A card in a directory is opened for each poll, so that other commands can use it in between.
    """

    def __init__(
        self, setup: Setup, memory: Memory, stop: Stop, report: Callable[[Report], None]
    ) -> None:
        self._setup = setup
        self._stop = stop
        self._report = report
        self._smdpps = setup.smdpps()
        self._memory = memory
        self._link: Card | PcscCard | None = None
        self._eim: EsipaClient | None = None
        self.remains: Callable[[str], None] = self._tell

    def poll(self) -> Poll:
        """One poll. Raises LpaError, PcscError, CardError, StoppedError."""
        setup = self._setup
        try:
            if self._link is None:
                self._link = setup.link().__enter__()
            if self._eim is None:
                self._eim = setup.connection(self._link)
            found = setup.ipa(
                self._link,
                self._eim,
                self._smdpps,
                self._tell,
                self._memory,
                remains=self.remains,
                go_on=lambda: not self._stop.is_set,
                sleep=self._sleep,
            ).poll()
        finally:
            if isinstance(self._link, Card):
                self._close_link()
        if found.packages and setup.eim is None:
            self._close_eim()  # a package may have changed where the eIM is
        return found

    def let_go(self) -> None:
        """Close the link and the connection; the next poll opens them again."""
        self._close_link()
        self._close_eim()

    def close(self) -> None:
        """Close everything."""
        self.let_go()
        self._smdpps.close()

    def _close_link(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.close()

    def _close_eim(self) -> None:
        eim, self._eim = self._eim, None
        if eim is not None:
            eim.close()

    def _tell(self, text: str) -> None:
        self._report(Report("step", text))

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise StoppedError(
                "stops in the middle of a poll; what is not delivered is on the card"
            )


def _line(report: Report) -> None:
    log_line(report.text, refused=report.event == "failure")


def _json_line(report: Report) -> None:
    print_json_line(ReportOutput.of(report, datetime.now(UTC)))
