"""The TLS certificate that a client showed, and whose it is: for servers that ask others for one.

`connections` notes it when a connection is made; an application finds it in the scope of a request,
where ASGI's TLS extension has it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from euicc_sim.parties.messages.euicc_certificates import registered_id

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

Shown = Mapping[tuple[str, int], bytes]
"""The verified certificates (DER) of clients, by host and port."""


def with_certificates(app: ASGIApp, shown: Shown) -> ASGIApp:
    """An application that finds the certificates of its clients in the scope."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        found = None if client is None else shown.get((client[0], client[1]))
        if found is not None:
            extensions = dict(scope.get("extensions") or {})
            chain = {"client_cert_chain": [ssl.DER_cert_to_PEM_cert(found)]}
            scope = {**scope, "extensions": {**extensions, "tls": chain}}
        await app(scope, receive, send)

    return answer


def oid_of_client(request: Request) -> str | None:
    """The OID in the certificate of who asks; None without either."""
    extensions = request.scope.get("extensions") or {}
    chain = extensions.get("tls", {}).get("client_cert_chain", [])
    return registered_id(ssl.PEM_cert_to_DER_cert(chain[0])) if chain else None
