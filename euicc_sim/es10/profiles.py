"""Profiles on the card. There are none yet: the list is empty and no ICCID is known."""

from __future__ import annotations

from typing import Any

from euicc_sim.es10.registry import ResultError, es10
from euicc_sim.session import Session


def _refuse(code: str) -> tuple[str, str]:
    return "profileInfoListError", code


def _malformed(_: Session, why: str) -> ResultError:
    return ResultError("incorrectInputValues", why)


@es10(
    0xBF2D,
    "ProfileInfoListRequest",
    "ProfileInfoListResponse",
    name="GetProfilesInfo",
    clause="SGP.32 5.9.14",
    refuse=_refuse,
    codes=("incorrectInputValues",),
    malformed=_malformed,
)
def get_profiles_info(_: Session, __: Any) -> tuple[str, list[Any]]:
    """GetProfilesInfo, SGP.32 v1.2 clause 5.9.14."""
    return "profileInfoListOk", []
