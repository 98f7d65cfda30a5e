"""What is on a card's disk: its files as they are, and the document that they come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from euicc_sim.store.directory import CHANGES, DOCUMENT, look
from euicc_sim.store.document import render


def files(directory: Path) -> tuple[bytes, bytes]:
    """The document and the change log, byte for byte: the same when nothing was kept."""
    changes = directory / CHANGES
    return (directory / DOCUMENT).read_bytes(), changes.read_bytes() if changes.exists() else b""


def document(directory: Path) -> dict[str, Any]:
    """What `card.json` will be once the card is closed."""
    found = look(directory)
    document: dict[str, Any] = json.loads(render(found.identity, found.state))
    return document
