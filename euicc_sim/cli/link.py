"""How commands reach a card: straight into its directory, or over a PC/SC reader."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from euicc_sim import Card, CardError
from euicc_sim.cli.console import fail
from euicc_sim.cli.reasons import Reasons, with_reasons
from euicc_sim.cli.rsp_options import SGP32_DEFAULT, wire_named
from euicc_sim.parties.lpa import Lpa
from euicc_sim.parties.messages import LpaError
from euicc_sim.store import DOCUMENT, PKI_FOLDER, read
from euicc_sim.tracing.served import served_in
from euicc_sim.transport.pcsc import PcscCard, PcscError, open_card, reader_names


def cards_here(incomplete: str) -> list[str]:
    """Directories with a card that begin like that, for the completion of a shell."""
    given = Path(incomplete)
    parent = given if incomplete.endswith("/") else given.parent
    try:
        found = [one for one in parent.iterdir() if one.is_dir()]
    except OSError:
        return []
    return sorted(
        f"{one}/" if not (one / DOCUMENT).is_file() else str(one)
        for one in found
        if str(one).startswith(incomplete)
    )


def readers_here(incomplete: str) -> list[str]:
    """The readers of pcscd whose names begin like that."""
    return [one for one in reader_names() if one.startswith(incomplete)]


CardOption = Annotated[
    Path | None,
    typer.Option(
        "--card",
        metavar="DIR",
        help="The directory of a card, to use it without a reader.",
        autocompletion=cards_here,
    ),
]
ReaderOption = Annotated[
    str | None,
    typer.Option(
        "--reader",
        metavar="NAME",
        help="A PC/SC reader: its name, part of it, or its number from 0. Default: vpcd's.",
        autocompletion=readers_here,
    ),
]


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
    with open_lpa_and_link(card, reader, sgp32) as (lpa, _):
        yield lpa


@contextmanager
def open_lpa_and_link(
    card: Path | None, reader: str | None, sgp32: str = SGP32_DEFAULT
) -> Iterator[tuple[Lpa, Card | PcscCard]]:
    """The same, and the link that it uses."""
    wire = wire_named(sgp32)
    try:
        with open_link(card, reader) as link:
            reasons = Reasons(link)
            try:
                yield Lpa(link.transmit, wire), link
            except LpaError as error:
                fail(with_reasons(error, reasons.take() if error.code else []))
    except PcscError as error:
        fail(str(error))


def pki_of(link: Card | PcscCard, eid: str) -> Path:
    """The PKI in the directory of the card behind a link, which has this EID.

    If it cannot be found, the command ends with a sentence.
    """
    directory = directory_of(link, eid)
    if directory is None:
        fail(
            f"The directory of card {eid} is not known here; name the PKI that it was made with: "
            "--pki FOLDER."
        )
    folder = directory / PKI_FOLDER
    if not folder.is_dir():
        fail(f"{folder} is not there; name the PKI that the card was made with: --pki FOLDER.")
    return folder


def directory_named(card: Path | None, reader: str | None) -> Path:
    """The directory of the card that the two options name, which may be served here.

    If it cannot be found, the command ends with a sentence.
    """
    if card is not None:
        return card
    with open_lpa_and_link(card, reader) as (lpa, link):
        directory = directory_of(link, eid := lpa.eid())
    if directory is None:
        fail(f"The directory of card {eid} is not known here; name it: --card DIR.")
    return directory


def directory_of(link: Card | PcscCard, eid: str) -> Path | None:
    """The directory of the card behind a link; None for a card that is not served from here.

    The EID that the card has said decides, as servers of several pcscds may name one reader.
    """
    if isinstance(link, Card):
        return link.directory
    usual = Path(os.environ.get("EUICC_SIM_CARD", "card"))
    places = (*served_in(link.reader), usual)
    return next((one for one in places if _eid_in(one) == eid), None)


def _eid_in(directory: Path) -> str | None:
    try:
        return read(directory)[0].eid
    except (CardError, OSError):
        return None
