"""Whatever is edited into card.json either is refused with its place, or the card can tell it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from support.es10 import SELECT_ISDR, es10_sw
from support.examples import relaxed
from support.filled import filled
from support.golden import written
from support.hexes import hx

from euicc_sim import Card, CardError
from euicc_sim.model.eim import Eim
from euicc_sim.model.profile import Installation, Profile
from euicc_sim.store.directory import DOCUMENT, read
from euicc_sim.store.making import Properties, set_properties
from euicc_sim.store.schema import EIM, INSTALLATION, PROFILE

REQUESTS = {
    "GetEuiccInfo2": hx("BF22 00"),
    "ListNotification": hx("BF28 00"),
    "RetrieveNotificationsList": hx("BF2B 00"),
    "GetProfilesInfo": hx("BF2D 00"),
    "GetProfilesInfo, each field": hx("BF2D 1A 5C18 5A 4F 9F70 90 91 92 93 94 95 B6 B7 B8 99 BF22")
    + hx("9F7B 9F67 9F68 BF64"),
    "GetEID": hx("BF3E 03 5C015A"),
    "GetRAT": hx("BF43 00"),
    "EuiccConfiguredAddresses": hx("BF3C 00"),
    "GetEimConfigurationData": hx("BF55 00"),
    "GetCerts": hx("BF56 00"),
}
Step = str | int
Document = dict[str, Any]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed card that has something in every field."""
    directory = tmp_path_factory.mktemp("card") / "card"
    written(directory)
    document = json.loads((directory / DOCUMENT).read_text())
    document["card"]["sgp32"] = "1.3"
    document["nextAssociationToken"] = 1000
    profile, eim = PROFILE.write(filled(Profile)), EIM.write(filled(Eim))
    kept = ("iccid", "isdpAid", "profileState", "package")
    document["profiles"][0] |= {name: one for name, one in profile.items() if name not in kept}
    document["eims"].append(eim)
    document["installation"] = INSTALLATION.write(filled(Installation)) | {"iccid": None}
    (directory / DOCUMENT).write_text(json.dumps(document))
    return directory


def answers(directory: Path, document: Document) -> dict[str, int]:
    """The status words of a card with that document."""
    (directory / DOCUMENT).write_text(json.dumps(document))
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        return {name: es10_sw(card.transmit, one)[1] for name, one in REQUESTS.items()}


def leaves(found: object, way: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The ways to all texts, numbers and nulls."""
    if isinstance(found, dict | list):
        for step, one in found.items() if isinstance(found, dict) else enumerate(found):
            yield from leaves(one, (*way, step))
    else:
        yield way


def split(place: str) -> tuple[Step, ...]:
    """The steps of a place that are joined by dots."""
    return tuple(int(one) if one.isdigit() else one for one in place.split("."))


def put(document: Document, way: tuple[Step, ...], value: object) -> None:
    """Put a value in a place."""
    found: Any = document
    for step in way[:-1]:
        found = found[step]
    found[way[-1]] = value


def edited(whole: Path, tmp_path: Path) -> tuple[Path, Document]:
    """A copy to play with, and its document."""
    directory = tmp_path / "card"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(whole, directory)
    return directory, json.loads((directory / DOCUMENT).read_text())


octets = st.binary(max_size=40).map(bytes.hex)
values = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    octets,
    st.sampled_from(["", "00", "FF", "3000", "BF5100", "BF3700", "BF2200", "BF6400", "AA00"]),
    st.sampled_from(["abc", "1", "1.40", "3.1", "2.999.10", "2.0999", "2.٣", "2." + "9" * 5000]),
    st.builds(lambda one, size: one * size, st.sampled_from("aÄ0"), st.integers(30, 300)),
    st.integers(-(2**63), 2**63 - 1),
    st.none(),
)


def test_the_card_that_is_edited_answers_everything(whole: Path, tmp_path: Path) -> None:
    found = answers(*edited(whole, tmp_path))
    assert found == dict.fromkeys(REQUESTS, 0x9000)


@relaxed
@given(data=st.data())
def test_a_document_that_opens_is_a_card_that_answers(
    whole: Path, tmp_path: Path, data: st.DataObject
) -> None:
    directory, document = edited(whole, tmp_path)
    ways = st.sampled_from(list(leaves(document)))
    for way in data.draw(st.lists(ways, min_size=1, max_size=2, unique=True)):
        put(document, way, data.draw(values))
    try:
        found = answers(directory, document)
    except CardError:
        event("refused")
        return
    event("opened")
    assert 0x6F00 not in found.values(), found


LONG_OID = "2." + "9" * 5000
DAMAGED: dict[str, list[object]] = {
    "installation.smdpOid": ["junk", "", "2", "3.1", "1.40", "2.01", LONG_OID],
    "installation.transactionId": ["", "00" * 17],
    "profiles.0.dpOid": ["abc", "2.999.", "2..1"],
    "profiles.0.profileNickname": ["n" * 65, "n" * 5000],
    "profiles.0.serviceProviderName": ["n" * 33],
    "profiles.0.profileName": ["n" * 65],
    "profiles.0.icon": ["00" * 1025],
    "profiles.0.serviceSpecificDataStoredInEuicc": ["", "BF22", "BF220100FF", "3000"],
    "profiles.0.iotSpecificProfileInfo": ["", "BF640100FF", "BF2200"],
    "profiles.0.profileOwner.mccMnc": ["00F1"],
    "eims.0.eimId": ["", "e" * 129, "e" * 60000],
    "eims.2.trustedPublicKeyDataTls": [{"certificate": one} for one in ("FF", "", "3001")],
    "eims.2.eSipaProprietaryProtocolInformation": ["", "AA01", "3000"],
    "results.0.euiccPackageResult": ["", "3000", "BF510100FF"],
    "notifications.0.pendingNotification": ["", "BF5100", "BF37"],
    "notifications.0.iccid": ["98"],
    "immediateEnable.smdpOid": ["junk"],
    "card.credentials.0.eumCertificate": ["00", "", "3001"],
    "card.credentials.0.euiccCertificate": ["00"],
    "card.limits.memory": [2**32],
    "returns.rollback.eimTransactionId": ["", "00" * 17],
    "returns.rollback.eimId": [""],
}


@pytest.mark.parametrize("place", DAMAGED)
def test_what_its_message_could_not_hold_is_refused_with_its_place(
    whole: Path, tmp_path: Path, place: str
) -> None:
    for value in DAMAGED[place]:
        directory, document = edited(whole, tmp_path)
        put(document, split(place), value)
        with pytest.raises(CardError, match=f"at {place}: "):
            answers(directory, document)


LONGEST: dict[str, object] = {
    "profiles.0.profileNickname": "Ä" * 64,
    "profiles.0.serviceProviderName": "Ä" * 32,
    "profiles.0.icon": "00" * 1024,
    "eims.0.eimId": "Ä" * 128,
    "installation.transactionId": "00" * 16,
    "installation.smdpOid": f"2.{2**130}.0",
    "card.limits.memory": 2**32 - 1,
}


@pytest.mark.parametrize("place", LONGEST)
def test_what_its_message_can_just_hold_is_told(whole: Path, tmp_path: Path, place: str) -> None:
    directory, document = edited(whole, tmp_path)
    put(document, split(place), LONGEST[place])
    assert set(answers(directory, document).values()) == {0x9000}


def test_a_card_of_v1_0_keeps_a_longer_eim_id_and_cannot_leave_that_version(
    whole: Path, tmp_path: Path
) -> None:
    directory, document = edited(whole, tmp_path)
    document["card"]["sgp32"] = "1.0.1"
    document["eims"][0]["eimId"] = "e" * 129
    assert 0x6F00 not in answers(directory, document).values()
    with pytest.raises(CardError, match="eimId has up to 128 characters"):
        set_properties(directory, Properties("1.2"))
    assert read(directory)[0].sgp32_version == "1.0.1"
