"""`euicc-sim smdpp order`: order Profiles from a running SM-DP+ as an operator does (ES2+)."""

from __future__ import annotations

from pathlib import Path
from ssl import SSLContext
from typing import Annotated

import typer
from rich.text import Text

from euicc_sim.cli.console import console, fail, printable
from euicc_sim.cli.rsp_options import CaOption, InsecureOption, PkiOption, authorities
from euicc_sim.cli.server_options import show_certificate
from euicc_sim.parties.clients import Es2PlusClient
from euicc_sim.parties.messages import ActivationCode, LpaError, SmdppError
from euicc_sim.servers import ServerError
from euicc_sim.servers.order_token import OrderToken

REQUESTER = "euicc-sim"
"""The functionRequesterIdentifier."""


def order(
    url: Annotated[
        str,
        typer.Argument(
            help="Where operators order, as smdpp serve --es2plus says.", show_default=False
        ),
    ],
    token: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The token for orders, orders.token in the folder of the packages.",
            show_default=False,
        ),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            metavar="PEM",
            help="The operator's TLS certificate, for smdpp serve --operator-ca.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Its private key.", show_default=False)
    ] = None,
    iccid: Annotated[
        str | None, typer.Option(help="The Profile to order.", show_default="any of --type")
    ] = None,
    profile_type: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="Order a Profile of that profile_type."),
    ] = None,
    eid: Annotated[str | None, typer.Option(help="The only card that may have it.")] = None,
    matching_id: Annotated[
        str | None, typer.Option(help="The matchingId.", show_default="a new one")
    ] = None,
    code: Annotated[str | None, typer.Option(help="A confirmation code.")] = None,
    smds: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="The SM-DS where the card --eid finds it.", show_default="none"
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Do not release it for download yet.")
    ] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Release the Profile --iccid, which is confirmed.")
    ] = False,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Cancel the order for the Profile --iccid.")
    ] = False,
    unavailable: Annotated[
        bool, typer.Option("--unavailable", help="Nobody can order the cancelled Profile again.")
    ] = False,
    pki: PkiOption = None,
    ca: CaOption = None,
    insecure: InsecureOption = False,
) -> None:
    """Order a Profile and release it for download; prints its activation code.

    euicc-sim smdpp order https://localhost:8444 --token packages/orders.token --type Test
    """
    if (release or cancel) and iccid is None:
        fail(f"Which Profile? Add --iccid ICCID to {'--release' if release else '--cancel'}.")
    if release and cancel:
        fail("--release and --cancel are two commands. Give one of them.")
    try:
        secret = None if token is None else OrderToken.read(token).secret
        trust = authorities(pki, ca)

        def identify(context: SSLContext) -> None:
            if certificate is not None:
                show_certificate(context, certificate, key)

        with Es2PlusClient(
            url, REQUESTER, trust=trust, verify=not insecure, token=secret, identify=identify
        ) as client:
            if release and iccid is not None:
                client.release_profile(iccid)
                console.print(Text(printable(f"ICCID {iccid} is released.")))
            elif cancel and iccid is not None:
                final = "Unavailable" if unavailable else "Available"
                client.cancel_order(iccid, final, eid=eid, matching_id=matching_id)
                console.print(Text(printable(f"ICCID {iccid} is {final.lower()}.")))
            else:
                found = client.download_order(eid=eid, iccid=iccid, profile_type=profile_type)
                try:
                    confirmed = client.confirm_order(
                        found,
                        release=not keep,
                        matching_id=matching_id,
                        confirmation_code=code,
                        smds_address=smds,
                    )
                except SmdppError:
                    client.cancel_order(found, "Available", eid=eid)
                    raise
                activation = ActivationCode(
                    confirmed.smdp_address, confirmed.matching_id, confirmation=code is not None
                )
                state = "confirmed" if keep else "released"
                console.print(Text(printable(f"{activation}  ICCID {found}, {state}")))
    except (LpaError, SmdppError, ServerError) as error:
        fail(str(error))
