"""An eIM server, an IPA and an SM-DP+ of the tests, in one process: HTTP without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from euicc_sim import Card
from euicc_sim.asn1 import esipa
from euicc_sim.parties.clients.esipa import Binding, EsipaClient
from euicc_sim.parties.eim.eim import Eim, add_initial_eim, take_initial_answer
from euicc_sim.parties.eim.server.card_records import CardRecord, Forward, Order, Result
from euicc_sim.parties.eim.server.eim_service import EimService
from euicc_sim.parties.ipa.ipa import Ipa
from euicc_sim.parties.ipa.triggered_download import DownloadMode
from euicc_sim.parties.messages.apdus import exchange, select_isdr
from euicc_sim.parties.messages.interfaces import RspServer
from euicc_sim.servers.database import EimDatabase
from euicc_sim.servers.esipa_app import esipa_app
from euicc_sim.servers.order_token import OrderToken
from support.by_name import to_eim
from support.judge import judged

URL = "http://127.0.0.1:8080"
TOKEN = "0123456789abcdef"  # noqa: S105 of the tests
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}
EIM_ID = "eim1.example.com"
EID = "89049032123451234512345678901235"
OTHER_EID = "89049032123451234512345678901332"
"""A card that nobody knows."""


class InProcess(httpx.BaseTransport):
    """Gives requests straight to an application; `down` says when nobody answers.

    `after` is called after each.
    """

    def __init__(
        self,
        app: Any,
        down: Callable[[], bool] = lambda: False,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        """Give them to that one."""
        self._asgi = httpx.ASGITransport(app)
        self._down = down
        self._after = after

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        if self._down():
            raise httpx.ConnectError("nobody is there")
        answer = asyncio.run(self._handle(request))
        self._after()
        return answer

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        sent = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.read()
        )
        answer = await self._asgi.handle_async_request(sent)
        content = httpx.ByteStream(await answer.aread())
        return httpx.Response(answer.status_code, headers=answer.headers, stream=content)


@dataclass
class World:
    """An eIM server with a database in a folder; `said` is its log, a refusal with "! " before it.

    It is out of reach while `down_if` says so. `binding` is how its IPAs write messages.
    """

    folder: Path
    servers: Callable[[str], RspServer]
    eim: Eim = field(default_factory=lambda: Eim.create(EIM_ID, seed=7))
    said: list[str] = field(default_factory=list)
    down_if: Callable[[], bool] = lambda: False
    binding: Binding = Binding.ASN1
    _skipped: timedelta = timedelta()

    def __post_init__(self) -> None:
        """Start the server."""
        self.restart()

    def restart(self) -> None:
        """A new server on the same folder."""
        self.folder.mkdir(exist_ok=True)
        store = EimDatabase(self.folder / "eim.db", fsync=False)
        self.service = EimService(
            self.eim, store, servers=self.servers, tell=self.log, now=self.now
        )
        app = esipa_app(self.service, self.log, OrderToken(TOKEN, self.folder / "token"))
        transport = InProcess(app, lambda: self.down_if(), self.service.forwarder.pass_on)
        self.http = httpx.Client(transport=transport, base_url=URL, headers=AUTHORIZATION)
        self.client = EsipaClient(URL, binding=self.binding, transport=transport)

    def now(self) -> datetime:
        """The time of the eIM: that of the machine, and what was skipped."""
        return datetime.now(UTC) + self._skipped

    def later(self, time: timedelta) -> None:
        """Let time pass for the eIM."""
        self._skipped += time

    def log(self, text: str, *, refused: bool = False) -> None:
        """Keep a line of the log."""
        self.said.append(f"! {text}" if refused else text)

    def trusted_by(self, card: Card, *, token: bool = False) -> None:
        """Make a card trust the eIM."""
        card.reset()
        select_isdr(card.transmit)
        asked = add_initial_eim(self.eim.configuration(want_token=token))
        take_initial_answer(exchange(card.transmit, asked), self.eim)

    def ipa(self, card: Card, mode: DownloadMode = DownloadMode.DIRECT, **options: Any) -> Ipa:
        """An IPA with that card and this eIM."""
        return Ipa(
            card.transmit,
            self.client,
            self.servers,
            mode,
            sleep=lambda _: None,
            **options,
        )

    def post(self, message: bytes, **headers: str) -> httpx.Response:
        """A message as an IPA sends it."""
        usual = {
            "Content-Type": "application/x-gsma-rsp-asn1",
            "X-Admin-Protocol": "gsma/rsp/v2.1.0",
        }
        return self.http.post("/gsma/rsp2/asn1", content=message, headers=usual | headers)

    def post_json(self, function: str, fields: object, **headers: str) -> httpx.Response:
        """A request in JSON, as an IPA sends it."""
        return self.http.post(f"/gsma/rsp2/esipa/{function}", json=fields, headers=headers)


def ask(world: World, name: str, value: Any) -> Any:
    """Send a message as an IPA does; the answer's alternative and value, read by the judge too."""
    answer = world.post(to_eim(name, value))
    if answer.status_code != 200:
        raise AssertionError(f"HTTP status {answer.status_code}")
    judged("EsipaMessageFromEimToIpa", answer.content)
    return esipa.from_eim(answer.content)[1]


def fetch(world: World, eid: str = EID) -> Any:
    """GetEimPackage: the alternative of the answer and its value."""
    return ask(world, "getEimPackageRequest", {"eidValue": bytes.fromhex(eid)})


def provide(world: World, form: str, value: Any, eid: str | None = EID) -> Any:
    """ProvideEimPackageResult: the alternative of the answer and its value."""
    given = {} if eid is None else {"eidValue": bytes.fromhex(eid)}
    return ask(world, "provideEimPackageResult", given | {"eimPackageResult": (form, value)})


def nobody(address: str) -> RspServer:
    """No SM-DP+ is to be asked."""
    raise AssertionError(address)


def es10(card: Card, message: bytes) -> bytes:
    """An ES10 request to a card, and its answer."""
    select_isdr(card.transmit)
    return exchange(card.transmit, message)


@dataclass(frozen=True)
class Kept:
    """What an eIM keeps of a card."""

    record: CardRecord
    queue: list[Order]
    results: list[Result]
    notifications: list[Forward]


def kept(world: World, eid: str = EID) -> Kept:
    """What the eIM keeps of the card."""
    store = world.service.store
    return Kept(store.card(eid), store.queue(eid), store.results(eid), store.waiting(eid))


def executed(world: World, card: Card) -> tuple[bytes, bytes]:
    """The next package, and the card's result."""
    form, package = fetch(world)
    if form != "euiccPackageRequest":
        raise AssertionError(form)
    return package, es10(card, package)


def known_world(folder: Path, card: Card) -> World:
    """An eIM that the card trusts and that knows the card's certificate."""
    world = World(folder, nobody)
    world.trusted_by(card, token=True)
    world.service.set_card(EID, certificate=es10(card, bytes.fromhex("BF5600")))
    return world
