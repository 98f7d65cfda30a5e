"""Certificate extensions with an identifier that is not one: shown as they are."""

from __future__ import annotations

import pytest
from pyasn1_modules import rfc5280
from support.eims import tlv

from euicc_sim.asn1.tree import reading


@pytest.mark.parametrize("identifier", [b"\x7f" + b"\xff" * 200, b""])
def test_an_extension_with_a_malformed_identifier_is_a_flaw(identifier: bytes) -> None:
    data = tlv("30", tlv("06", identifier), tlv("04", b"\x05\x00"))
    found = reading("Extension", rfc5280.Extension(), data)
    assert found.lines[1].flaw
    assert found.lines[2].text == "0500"
