"""`euicc-sim profile fetch`: download a Profile from an SM-DP+ over HTTPS, as any LPA does."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from euicc_sim.cli.console import console, fail
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
from euicc_sim.parties.clients import Es9Client
from euicc_sim.parties.lpa import download_over_es9
from euicc_sim.parties.messages import ActivationCode, ActivationCodeError


def fetch(
    code: Annotated[
        str,
        typer.Argument(help="An activation code: LPA:1$ADDRESS$MATCHING-ID.", show_default=False),
    ],
    card: CardOption = None,
    reader: ReaderOption = None,
    pki: PkiOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
    url: Annotated[
        str | None,
        typer.Option(help="Where the SM-DP+ is, if not at https:// and its address."),
    ] = None,
    confirmation_code: Annotated[
        str | None, typer.Option(metavar="CODE", help="The confirmation code, if one is required.")
    ] = None,
    notify: Annotated[
        bool, typer.Option("--notify/--no-notify", help="Report the outcome to the SM-DP+.")
    ] = True,
    sgp32: Sgp32Option = SGP32_DEFAULT,
) -> None:
    """Download a Profile from an SM-DP+ (ES9+) by its activation code.

    euicc-sim profile fetch 'LPA:1$localhost:8443$TS48v1_A' --pki card/pki
    """
    try:
        wanted = ActivationCode.parse(code)
    except ActivationCodeError as error:
        fail(str(error))
    trust = authorities(pki, ca)
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
        aid = done.aid.hex().upper()
        console.print(Text(f"{done.iccid} installed as {aid}, result {done.seq_number}"))
        if notify:
            where = url or f"https://{wanted.address}"
            with Es9Client(
                where, trust=trust, verify=not insecure, address=wanted.address
            ) as server:
                told = lpa.process_notifications(server)
            console.print(Text(f"{len(told)} notifications taken by {wanted.address}"))
