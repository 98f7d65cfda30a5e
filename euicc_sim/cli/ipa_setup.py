"""How an IPA of the command line comes about: its options, and what they make."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from euicc_sim import Card
from euicc_sim.asn1.wire import Wire
from euicc_sim.cli.console import fail
from euicc_sim.cli.link import open_link
from euicc_sim.parties.clients import Binding, EsipaClient, EsipaVersion, Smdpps, spoken
from euicc_sim.parties.ipa import (
    DownloadMode,
    EnableAtOnce,
    Ipa,
    IpaCard,
    Memory,
    MemoryFile,
    Poll,
)
from euicc_sim.parties.messages import Address, AddressError, LpaError
from euicc_sim.transport.pcsc import PcscCard

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
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Where to remember which Profile the eIM knows to be enabled, to tell it of changes.",
        show_default=False,
    ),
]
PlmnOption = Annotated[
    str | None,
    typer.Option(
        "--plmn", metavar="MCCMNC", help="The network of the device, to be told with a change."
    ),
]

_PLMN = re.compile(r"([0-9]{3})-?([0-9]{2,3})")


@dataclass(frozen=True)
class Setup:
    """An IPA as the options describe it; None is an option that was left out.

    `eim` is the URL of the eIM, `trust` are CA certificates (DER), `state` is the file in which
    the IPA remembers what it told, `network` the PLMN identity of the device's network.
    """

    card: Path | None
    reader: str | None
    eim: str | None
    eim_id: str | None
    mode: DownloadMode
    tries: int
    pause: float
    version: EsipaVersion
    trust: list[bytes]
    verify: bool
    wire: Wire
    enable: EnableAtOnce
    binding: Binding
    state: Path | None = None
    network: bytes | None = None

    def link(self) -> AbstractContextManager[Card | PcscCard]:
        """The card. Raises CardError, PcscError."""
        return open_link(self.card, self.reader)

    def connection(self, link: Card | PcscCard) -> EsipaClient:
        """A client for the eIM, by default where the card says that it is. Raises LpaError."""
        if self.binding is Binding.JSON and self.version is EsipaVersion.V1_0:
            raise LpaError(
                "The messages of ESipa 1.0 are written in ASN.1 only. Leave out --binding json."
            )
        url = self.eim or self._url(IpaCard(link.transmit, self.wire))
        return EsipaClient(url, binding=self.binding, trust=self.trust, verify=self.verify)

    def smdpps(self) -> Smdpps:
        """The SM-DP+s that the IPA talks to."""
        return Smdpps(self.trust, self.verify)

    def ipa(
        self,
        link: Card | PcscCard,
        eim: EsipaClient,
        smdpps: Smdpps,
        tell: Callable[[str], None],
        memory: Memory | None,
        **more: Any,
    ) -> Ipa:
        """The IPA with that card and that eIM; `more` are further fields of `Ipa`."""
        return Ipa(
            link.transmit,
            spoken(eim, self.version),
            smdpps,
            self.mode,
            self.eim_id,
            self.tries,
            self.pause,
            tell,
            self.wire,
            self.enable,
            memory=memory,
            network=lambda: self.network,
            reset=link.reset,
            **more,
        )

    def memory(self) -> Memory | None:
        """What the IPA remembers of earlier polls; None without a file. Raises LpaError."""
        return None if self.state is None else MemoryFile(self.state)

    def poll(self, tell: Callable[[str], None]) -> Poll:
        """One poll; `tell` is called with each step. Raises LpaError, PcscError, CardError."""
        with self.link() as link, self.connection(link) as eim:
            return self.ipa(link, eim, self.smdpps(), tell, self.memory()).poll()

    def _url(self, card: IpaCard) -> str:
        eims = [one for one in card.eims() if self.eim_id in (None, one.eim_id)]
        name = next((one.fqdn for one in eims if one.fqdn), None)
        if name is None:
            raise LpaError("The card does not know where its eIM is. Pass --eim URL.")
        try:
            return Address.read(name).url
        except AddressError as error:
            raise LpaError(
                f"The card does not know where its eIM is: {error} Or pass --eim URL."
            ) from error


def plmn_of(text: str | None) -> bytes | None:
    """MCC and MNC, such as 26201 or 310-260, as on the wire (3GPP TS 24.008 10.5.1.3)."""
    if text is None:
        return None
    found = _PLMN.fullmatch(text)
    if found is None:
        fail(f"{text[:20]!r} is not a network. Write MCC and MNC: --plmn 26201 or --plmn 310-260.")
    mcc, mnc = found[1], found[2].ljust(3, "F")
    return bytes.fromhex(mcc[1] + mcc[0] + mnc[2] + mcc[2] + mnc[1] + mnc[0])


def said(found: Poll) -> str:
    """What a poll did, in words."""
    count = found.packages
    return f"{count or 'no'} package{'' if count == 1 else 's'} done, the eIM has nothing more"
