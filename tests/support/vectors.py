"""The vectors in tests/vectors, by name."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "vectors"


@cache
def sgp32() -> dict[str, Any]:
    """The whole file."""
    found: dict[str, Any] = json.loads((FOLDER / "sgp32-vectors.json").read_text())
    return found


@cache
def _by_name() -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in sgp32()["vectors"]}


def vector(name: str) -> bytes:
    """The bytes of a vector."""
    return bytes.fromhex(_by_name()[name]["hex"])


def entry(name: str) -> dict[str, Any]:
    """All that the file says of a vector."""
    return _by_name()[name]
