"""The protected package of the vectors: its steps and the sessions that they belong to."""

from __future__ import annotations

import json
from typing import Any

from euicc_sim.crypto.bsp import Bsp
from support.hexes import hx
from support.vectors import FOLDER

BSP: dict[str, Any] = json.loads((FOLDER / "sgp22-vectors.json").read_text())["bsp"]
STEPS: list[dict[str, Any]] = BSP["steps"]
BEFORE_REPLACEMENT = 3
"""Steps under the derived keys; the others are under the replaced ones."""


def derived() -> Bsp:
    """The session of the agreed secret."""
    return Bsp.derive(hx(BSP["sharedSecretX"]), hx(BSP["sharedInfo"]))


def replaced() -> Bsp:
    """The session of the keys that ReplaceSessionKeys brings."""
    keys = BSP["ppk"]
    return Bsp(hx(keys["initialMacChainingValue"]), hx(keys["ppkEnc"]), hx(keys["ppkCmac"]))
