"""How far a download has come, as an SM-DP+ tells the operator (SGP.22 v2.5 clause 5.3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Point(IntEnum):
    """notificationPointId: what the SM-DP+ has done, or what has failed."""

    ELIGIBILITY = 1
    CONFIRMATION_FAILURE = 2
    DELIVERY = 3
    INSTALLATION = 4


@dataclass(frozen=True, kw_only=True)
class DownloadProgress:
    """One report. `iccid` and `profile_type` are those of the order, `eid` that of the card.

    `failure` is why that point was not passed, None if it was; `codes` are the subject code and the
    reason code, if there are any. `result` is a ProfileInstallationResult (BF37).
    """

    point: Point
    iccid: str
    profile_type: str
    eid: str
    at: datetime
    failure: str | None = None
    codes: tuple[str, str] | None = None
    result: bytes | None = None
