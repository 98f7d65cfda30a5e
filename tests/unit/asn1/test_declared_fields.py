"""Fields are declared without pyasn1's maps; they are there for whoever needs them."""

from __future__ import annotations

from pyasn1.codec.der import decoder, encoder
from support.hexes import hx

from euicc_sim.asn1.saip.files import FileItem, PEHeader
from euicc_sim.asn1.tags import fields


def test_pyasn1s_own_decoder_reads_a_declared_type() -> None:
    value, rest = decoder.decode(hx("30 05 80 00 81 01 05"), asn1Spec=PEHeader())
    assert (int(value["identification"]), rest) == (5, b"")
    assert encoder.encode(value) == hx("30 05 80 00 81 01 05")


def test_pyasn1s_own_decoder_reads_a_declared_choice() -> None:
    value, _ = decoder.decode(hx("82 01 07"), asn1Spec=FileItem())
    assert (value.getName(), int(value.getComponent())) == ("fillFileOffset", 7)


def test_the_number_of_fields_is_known_without_the_maps() -> None:
    found = PEHeader.componentType
    assert len(found) == 2
    assert found
    assert not fields()
    assert [one.name for one in found.namedTypes] == ["mandated", "identification"]
