"""Activation codes and the addresses in them: an address, or a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from euicc_sim.parties.messages.activation_code import ActivationCode, ActivationCodeError
from fuzz import changes


class ActivationCodes:
    """What stands below a QR code."""

    def __init__(self, folder: Path) -> None:
        del folder

    def close(self) -> None:
        pass

    def seeds(self) -> Sequence[bytes]:
        codes = ("LPA:1$smdp.example.com$A-1", "1$a:8443$$1.3.6.1$1", "lpa:1$[::1]:443$X$2.999$")
        return [one.encode() for one in codes]

    def changed(self, random: Random, corpus: Sequence[bytes]) -> bytes:
        code = random.choice(corpus)
        if random.random() < 0.5:
            parts = code.split(b"$")
            parts[random.randrange(len(parts))] = changes.text(random).encode()
            return b"$".join(parts)
        return changes.flipped(random, code)

    def run(self, data: bytes) -> str:
        try:
            found = ActivationCode.parse(data.decode(errors="surrogateescape"))
        except ActivationCodeError as error:
            return str(error)
        ActivationCode.parse(str(found))
        return f"{found.strict} {found.confirmation} {len(found.address) > 255}"
