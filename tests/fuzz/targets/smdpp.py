"""Requests to an SM-DP+ that are not ES9+ in JSON: ES9+ in ASN.1, and ES2+.

An input of `es9-asn1` is a message; one of `es2plus` is a line with the method and the path, and
the body after it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

import httpx
from support.eims import tlv
from support.esipa import EID, InProcess
from support.installing import A_DIGITS, B_DIGITS, SMDP, order, smdpp
from support.web import Lines

from euicc_sim import Card
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages.interfaces import ClientAuthentication, ServerAuthentication
from euicc_sim.parties.smdpp import Es2Plus, Order, OrderBook, OrderState, Smdpp, made_up_package
from euicc_sim.servers.es2plus_app import PATH, es2plus_app
from euicc_sim.servers.es9_app import ASN1_MEDIA_TYPE, ASN1_PATH, es9_app
from fuzz import changes
from fuzz.runner import WrongError
from fuzz.targets.requests import changed_request, sent, written


class _Recording:
    """An SM-DP+ as an LPA sees it, and the requests in ASN.1 that would be sent to it."""

    address = SMDP

    def __init__(self, smdpp: Smdpp) -> None:
        self._smdpp = smdpp
        self.requests: list[bytes] = []

    def _note(self, tag: str, *parts: bytes) -> None:
        self.requests.append(tlv("A2", tlv(tag, *parts)))

    def initiate_authentication(
        self, euicc_info1: bytes, challenge: bytes, address: str
    ) -> ServerAuthentication:
        self._note("BF39", tlv("81", challenge), tlv("83", address.encode()), euicc_info1)
        return self._smdpp.initiate_authentication(euicc_info1, challenge, address)

    def authenticate_client(self, transaction_id: bytes, response: bytes) -> ClientAuthentication:
        self._note("BF3B", tlv("80", transaction_id), response)
        return self._smdpp.authenticate_client(transaction_id, response)

    def get_bound_profile_package(self, transaction_id: bytes, response: bytes) -> bytes:
        self._note("BF3A", tlv("80", transaction_id), response)
        return self._smdpp.get_bound_profile_package(transaction_id, response)

    def handle_notification(self, pending: bytes) -> object:
        self._note("BF3D", tlv("A0", pending))
        return self._smdpp.handle_notification(pending)

    def cancel_session(self, transaction_id: bytes, response: bytes) -> object:
        self._note("BF41", tlv("80", transaction_id), tlv("A1", response))
        return self._smdpp.cancel_session(transaction_id, response)


class Es9Messages:
    """An SM-DP+ with two orders, and a card that it knows."""

    def __init__(self, folder: Path) -> None:
        self.card = Card.create(folder / "card", eid=EID, fsync=False)
        self.smdpp = smdpp(folder / "card" / "pki", order(A_DIGITS), order(B_DIGITS))
        self.log = Lines()
        transport = InProcess(es9_app(self.smdpp, self.log))
        headers = {"Content-Type": ASN1_MEDIA_TYPE}
        self.http = httpx.Client(transport=transport, base_url=f"https://{SMDP}", headers=headers)

    def close(self) -> None:
        self.card.close()

    def seeds(self) -> Sequence[bytes]:
        recording = _Recording(self.smdpp)
        lpa = Lpa(self.card.transmit)
        lpa.download(recording, matching_id=A_DIGITS)
        lpa.process_notifications(recording)
        return recording.requests

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changes.tree_changed(random, random.choice(corpus), corpus)

    def run(self, data: bytes) -> str:
        answer = self.http.post(ASN1_PATH, content=data)
        if answer.status_code not in (200, 204, 400):
            raise WrongError(f"HTTP status {answer.status_code}")
        if answer.status_code == 200 and answer.content[:1] != b"\xa2":
            raise WrongError(f"no answer of ES9+: {answer.content[:20].hex()}")
        said = " ".join(self.log.all)
        self.log.all.clear()
        self.log.refused.clear()
        return f"{answer.status_code} {said[:150]}"


class Es2PlusRequests:
    """The orders of an SM-DP+ with Profiles in all states; they stay consistent."""

    def __init__(self, folder: Path) -> None:
        del folder
        self.log = Lines()
        self._make()

    def _make(self) -> None:
        self.orders = OrderBook(
            Order(
                made_up_package(f"8900000000000000{number:02}10", "x"),
                matching_id="" if state is OrderState.AVAILABLE else f"M{number}",
                state=state,
                profile_type="Test",
                single_use=True,
            )
            for number, state in enumerate(OrderState)
        )
        app = es2plus_app(Es2Plus(self.orders, SMDP), self.log, None)
        self.http = httpx.Client(transport=InProcess(app), base_url=f"https://{SMDP}")

    def close(self) -> None:
        self.http.close()

    def seeds(self) -> Sequence[bytes]:
        header = {"functionRequesterIdentifier": "op", "functionCallIdentifier": "1"}

        def asked(function: str, **fields: object) -> bytes:
            body = json.dumps({"header": header, **fields})
            return written("POST", PATH + function, body.encode())

        iccids = [one.iccid for one in self.orders]
        return [
            asked("downloadOrder", profileType="Test", eid=EID),
            *(asked("downloadOrder", iccid=one) for one in iccids[:3]),
            *(asked("confirmOrder", iccid=one, releaseFlag=True) for one in iccids),
            asked("confirmOrder", iccid=iccids[1], releaseFlag=False, matchingId="M", eid=EID),
            *(
                asked("cancelOrder", iccid=one, finalProfileStatusIndicator="Available")
                for one in iccids
            ),
            *(asked("releaseProfile", iccid=one) for one in iccids),
        ]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changed_request(random, corpus)

    def run(self, data: bytes) -> str:
        answer = sent(self.http, data)
        self.log.all.clear()
        self.log.refused.clear()
        self._check()
        return "" if answer is None else f"{answer.status_code} {answer.text[:150]}"

    def _check(self) -> None:
        """No two orders that can be downloaded have one matchingId, and indexes are right."""
        seen: set[str] = set()
        for record in self.orders:
            if record not in self.orders.with_iccid(record.iccid or ""):
                raise WrongError(f"{record} is not found by its ICCID")
            if record.matching_id and record.open:
                if record.matching_id in seen:
                    raise WrongError(f"two orders have the matchingId {record.matching_id!r}")
                seen.add(record.matching_id)
        if not any(one.state is OrderState.AVAILABLE for one in self.orders):
            self._make()
