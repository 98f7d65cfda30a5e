"""The names of Profile Elements and of what can come of one (TCA eUICC Profile Package v3.3.1)."""

from __future__ import annotations

from enum import IntEnum


class PEStatus(IntEnum):
    """`status` of a PEStatus; a response may also hold a status word there."""

    OK = 0
    PE_NOT_SUPPORTED = 1
    MEMORY_FAILURE = 2
    BAD_VALUES = 3
    NOT_ENOUGH_MEMORY = 4
    INVALID_REQUEST_FORMAT = 5
    INVALID_PARAMETER = 6
    RUNTIME_NOT_SUPPORTED = 7
    LIB_NOT_SUPPORTED = 8
    TEMPLATE_NOT_SUPPORTED = 9
    FEATURE_NOT_SUPPORTED = 10
    PIN_CODE_MISSING = 11
    UNSUPPORTED_PROFILE_VERSION = 31


PE_STATUSES = {one.value: one.name.lower().replace("_", "-") for one in PEStatus}
"""How the standard writes each status."""

ELEMENTS = (
    *("header", "genericFileManagement", "pinCodes", "pukCodes", "akaParameter"),
    *("cdmaParameter", "securityDomain", "rfm", "application", "nonStandard", "end"),
    *("rfu1", "rfu2", "rfu3", "rfu4", "rfu5"),
    *("mf", "cd", "telecom", "usim", "opt-usim", "isim", "opt-isim", "phonebook", "gsm-access"),
    *("csim", "opt-csim", "eap", "df-5gs", "df-saip", "df-snpn", "df-5gprose", "iot", "opt-iot"),
)
"""The alternatives of ProfileElement; the position is the tag number."""
