"""How commands reach a card: straight into its directory, or over a PC/SC reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from euicc_sim import Card
from euicc_sim.cli.console import fail
from euicc_sim.cli.rsp_options import SGP32_DEFAULT, wire_named
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import LpaError
from euicc_sim.transport.pcsc import PcscCard, PcscError, open_card

CardOption = Annotated[
    Path | None,
    typer.Option(
        "--card", metavar="DIR", help="The directory of a card, to use it without a reader."
    ),
]
ReaderOption = Annotated[
    str | None,
    typer.Option(
        "--reader", metavar="NAME", help="A PC/SC reader, or part of its name. Default: vpcd's."
    ),
]

_SEE_SERVE = "; serve shows the reason."


def open_link(card: Path | None, reader: str | None) -> AbstractContextManager[Card | PcscCard]:
    """The card that the two options name. Raises CardError or PcscError."""
    if card is None:
        return open_card(reader)
    if reader is not None:
        fail("--card and --reader are two ways to a card; give one of them.")
    return Card.open(card)


@contextmanager
def open_lpa(card: Path | None, reader: str | None, sgp32: str = SGP32_DEFAULT) -> Iterator[Lpa]:
    """An LPA with that card; what does not come about is one sentence and exit code 1."""
    wire = wire_named(sgp32)
    try:
        with open_link(card, reader) as link:
            try:
                yield Lpa(link.transmit, wire)
            except LpaError as error:
                fail(_with_reason(str(error), link))
    except PcscError as error:
        fail(str(error))


def _with_reason(sentence: str, link: Card | PcscCard) -> str:
    """A card in a directory tells us what another one tells the terminal that serves it."""
    refused = [one for one in link.take_events() if one.refused] if isinstance(link, Card) else []
    if not refused:
        return sentence
    said = sentence.removesuffix(_SEE_SERVE).removesuffix(".")
    return f"{said}. The card's reason: {refused[0].text}."
