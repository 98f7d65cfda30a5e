"""The targets by name."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from fuzz.runner import Target
from fuzz.targets.activation_code import ActivationCodes
from fuzz.targets.card import Commands
from fuzz.targets.card_files import Changes, Documents
from fuzz.targets.decode import Decoding
from fuzz.targets.journal import Journals
from fuzz.targets.lpac_stdio import LpacLines
from fuzz.targets.modem import ModemLines
from fuzz.targets.servers import Es9Requests, EsipaJson, EsipaMessages, RestRequests
from fuzz.targets.sim import SimCommands, SimPackages
from fuzz.targets.smdpp import Es2PlusRequests, Es9Messages


class _Made(Protocol):
    def __call__(self, folder: Path) -> Target: ...


TARGETS: dict[str, _Made] = {
    "card": Commands,
    "sim": SimCommands,
    "package": SimPackages,
    "decode": Decoding,
    "card.json": Documents,
    "card.changes": Changes,
    "lpac-stdio": LpacLines,
    "modem": ModemLines,
    "journal": Journals,
    "activation-code": ActivationCodes,
    "esipa": EsipaMessages,
    "esipa-json": EsipaJson,
    "rest": RestRequests,
    "es9": Es9Requests,
    "es9-asn1": Es9Messages,
    "es2plus": Es2PlusRequests,
}
