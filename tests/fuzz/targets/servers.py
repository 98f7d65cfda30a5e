"""Requests to the servers: ESipa messages, REST requests to an eIM, ES9+ requests to an SM-DP+.

An input of `esipa` is a message; one of `rest` and `es9` is a line with the method and the path,
and the body after it. Each must have an answer and leave readable what the server keeps.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import httpx
from support.esipa import EID, InProcess, World
from support.installing import A_DIGITS, D_DIGITS, order, smdpp

from euicc_sim import Card
from euicc_sim.parties.clients.es9 import Es9Client
from euicc_sim.parties.ipa.ipa import Ipa
from euicc_sim.parties.ipa.triggered_download import DownloadMode
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.errors import LpaError
from euicc_sim.parties.messages.esipa_json import PATH as JSON_PATH
from euicc_sim.parties.messages.esipa_json import request_fields
from euicc_sim.servers.es9_app import es9_app
from fuzz import changes
from fuzz.runner import WrongError
from fuzz.targets.requests import changed_request, sent, written

HOST = "testsmdpplus1.example.com"
ORDERS = ("getRAT", "data", f"download:1${HOST}${A_DIGITS}")


class Recorded(httpx.BaseTransport):
    """Keeps the requests that pass."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.requests: list[tuple[str, bytes]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request."""
        self.requests.append((request.url.path, request.read()))
        return self._inner.handle_request(request)


class _Server:
    """An eIM with a card that it knows, and an SM-DP+."""

    def __init__(self, folder: Path) -> None:
        self.card = Card.create(folder / "card", eid=EID, fsync=False)
        self.smdpp = smdpp(folder / "card" / "pki", order(A_DIGITS), order(D_DIGITS))
        self.world = World(folder / "eim", lambda _: self.smdpp)
        self.world.trusted_by(self.card, token=True)
        self.world.service.set_card(EID)

    def close(self) -> None:
        self.card.close()

    def check(self) -> None:
        """What is kept of the card can be read, and something is always ordered."""
        self.world.said.clear()
        store = self.world.service.store
        queue = {one.kind for one in store.queue(EID)}
        store.results(EID, last=1)
        store.waiting(EID)
        store.cards()
        if len(queue) < len(ORDERS):
            for word in ORDERS:
                self.world.service.order(EID, [word])


class EsipaMessages(_Server):
    """An eIM that knows a card and has orders for it."""

    def seeds(self) -> Sequence[bytes]:
        seeds: list[bytes] = []
        answer = self.world.client.exchange

        class Keeping:
            def exchange(self, message: bytes) -> bytes:
                seeds.append(message)
                return answer(message)

        for mode in DownloadMode:
            self.check()
            transmit = self.card.transmit
            Ipa(transmit, Keeping(), self.world.servers, mode).poll()
            Lpa(transmit).delete(A_DIGITS)
        return seeds

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changes.tree_changed(random, random.choice(corpus), corpus)

    def run(self, data: bytes) -> str:
        answer = self.world.post(data)
        if answer.status_code >= 500:
            raise WrongError(f"HTTP status {answer.status_code}")
        said = " ".join(self.world.said)
        self.check()
        return said[:200]


class EsipaJson(EsipaMessages):
    """The same eIM in JSON: an input is a line with the method and the path, and the body."""

    def seeds(self) -> Sequence[bytes]:
        fields = (request_fields(message) for message in super().seeds())
        return [
            written("POST", JSON_PATH + name, json.dumps(found).encode()) for name, found in fields
        ]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changed_request(random, corpus)

    def run(self, data: bytes) -> str:
        answer = sent(self.world.http, data)
        if answer is not None and answer.status_code >= 500:
            raise WrongError(f"HTTP status {answer.status_code}")
        self.check()
        return "" if answer is None else f"{answer.status_code} {answer.text[:100]}"


class RestRequests(_Server):
    """The interface for orders of that eIM."""

    def seeds(self) -> Sequence[bytes]:
        of_card = f"/eids/{EID}"
        body = json.dumps({"operations": ["enable:89000123456789012341,rollback"]}).encode()
        download = json.dumps({"operations": ["download:1$smdp.example.com$A,cc=1"]}).encode()
        return [
            written("GET", "/eids", b""),
            written("GET", of_card, b""),
            written("POST", f"{of_card}/orders", body),
            written("POST", f"{of_card}/orders", download),
            written("DELETE", f"{of_card}/orders/1", b""),
            written("POST", f"{of_card}/orders/2", b"{}"),
            written("GET", f"{of_card}/results?after=1", b""),
        ]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changed_request(random, corpus)

    def run(self, data: bytes) -> str:
        answer = sent(self.world.http, data)
        self.check()
        return "" if answer is None else f"{answer.status_code} {answer.text[:100]}"


class Es9Requests(_Server):
    """An SM-DP+ with two orders."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._recorded = Recorded(InProcess(es9_app(self.smdpp, self.world.log)))
        self._http = httpx.Client(transport=self._recorded, base_url=f"https://{HOST}")

    def seeds(self) -> Sequence[bytes]:
        client = Es9Client(f"https://{HOST}", verify=False)
        client._client = self._http
        lpa = Lpa(self.card.transmit)
        lpa.download(client, matching_id=D_DIGITS)
        lpa.process_notifications(client)
        with suppress(LpaError):
            lpa.download(client, matching_id="NONE")
        seeds = [written("POST", path, body) for path, body in self._recorded.requests]
        self._recorded.requests.clear()
        return seeds

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changed_request(random, corpus)

    def run(self, data: bytes) -> str:
        self._recorded.requests.clear()
        answer = sent(self._http, data)
        self.world.said.clear()
        return "" if answer is None else f"{answer.status_code} {answer.text[:150]}"
