"""Lines in lpac's stdio protocol: each has exactly one answer, which is JSON in one line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

from euicc_sim.transport.blank import SilentObserver
from euicc_sim.transport.lpac_stdio import LpacStdio, line_type
from fuzz import cards, changes
from fuzz.runner import WrongError

ISDR = "A0000005591010FFFFFFFF8900000100"


class LpacLines:
    """A program that says anything."""

    def __init__(self, folder: Path) -> None:
        self._template = cards.Template(folder)

    def close(self) -> None:
        self._template.close()

    def seeds(self) -> Sequence[bytes]:
        opening = [_request("connect"), _request("logic_channel_open", ISDR)]
        asked = [f"81E29100{len(one):02X}{one.hex()}" for one in cards.vectors() if len(one) < 256]
        whole = [[*opening, _request("transmit", one)] for one in asked[:200]]
        whole += [
            [_request("transmit", one.hex()) for one in section] for section in cards.scripts()
        ]
        whole.append([*opening, _request("logic_channel_close", "01"), _request("disconnect")])
        whole.append(['{"type":"http","payload":{}}', '{"type":"lpa","payload":{"code":0}}'])
        return ["\n".join(one).encode() + b"\n" for one in whole]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changes.lines_changed(
            random,
            random.choice(corpus),
            corpus,
            lambda line: changes.json_changed(random, line).replace(b"\n", b" "),
        )

    def run(self, data: bytes) -> str:
        card, complaints = self._template.card(), list[str]()
        link = LpacStdio(card, SilentObserver(), complaints.append)
        codes = []
        for line in data.split(b"\n")[:-1]:
            line_type(line)
            answer = link.answer(line + b"\n")
            payload = json.loads(answer)["payload"]
            if answer.count(b"\n") != 1 or not answer.endswith(b"\n"):
                raise WrongError(f"not one line: {answer!r}")
            if payload["data"].endswith("6F00"):
                raise WrongError("the card answered 6F00")
            codes.append(f"{payload['ecode']} {payload['data'][-4:]}")
        if not all(one.isprintable() for one in complaints):
            raise WrongError(f"a complaint with control characters: {complaints!a}")
        return " ".join([*codes[-4:], *complaints[-2:]])


def _request(func: str, param: str | None = None) -> str:
    return json.dumps({"type": "apdu", "payload": {"func": func, "param": param}})
