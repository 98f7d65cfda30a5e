"""The orders of an eIM, over HTTP with JSON.

    GET    /eids                        all cards
    GET    /eids/EID                    one card: its queue, its data
    POST   /eids/EID/orders             {"operations": ["enable:ICCID,rollback"]}
    DELETE /eids/EID/orders/NUMBER      withdraw an order
    POST   /eids/EID/orders/NUMBER      release a held order
    GET    /eids/EID/results            the results of orders; ?after=N skips the first N ever

They need the token: `Authorization: Bearer TOKEN`. A refusal is {"error": "sentence"}. / and
/openapi.json say to everybody what this is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import PurePath

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from euicc_sim.parties.eim import Eim, Loader
from euicc_sim.parties.eim.server import (
    CardRecord,
    EimService,
    Order,
    Result,
    StorageError,
    UnknownEidError,
)
from euicc_sim.parties.messages import EimError
from euicc_sim.parties.messages.json_document import Json, fields_as_json
from euicc_sim.servers import Log
from euicc_sim.servers.openapi import openapi
from euicc_sim.servers.order_token import OrderToken
from euicc_sim.servers.request_body import BodyError, json_of, read_body

Handler = Callable[[Request, object], Json]
_DIGITS = 9


def rest_routes(
    service: EimService, log: Log, token: OrderToken, eim_of: Loader | None = None
) -> list[Route]:
    """The routes. `eim_of` returns the eIM of a FILE in addEim and updateEim."""
    rest = _Rest(service, log, token, eim_of or _no_files)
    document = openapi(service.eim.eim_id)
    about: dict[str, Json] = {
        "what": "an eIM of euicc-sim",
        "eimId": service.eim.eim_id,
        "orders": "/eids",
        "openapi": "/openapi.json",
    }
    order = "/eids/{eid}/orders/{number}"
    return [
        Route("/", _constant(about), methods=["GET"]),
        Route("/openapi.json", _constant(document), methods=["GET"]),
        Route("/eids", rest.endpoint(rest.cards), methods=["GET"]),
        Route("/eids/{eid}", rest.endpoint(rest.card), methods=["GET"]),
        Route("/eids/{eid}/orders", rest.endpoint(rest.order, 201), methods=["POST"]),
        Route(order, rest.endpoint(rest.withdraw), methods=["DELETE"]),
        Route(order, rest.endpoint(rest.again), methods=["POST"]),
        Route("/eids/{eid}/results", rest.endpoint(rest.results), methods=["GET"]),
    ]


class _NoTokenError(BodyError):
    """A request without the token."""


class _Rest:
    def __init__(self, service: EimService, log: Log, token: OrderToken, eim_of: Loader) -> None:
        self._service = service
        self._token = token
        self._log = log
        self._eim_of = eim_of

    def endpoint(
        self, handler: Handler, status: int = 200
    ) -> Callable[[Request], Awaitable[Response]]:
        """The handler for a function's requests."""

        async def answer(request: Request) -> Response:
            try:
                self._check_token(request)
                body = await _json(request)
                found = await run_in_threadpool(handler, request, body)
            except BodyError as error:
                return self._refused(request, error, error.status)
            except UnknownEidError as error:
                return self._refused(request, error, 404)
            except StorageError as error:
                return self._refused(request, error, 503)
            except EimError as error:
                return self._refused(request, error, 400)
            return JSONResponse(found, status)

        return answer

    def cards(self, _: Request, __: object) -> Json:
        """All cards, and the number of orders queued for each."""
        return [
            {"eid": one.eid, "waiting": one.waiting, "results": one.results}
            for one in self._service.store.cards()
        ]

    def card(self, request: Request, _: object) -> Json:
        """One card."""
        store, eid = self._service.store, _eid(request)
        return card_json(store.card(eid), store.queue(eid))

    def order(self, request: Request, body: object) -> Json:
        """Queue an order."""
        words = body.get("operations") if isinstance(body, dict) else None
        if not isinstance(words, list) or not all(isinstance(one, str) for one in words):
            raise EimError(
                'The body is not an order. Send {"operations": ["listProfileInfo"]} or the like.'
            )
        eid = _eid(request)
        order = self._service.order(eid, words, self._eim_of)
        self._log(f"{eid}: {order.what} queued")
        return order_json(order)

    def withdraw(self, request: Request, _: object) -> Json:
        """Withdraw an order."""
        eid = _eid(request)
        order = self._service.withdraw(eid, _number("order", request.path_params["number"]))
        self._log(f"{eid}: {order.what} withdrawn")
        return order_json(order)

    def again(self, request: Request, _: object) -> Json:
        """Release a held order."""
        eid = _eid(request)
        order = self._service.again(eid, _number("order", request.path_params["number"]))
        self._log(f"{eid}: {order.what} queued again")
        return order_json(order)

    def results(self, request: Request, _: object) -> Json:
        """The results of orders."""
        after = request.query_params.get("after", "0")
        found = self._service.store.results(_eid(request), after=_number("after", after))
        return [result_json(one) for one in found]

    def _check_token(self, request: Request) -> None:
        """Raise BodyError for a request without the token."""
        if not self._token.fits(request.headers.get("authorization")):
            raise _NoTokenError(
                401, "Orders need the eIM's token. Send Authorization: Bearer TOKEN."
            )

    def _refused(self, request: Request, error: Exception, status: int) -> Response:
        why = str(error)
        if isinstance(error, _NoTokenError):  # the log may name the file, the answer does not
            peer = request.client.host if request.client else "The client"
            why = f"{peer} does not have the token in {self._token.path}."
        self._log(f"{request.method} {request.url.path} refused: {why}", refused=True)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        return JSONResponse({"error": str(error)}, status, headers)


def card_json(record: CardRecord, queue: list[Order]) -> dict[str, Json]:
    """A card as JSON, without its results."""
    return _without(record, "nextResult") | {
        "queue": [order_json(one) for one in queue],
        "results": record.next_result - 1,
    }


def order_json(order: Order) -> dict[str, Json]:
    """An order as JSON, without its confirmation code."""
    return _without(order, "confirmationCode")


def result_json(result: Result) -> dict[str, Json]:
    """A result as JSON."""
    return _without(result)


def _without(value: CardRecord | Order | Result, *names: str) -> dict[str, Json]:
    return {name: one for name, one in fields_as_json(value).items() if name not in names}


def _number(name: str, text: str) -> int:
    """A number of up to nine digits. Raises EimError."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise EimError(f"{name} {text[:20]!r} is not a number of up to {_DIGITS} digits.")
    return int(text)


def _eid(request: Request) -> str:
    return str(request.path_params["eid"])


def _constant(value: Json) -> Callable[[Request], Awaitable[Response]]:
    """The handler for what never changes."""
    answer = JSONResponse(value)

    async def handler(_: Request) -> Response:
        return answer

    return handler


async def _json(request: Request) -> object:
    body = await read_body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind != "application/json":
        # A web page can send other types without a CORS preflight.
        raise BodyError(415, f"Content-Type is {kind!r}. Send application/json.")
    if not body:
        return None
    try:
        return json_of(body)
    except ValueError as error:
        raise BodyError(400, f"The body is not JSON: {error}. Send an object.") from error


def _no_files(name: str) -> Eim:
    raise EimError(
        f"{PurePath(name).name} is a file, which cannot be named over HTTP. Use the command line, "
        "with: euicc-sim eim order --store"
    )
