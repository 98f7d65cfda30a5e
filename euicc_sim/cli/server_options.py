"""Options of the commands that serve: what clients may use of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from euicc_sim.servers.connections import Limits

RequestsOption = Annotated[
    int,
    typer.Option(
        "--requests", min=1, metavar="N", help="Requests at work; 503 is the answer to more."
    ),
]
ConnectionsOption = Annotated[
    int,
    typer.Option(
        "--connections",
        min=1,
        metavar="N",
        help="Open connections; the longest idle one makes room.",
    ),
]
REQUESTS, CONNECTIONS = 100, 4096


def limits(requests: int, connections: int) -> Limits:
    """The limits of a server."""
    from euicc_sim.servers.connections import Limits

    return Limits(requests=requests, connections=connections)
