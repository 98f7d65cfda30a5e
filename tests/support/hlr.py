"""A home network for hostapd: the text protocol of its eap_sim_db over a Unix datagram socket.

Vectors are those of `support.network`, which shares no code with the card.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from support.network import Subscriber

LONGEST = 2000


class Hlr:
    """One subscriber's home, in a thread; `heard` are the requests so far, `imsis` whose."""

    def __init__(self, path: Path, subscriber: Subscriber, sqn: int) -> None:
        """Answer on the socket `path`; `sqn` is the last number that was used."""
        self.heard: list[str] = []
        self.imsis: list[str] = []
        self.sqn = sqn
        self._subscriber = subscriber
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(20)
        self._socket.close()

    def _run(self) -> None:
        answers: dict[str, Callable[[list[str]], str]] = {
            "AKA-REQ-AUTH": self._aka,
            "AKA-AUTS": self._resynchronise,
            "SIM-REQ-AUTH": self._sim,
        }
        while True:
            data, asker = self._socket.recvfrom(LONGEST)
            if not data:
                return
            words = data.decode().split()
            self.heard.append(words[0])
            self.imsis.append(words[1])
            if answer := answers[words[0]](words):
                self._socket.sendto(answer.encode(), asker)

    def _aka(self, words: list[str]) -> str:
        """One vector with the next SQN of index 0."""
        self.sqn += 32
        rand = os.urandom(16)
        one = self._subscriber.vector(rand, self.sqn)
        parts = (rand, one.autn, one.ik, one.ck, one.res)
        return " ".join(["AKA-RESP-AUTH", words[1], *(part.hex() for part in parts)])

    def _resynchronise(self, words: list[str]) -> str:
        auts, rand = map(bytes.fromhex, words[2:4])
        self.sqn = self._subscriber.resynchronised(rand, auts)
        return ""

    def _sim(self, words: list[str]) -> str:
        """As many triplets as are asked for."""
        found = []
        for _ in range(int(words[2])):
            rand = os.urandom(16)
            sres, kc = self._subscriber.triplet(rand)
            found.append(f"{kc.hex()}:{sres.hex()}:{rand.hex()}")
        return " ".join(["SIM-RESP-AUTH", words[1], *found])
