"""The IPAe of a card that `serve` has opened: a thread that polls the eIMs of its contact list."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from threading import Event

from euicc_sim import CardError
from euicc_sim.asn1.wire import VERSIONS
from euicc_sim.cli.card_log import IpaeLog
from euicc_sim.cli.log_lines import Line
from euicc_sim.cli.serve_links import IpaeHabits, Served
from euicc_sim.env import SystemEnv
from euicc_sim.parties.clients import IPAE, EimTls, EsipaClient, Smdpps
from euicc_sim.parties.ipa import Ipa, IpaCard, Pace, Poll, Report, Resident, TrustedEim
from euicc_sim.parties.messages import Address, AddressError, LpaError
from euicc_sim.transport.link import LinkObserver


@dataclass
class IpaeService:
    """The `Service` of one card.

    It polls while the card's IPAe is the active IPA, one eIM after the other, each over a
    connection of its own, whose TLS session it resumes. It trusts what the contact list names for
    the eIM, or else the CIs that the card knows.
    """

    served: Served
    habits: IpaeHabits
    _ended: Event = field(default_factory=Event, init=False)
    _tls: dict[TrustedEim, EimTls] = field(default_factory=dict, init=False)
    _observer: LinkObserver = field(init=False)

    def __post_init__(self) -> None:
        self._observer = self.served.observer(IpaeLog)
        card = self.served.card
        known = [one.ci_certificate for one in card.identity.credentials]
        self._authorities = [one for one in known if one is not None]
        self._smdpps = Smdpps(self._authorities)
        self._wire = VERSIONS[card.identity.sgp32_version]

    def run(self) -> None:
        """Poll until `stop`."""
        env = SystemEnv()
        resident = Resident(
            self._poll,
            lambda: None,
            self._report,
            self._ended.wait,
            lambda: int.from_bytes(env.random(2)) / 0xFFFF,
            Pace(self.habits.every),
            (CardError,),
        )
        try:
            resident.run()
        finally:
            self._smdpps.close()

    def stop(self) -> None:
        """End it, at the latest after the poll under way."""
        self._ended.set()

    def _transmit(self, apdu: bytes) -> bytes:
        """A command of the IPAe, which the log and the trace show as any other."""
        shared = self.served.shared
        with shared.held() if shared else nullcontext():
            answer = self.served.card.transmit(apdu, of_ipae=True)
            self._observer.answered(apdu, answer)
        return answer

    def _poll(self) -> Poll:
        """Poll each eIM if it is to. Raises LpaError if one of them failed, after the others."""
        if not self.served.card.ipae_runs:
            return Poll(0)
        try:
            return self._poll_all()
        finally:
            self._observer.idle()

    def _poll_all(self) -> Poll:
        failed: LpaError | None = None
        packages = refused = kept = 0
        rolled_back = False
        for eim in IpaCard(self._transmit, self._wire).eims():
            try:
                found = self._poll_eim(eim)
            except LpaError as error:
                failed = failed or error
                continue
            packages, refused = packages + found.packages, refused + found.refused
            kept, rolled_back = kept + found.kept, rolled_back or found.rolled_back
        if failed is not None:
            raise failed
        return Poll(packages, rolled_back, refused, kept)

    def _poll_eim(self, eim: TrustedEim) -> Poll:
        context = self._tls.get(eim)
        if context is None:
            context = self._tls[eim] = EimTls.of(eim.tls, self._authorities)
        url = self.habits.eim or _url(eim)
        with EsipaClient(url, agent=IPAE, context=context) as client:
            return Ipa(
                self._transmit,
                client,
                self._smdpps,
                eim_id=eim.eim_id,
                tell=self._tell,
                wire=self._wire,
                go_on=lambda: not self._ended.is_set(),
                is_embedded=True,
                sleep=self._sleep,
            ).poll()

    def _sleep(self, seconds: float) -> None:
        self._ended.wait(seconds)

    def _tell(self, text: str) -> None:
        self._report(Report("step", text))

    def _report(self, report: Report) -> None:
        style = "red" if report.event == "failure" else ""
        lines = self.served.lines
        lines.add(Line(lines.clock(), self.served.name, f"IPAe: {report.text}", style))


def _url(eim: TrustedEim) -> str:
    """Where an eIM is. Raises LpaError if the card does not know."""
    if eim.fqdn is None:
        raise LpaError(
            f"The card does not know where {eim.eim_id} is. Pass serve --ipae-eim URL, or give it "
            "an eimFqdn."
        )
    try:
        return Address.read(eim.fqdn).url
    except AddressError as error:
        raise LpaError(f"The card does not know where {eim.eim_id} is: {error}") from error
