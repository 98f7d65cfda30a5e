"""`euicc-sim decode` of what Profiles are made of: packages, bound packages, results."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import saip
from support.command import Run, runner
from support.installing import A_DIGITS, order, smdpp

from apdu.tlv import tlv
from euicc_sim import Card
from euicc_sim.formats.saip import elements
from euicc_sim.parties.lpa.lpa import Lpa


@pytest.fixture
def decode(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `euicc-sim decode` with these words."""
    return runner(monkeypatch, capsys, "decode")


def test_a_package_is_shown_as_its_header_and_elements(decode: Run, tmp_path: Path) -> None:
    usim = saip.element(0xB3, 8, tlv(0x81, saip.template(4, 2)))
    package = saip.package(connectivity=b"\x01\x02", elements=[usim])
    (tmp_path / "a.der").write_bytes(package)
    outcome = decode(tmp_path / "a.der")
    assert outcome.facts == {
        "ICCID": A_DIGITS,
        "profile type": "Test",
        "version": "3.3",
        "connectivity": "0102",
        "bytes": str(len(package)),
    }
    header, end = saip.header(connectivity=b"\x01\x02"), saip.element(saip.END, 0x7FFF)
    assert outcome.rows == [
        ["1", "header", "A0", "", "", str(len(header))],
        ["2", "usim", "B3", "8", "yes", str(len(usim))],
        ["3", "end", "AA", "32767", "yes", str(len(end))],
    ]


def test_a_package_may_be_given_in_hex(decode: Run) -> None:
    assert decode(saip.package().hex()).facts["ICCID"] == A_DIGITS


def test_a_package_that_the_card_would_refuse_is_shown_with_the_reason(decode: Run) -> None:
    outcome = decode(saip.package(services=("mbms",)).hex())
    assert outcome.said[0] == (
        "This card refuses it: service mbms is mandatory and not supported; PEStatus 10."
    )
    assert [row[1] for row in outcome.rows] == ["header", "end"]


def test_a_truncated_package_is_reported(decode: Run) -> None:
    complaint = decode(saip.package()[:-1].hex()).complaint
    assert complaint.startswith("This profile package cannot be read: ")
    assert complaint.endswith("; check it.")


def test_a_bound_package_and_its_result_are_shown_as_trees(
    decode: Run, card: Card, pki_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = order()
    server = smdpp(pki_folder, wanted)
    bind, bound = server.get_bound_profile_package, []

    def keep(transaction_id: bytes, response: bytes) -> bytes:
        bound.append(bind(transaction_id, response))
        return bound[0]

    monkeypatch.setattr(server, "get_bound_profile_package", keep)
    lpa = Lpa(card.transmit)
    number = lpa.download(server, matching_id=wanted.matching_id).seq_number
    assert decode(bound[0].hex()).said[0].startswith("BoundProfilePackage ")
    result = decode(lpa.notification(number).hex()).said
    assert result[0].startswith("ProfileInstallationResult ")


def test_of_a_package_of_thousands_of_elements_the_first_are_listed(decode: Run) -> None:
    package = saip.package()
    end = package[-elements(package)[-1].size :]
    outcome = decode((package + end * 2000).hex())
    assert len(outcome.rows) == 1000
    assert outcome.said[-1].endswith(" more elements are not shown.")
