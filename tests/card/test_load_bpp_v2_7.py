"""What a card of SGP.22 v2.7 checks at installation: the security level, and servers (31 and 32).

Clause 2.5.6. Until v2.6.1 a card looks at neither.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from support import saip
from support.fresh import fresh_card
from support.hexes import hx
from support.installing import SMDP, install, order, smdpp

from euicc_sim import Card
from euicc_sim.asn1.sgp22.packages import ProfileInstallationResult
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.model.profile import ProfileClass
from euicc_sim.parties.lpa.lpa import Lpa
from euicc_sim.parties.messages import LpaError
from euicc_sim.readings import PROFILE_SECURITY_LEVEL_TAG

Install = Callable[..., bytes]

INSTALLED = b""
LEVEL, SERVER = hx("A208 A106 800105 81011F"), hx("A208 A106 800102 810120")
"""finalResult, errorResult: loadProfileElements and 31, storeMetadata and 32."""
KINDS = pytest.mark.parametrize(
    "kind", [{"card_type": "consumer", "sgp22": "2.7"}, {"sgp32": "1.3"}]
)


@pytest.fixture
def made(tmp_path: Path, pki_folder: Path) -> Install:
    """Makes a card and downloads a Profile: the finalResult of a refusal, or INSTALLED."""
    directory = tmp_path / "card"

    def play(kind: dict[str, Any], package: bytes | None = None, **fields: Any) -> bytes:
        with Card.open(fresh_card(directory, pki_folder, **kind), fsync=False) as card:
            with suppress(LpaError):
                install(card.transmit, pki_folder, package=package, **fields)
            (kept,) = [one for one in card.state.notifications if one.signed[:2] == hx("BF37")]
            final = kept.signed.partition(hx("0603 88370A"))[2]
            installed = final[2:3] == hx("A0")
            assert len(card.state.profiles) == installed
            return INSTALLED if installed else final.partition(hx("5F37"))[0]

    return play


def asking(level: str) -> bytes:
    """A package whose header asks for a security level."""
    return saip.package(later=[hx(f"8A01{level}")])


@KINDS
def test_a_package_that_asks_for_a_higher_level_is_refused(
    made: Install, kind: dict[str, Any]
) -> None:
    assert made(kind, asking("0D")) == LEVEL


@KINDS
def test_a_package_that_asks_for_the_card_s_level_is_installed(
    made: Install, kind: dict[str, Any]
) -> None:
    assert made(kind, asking("0C")) == INSTALLED


def test_a_card_of_a_higher_level_installs_it(made: Install) -> None:
    assert made({"sgp22": "2.7", "security_level": b"\x0d"}, asking("0D")) == INSTALLED


@pytest.mark.parametrize("version", ["2.5", "2.6.1"])
def test_before_v2_7_nothing_is_asked_of_the_card(made: Install, version: str) -> None:
    assert made({"sgp22": version}, asking("FF")) == INSTALLED


def test_the_field_is_the_one_that_the_reading_names() -> None:
    assert asking("0D")[4:].count(bytes([PROFILE_SECURITY_LEVEL_TAG, 1, 0x0D])) == 1


TEST = {"profile_class": ProfileClass.TEST}


def listing(*servers: str, sgp22: str = "2.7") -> dict[str, Any]:
    return {"sgp22": sgp22, "test_profile_servers": servers}


def test_a_test_profile_of_a_server_that_is_not_listed_is_refused(made: Install) -> None:
    assert made(listing("other.example.com"), **TEST) == SERVER


@pytest.mark.parametrize("server", [SMDP, SMDP.upper()])
def test_a_test_profile_of_a_listed_server_is_installed(made: Install, server: str) -> None:
    assert made(listing("other.example.com", server), **TEST) == INSTALLED


def test_without_a_list_a_test_profile_may_be_of_any_server(made: Install) -> None:
    assert made(listing(), **TEST) == INSTALLED


def test_the_list_is_for_test_profiles_only(made: Install) -> None:
    assert made(listing("other.example.com")) == INSTALLED


def test_the_reason_has_a_name_and_a_sentence(tmp_path: Path, pki_folder: Path) -> None:
    directory = fresh_card(tmp_path / "card", pki_folder, **listing("other.example.com"))
    server = smdpp(pki_folder, order(profile_class=ProfileClass.TEST))
    with Card.open(directory, fsync=False) as card:
        with pytest.raises(LpaError) as caught:
            Lpa(card.transmit).download(server, matching_id="89000123456789012341")
        said = [one.text for one in card.take_events() if one.refused]
    assert caught.value.code == "installFailedDueToServerAddressAbsentInEuiccAllowList"
    assert f"this card takes test Profiles from other.example.com, not from {SMDP};" in said[-1]
    result = WIRE_1_2[ProfileInstallationResult].decode(caught.value.result or b"")
    final = result["profileInstallationResultData"]["finalResult"]
    assert final == (
        "errorResult",
        {"bppCommandId": "storeMetadata", "errorReason": caught.value.code},
    )
