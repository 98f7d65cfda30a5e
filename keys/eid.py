"""The EID, the 32-digit number of an eUICC (SGP.02 clause 2.2.2, SGP.29).

Eight digits of issuer identification number (IIN), 22 digits chosen by the issuer, and two check
digits that make the whole number 1 modulo 97.
"""

import re

from keys.errors import PkiError

_EID_DIGITS = 32
_IIN_DIGITS = 8
_CHECK_DIGITS = 2
_SERIAL_DIGITS = _EID_DIGITS - _IIN_DIGITS - _CHECK_DIGITS


def check_digits(body: str) -> str:
    """The two check digits that follow the first 30 digits of an EID (SGP.02 clause 2.2.2).

    `PkiError` when `body` is not 30 decimal digits.
    """
    if not _is_digits(body, _EID_DIGITS - _CHECK_DIGITS):
        raise PkiError(
            f"No check digits for {body!r}: they are computed from the first 30 decimal digits of "
            "an EID. Give exactly those 30."
        )
    return f"{98 - int(body) * 100 % 97:02}"


def make_eid(iin: str, serial: int) -> str:
    """The EID of 32 digits for an IIN of 8 digits and a serial below 10**22 (SGP.29).

    `PkiError` when either does not fit.
    """
    validate_iin(iin)
    if not 0 <= serial < 10**_SERIAL_DIGITS:
        raise PkiError(
            f"The serial {serial} does not fit into the {_SERIAL_DIGITS} digits that an EID has "
            f"for it. Use a number from 0 to {10**_SERIAL_DIGITS - 1}."
        )
    body = f"{iin}{serial:0{_SERIAL_DIGITS}}"
    return body + check_digits(body)


def validate_eid(eid: str) -> None:
    """Accept an EID of 32 decimal digits with correct check digits (SGP.02 clause 2.2.2).

    `PkiError` otherwise.
    """
    if not _is_digits(eid, _EID_DIGITS):
        raise PkiError(
            f"{eid!r} is not an EID: an EID is 32 decimal digits, and this is {len(eid)} "
            "characters long. Give all 32 digits and nothing else."
        )
    expected = check_digits(eid[:-_CHECK_DIGITS])
    # By remainder, not by equality: 99, 00 and 01 are also accepted for 02, 97 and 98.
    if int(eid) % 97 != 1:
        raise PkiError(
            f"The EID {eid} has wrong check digits: it should end in {expected}, not "
            f"{eid[-_CHECK_DIGITS:]}. Look for a mistyped digit, or correct the last two."
        )


def validate_iin(iin: str) -> None:
    """Accept an IIN of 8 decimal digits, the form of an EUM's name constraint; else `PkiError`."""
    if not _is_digits(iin, _IIN_DIGITS):
        raise PkiError(
            f"{iin!r} is not an IIN: an IIN is the first 8 decimal digits of an EID, such as "
            "89049032. Give exactly 8 digits."
        )


def _is_digits(text: str, count: int) -> bool:
    return re.fullmatch(f"[0-9]{{{count}}}", text) is not None
