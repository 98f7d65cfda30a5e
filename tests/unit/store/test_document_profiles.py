"""What a card's document says of Profiles, held against what can be: place and reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.golden import CURRENT, FOLDER, written
from support.hexes import hx
from support.installing import A_DIGITS, A

from euicc_sim.store.directory import DOCUMENT
from euicc_sim.store.document import DocumentError, parse

Document = dict[str, Any]
Spoil = Callable[[Document], object]

UNKNOWN = "98001032547698109999"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card that keeps something of everything, closed."""
    directory = tmp_path_factory.mktemp("card") / "card"
    written(directory)
    return directory


@pytest.fixture
def document(directory: Path) -> Document:
    """Its document."""
    found: Document = json.loads((directory / DOCUMENT).read_text())
    return found


@pytest.fixture
def fetch(directory: Path) -> Callable[[bytes], bytes]:
    """What gives its packages."""

    def fetched(iccid: bytes) -> bytes:
        digits = bytes(byte >> 4 | (byte & 0xF) << 4 for byte in iccid).hex()
        return (directory / "profiles" / f"{digits}.upp").read_bytes()

    return fetched


def put(place: str, value: object) -> Spoil:
    """Put a value in a place, whose steps are joined by dots."""

    def spoil(document: Document) -> None:
        found, last = reached(document, place)
        found[last] = value

    return spoil


def drop(place: str) -> Spoil:
    """Take a field away."""

    def spoil(document: Document) -> None:
        found, last = reached(document, place)
        del found[last]

    return spoil


def reached(document: Document, place: str) -> tuple[Any, str | int]:
    *way, last = (int(one) if one.isdigit() else one for one in place.split("."))
    found: Any = document
    for step in way:
        found = found[step]
    return found, last


def twice(name: str) -> Spoil:
    """Give the second Profile a field of the first one."""

    def spoil(document: Document) -> None:
        document["profiles"][1][name] = document["profiles"][0][name]

    return spoil


def wrong(place: str, value: object) -> tuple[Spoil, str]:
    """A value that does not fit in its place."""
    return put(place, value), f"at {place}"


FIRST = "profiles.0."
SPOILT: dict[str, tuple[Spoil, str]] = {
    "the same ICCID twice": (twice("iccid"), "two Profiles have the same iccid"),
    "the same AID twice": (twice("isdpAid"), "two Profiles have the same isdpAid"),
    "two enabled": (put(FIRST + "profileState", "enabled"), "more than one Profile is enabled"),
    "another state": wrong(FIRST + "profileState", "resting"),
    "an unknown class": wrong(FIRST + "profileClass", "holiday"),
    "a class as a number": wrong(FIRST + "profileClass", 2),
    "an ICCID of 9 bytes": wrong(FIRST + "iccid", "980010325476981032"),
    "an ICCID that is not hex": wrong(FIRST + "iccid", "9800103254769810321G"),
    "no ICCID": (drop(FIRST + "iccid"), "at profiles.0.iccid: this field is missing"),
    "an AID of 4 bytes": wrong(FIRST + "isdpAid", "A0000005"),
    "an AID of 17 bytes": wrong(FIRST + "isdpAid", "A0" * 17),
    "a nickname that is null": wrong(FIRST + "profileNickname", None),
    "an icon of another type": wrong(FIRST + "iconType", "gif"),
    "an icon that is not hex": wrong(FIRST + "icon", "icon"),
    "an unknown rule": wrong(FIRST + "profilePolicyRules", ["ppr7"]),
    "an unknown event": (
        put(FIRST + "notificationConfigurationInfo.0.profileManagementOperation", ["boot"]),
        "at profiles.0.notificationConfigurationInfo.0.profileManagementOperation.0",
    ),
    "a recipient without an address": (
        drop(FIRST + "notificationConfigurationInfo.0.notificationAddress"),
        "at profiles.0.notificationConfigurationInfo.0.notificationAddress: this field is missing",
    ),
    "an owner of two bytes": wrong(FIRST + "profileOwner.mccMnc", "00F1"),
    "an ecallIndication of 1": wrong(FIRST + "ecallIndication", 1),
    "preLoaded as a word": wrong(FIRST + "preLoaded", "yes"),
    "a field nobody knows": wrong(FIRST + "colour", "red"),
    "no package": (drop(FIRST + "package"), "at profiles.0.package: this field is missing"),
    "a package that has changed": (
        put(FIRST + "package.sha256", "0" * 64),
        f"at profiles.0.package: profiles/{A_DIGITS}.upp is not the package that was stored",
    ),
    "a package of another size": (
        put(FIRST + "package.size", 7),
        f"at profiles.0.package: profiles/{A_DIGITS}.upp is not the package that was stored",
    ),
    "a size below 0": wrong(FIRST + "package.size", -1),
    "a hash that is too short": wrong(FIRST + "package.sha256", "0" * 63),
    "a fallback to nowhere": (put("fallbackProfile", UNKNOWN), f"no Profile {UNKNOWN} to go"),
    **{
        f"a return to nowhere, {name}": (put(f"returns.{name}", UNKNOWN), f"no Profile {UNKNOWN}")
        for name in ("fallback", "emergency", "test", "rollback.iccid")
    },
    "a fallback of 11 bytes": wrong("fallbackProfile", UNKNOWN + "00"),
    "a rollback of package result -1": wrong("returns.rollback.seqNumber", -1),
    "a rollback of counter -1": wrong("returns.rollback.counterValue", -1),
    "a return nobody knows": wrong("returns.holiday", None),
    "a switch nobody knows": wrong("switches.lazy", True),
    "a switch that is 1": wrong("switches.memoryFull", 1),
    "another type of card": wrong("card.type", "watch"),
    "a memory below 0": wrong("card.limits.memory", -1),
    "no room for notifications": wrong("card.limits.notifications", 0),
    "an operator of 4 bytes": (
        put("card.rulesAuthorisationTable.0.allowedOperators.0.mccMnc", "00F11000"),
        "at card.rulesAuthorisationTable.0.allowedOperators.0.mccMnc",
    ),
    "a rule nobody knows": (
        put("card.rulesAuthorisationTable.0.pprIds", ["ppr9"]),
        "at card.rulesAuthorisationTable.0.pprIds.0",
    ),
    "an installation at no step": (
        put(
            "installation",
            {
                "transactionId": "01",
                "address": "a",
                "smdpOid": "2.999",
                "euiccCiPKId": "00",
                "step": "storeMetadata2",
            },
        ),
        "at installation.step",
    ),
    "an installation of nothing": (put("installation", {}), "at installation.transactionId"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_damaged_document_is_refused_with_its_place(
    document: Document, fetch: Callable[[bytes], bytes], name: str
) -> None:
    spoil, expected = SPOILT[name]
    spoil(document)
    with pytest.raises(DocumentError) as caught:
        parse(json.dumps(document).encode(), fetch)
    assert expected in str(caught.value)


def test_the_document_is_whole_before_it_is_spoilt(
    document: Document, fetch: Callable[[bytes], bytes]
) -> None:
    assert len(parse(json.dumps(document).encode(), fetch)[1].profiles) == 3


def test_without_packages_a_document_with_profiles_cannot_be_read(document: Document) -> None:
    with pytest.raises(DocumentError, match=r"at profiles\.0\.package: the package of 98001032"):
        parse(json.dumps(document).encode())


def test_the_reason_why_a_package_is_not_there_is_said(document: Document) -> None:
    def nothing(iccid: bytes) -> bytes:
        assert iccid == A
        raise ValueError("it is at the laundry")

    with pytest.raises(DocumentError, match=r"at profiles\.0\.package: it is at the laundry$"):
        parse(json.dumps(document).encode(), nothing)


def test_bits_without_a_name_are_numbers(
    document: Document, fetch: Callable[[bytes], bytes]
) -> None:
    put("profiles.0.profilePolicyRules", ["ppr2", 5])(document)
    put("profiles.0.iconType", 7)(document)
    _, state = parse(json.dumps(document).encode(), fetch)
    assert state.profiles[0].rules == {2, 5}
    assert state.profiles[0].icon_type == 7


PARTS = ("profiles", "fallbackProfile", "returns", "installation", "switches")


def test_what_earlier_releases_did_not_write_may_be_missing(document: Document) -> None:
    for name in PARTS:
        del document[name]
    for name in ("type", "rulesAuthorisationTable"):
        del document["card"][name]
    for name in ("notifications", "memory"):
        del document["card"]["limits"][name]
    identity, state = parse(json.dumps(document).encode())
    assert (identity.card_type, state.profiles) == ("iot", ())
    assert not set(PARTS) & set(json.loads((FOLDER / "0.1.0.json").read_text()))
    assert set(PARTS) <= set(json.loads(CURRENT.read_text()))


def test_an_installation_under_way_is_kept(
    document: Document, fetch: Callable[[bytes], bytes]
) -> None:
    document["installation"] = {
        "transactionId": "0102",
        "address": "smdp.example.com",
        "smdpOid": "2.999.10",
        "euiccCiPKId": "00" * 20,
        "step": "loadProfileElements",
        "iccid": A.hex(),
    }
    _, state = parse(json.dumps(document).encode(), fetch)
    assert state.installation is not None
    assert (state.installation.transaction_id, state.installation.step) == (hx("0102"), 5)
