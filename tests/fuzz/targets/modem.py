"""AT command lines: each that begins with AT has exactly one final result code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from euicc_sim.transport.blank import SilentObserver
from euicc_sim.transport.modem.commands import HANDLERS, Modem
from fuzz import cards, changes
from fuzz.runner import WrongError

ISDR = "A0000005591010FFFFFFFF8900000100"
_FINAL = ("OK", "ERROR", "+CME ERROR: ")


class ModemLines:
    """A program that says anything."""

    def __init__(self, folder: Path) -> None:
        self._template = cards.Template(folder)

    def close(self) -> None:
        self._template.close()

    def seeds(self) -> Sequence[bytes]:
        opening = ["AT+CMEE=2", f'AT+CCHO="{ISDR}"']
        asked = [f"80E29100{len(one):02X}{one.hex()}" for one in cards.vectors() if len(one) < 256]
        whole = [[*opening, f'AT+CGLA=1,{len(one)},"{one}"'] for one in asked[:200]]
        whole += [
            [f'AT+CSIM={2 * len(one)},"{one.hex()}"' for one in section]
            for section in cards.scripts()
        ]
        whole.append([f"AT{name}{form.value}" for name, form in HANDLERS])
        whole.append(["AT+CRSM=176,12258,0,0,10", 'AT+CPIN="0000";+CIMI;+CCID', "AT+CFUN=1,1"])
        return ["\r".join(one).encode() + b"\r" for one in whole]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        return changes.lines_changed(
            random,
            random.choice(corpus).replace(b"\r", b"\n"),
            corpus,
            lambda line: changes.flipped(random, line).replace(b"\n", b" "),
        ).replace(b"\n", b"\r")

    def run(self, data: bytes) -> str:
        modem = Modem(self._template.card(), SilentObserver())
        modem.power_on()
        said = []
        for line in data.split(b"\r")[:-1]:
            text = line.decode("ascii", errors="replace").strip()
            groups = [*modem.answer(text)]
            finals = [one for group in groups for one in group if one.startswith(_FINAL)]
            if len(finals) != (text[:2].upper() == "AT"):
                raise WrongError(f"{len(finals)} result codes: {finals}")
            if not all(one.isprintable() and one.isascii() for group in groups for one in group):
                raise WrongError(f"an answer with other characters: {groups!a}")
            if any('6F00"' in one for group in groups for one in group):
                raise WrongError("the card answered 6F00")
            said.append("/".join(group[0][:20] for group in groups))
        return " ".join(said[-4:])
