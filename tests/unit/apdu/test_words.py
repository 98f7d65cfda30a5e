"""Words for sentences."""

import pytest

from apdu.words import did_you_mean, nearest, plural

KNOWN = ("eid", "tries", "confirmation_code", "profile_type")


@pytest.mark.parametrize(("number", "said"), [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes")])
def test_a_count_is_singular_for_one(number: int, said: str) -> None:
    assert plural(number, "byte") == said


@pytest.mark.parametrize(
    ("name", "meant"),
    [("confirmation-code", "confirmation_code"), ("EID", "eid"), ("try", "tries")],
)
def test_the_name_that_was_meant_is_the_nearest(name: str, meant: str) -> None:
    assert nearest(name, KNOWN) == [meant]
    assert did_you_mean(name, KNOWN) == f"Did you mean {meant}?"


def test_a_name_like_none_gets_all_of_them() -> None:
    assert did_you_mean("\x1b" * 10**6, KNOWN) == (
        "One of: confirmation_code, eid, profile_type, tries."
    )
