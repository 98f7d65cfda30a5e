"""The token of the interface for orders: who has it may order.

It is in a file of its owner beside the eIM's, made when it is missing; requests have it as
`Authorization: Bearer TOKEN`.
"""

from __future__ import annotations

import hmac
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from euicc_sim.env import SystemEnv
from euicc_sim.parties.messages import safe_file
from euicc_sim.servers import ServerError

SIZE = 32
"""Random bytes."""
SUFFIX = ".token"

_AT_MOST = 4096
_TOKEN = re.compile(r"[!-~]{16,512}")


@dataclass(frozen=True)
class OrderToken:
    """The token and the file that it is in."""

    secret: str = field(repr=False)
    path: Path

    @classmethod
    def kept(cls, path: Path) -> OrderToken:
        """The token in a file, which is made unless it exists. Raises ServerError."""
        try:
            with suppress(FileExistsError):
                safe_file.create(path, SystemEnv().random(SIZE).hex().encode() + b"\n")
        except OSError as error:
            raise _unusable(path, error) from error
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> OrderToken:
        """The token in a file that exists. Raises ServerError."""
        try:
            text = safe_file.content(path, _AT_MOST).decode("ascii", "replace").strip()
        except OSError as error:
            raise _unusable(path, error) from error
        if not _TOKEN.fullmatch(text):
            raise ServerError(
                f"{path} does not hold a token: 16 to 512 characters in ASCII without blanks. "
                "Remove it, and a new one is made."
            )
        return cls(text, path)

    def fits(self, authorization: str | None) -> bool:
        """Whether the header of a request has this token."""
        scheme, _, given = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            given.strip().encode(), self.secret.encode()
        )


def _unusable(path: Path, error: OSError) -> ServerError:
    return ServerError(
        f"{path} cannot be used: {error.strerror}. It is to hold the token for orders; "
        "check that you may write there, or choose another file with --token."
    )
