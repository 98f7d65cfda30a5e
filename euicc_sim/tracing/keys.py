"""The file of session keys beside a trace, for decrypting the package of a download.

It holds only keys agreed on for a single download, none of the card's own.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from euicc_sim.tracing.errors import TraceError

if TYPE_CHECKING:
    from euicc_sim.es10.session import SessionKeys

SUFFIX = ".keys.json"
_MODE = 0o600


class KeyFile:
    """FILE.keys.json beside the trace FILE: the keys of each transaction ID, oldest first.

    Only its owner can read it. Raises TraceError when it cannot be written.
    """

    def __init__(self, trace: Path) -> None:
        self.path = trace.with_name(trace.name + SUFFIX)
        self._downloads: dict[str, list[dict[str, Any]]] = {}
        self._changed = True
        try:
            self.flush()
        except OSError as error:
            raise TraceError(
                f"{self.path} cannot be written ({error.strerror or error}); "
                "choose a different file for the trace."
            ) from error

    def add(self, at: float, eid: str, keys: SessionKeys) -> None:
        """Add keys, unless they are already in the file."""
        entry = {
            "eid": eid,
            "from": "ReplaceSessionKeys" if keys.replaced else "InitialiseSecureChannel",
            "sEnc": keys.s_enc.hex().upper(),
            "sMac": keys.s_mac.hex().upper(),
            "macChainingValue": keys.chaining.hex().upper(),
        }
        known = self._downloads.setdefault(keys.transaction_id.hex().upper(), [])
        if not any(entry.items() <= one.items() for one in known):
            when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
            known.append({"at": when, **entry})
            self._changed = True

    def flush(self) -> None:
        """Replace the file if there is something new. Raises OSError."""
        if not self._changed:
            return
        draft = self.path.with_name(f"{self.path.name}.new")
        draft.unlink(missing_ok=True)
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        with os.fdopen(fd, "w") as file:
            json.dump({"downloads": self._downloads}, file, indent=2)
            file.write("\n")
        draft.replace(self.path)
        self._changed = False

    def close(self) -> None:
        """Write what is left. Raises OSError."""
        self.flush()
