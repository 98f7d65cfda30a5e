"""Cards of the versions of SGP.22: what each says of itself (SGP.22 clause 5.7.8, SGP.32 5.9.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.es10 import SELECT_ISDR, es10
from support.fresh import fresh_card
from support.hexes import hx
from support.judge import SGP22_V2_6, SGP22_V3_1, judged, without_level

from euicc_sim import Card
from euicc_sim.asn1.sgp32.profiles import EUICCInfo2
from euicc_sim.asn1.wire import WIRE_1_2
from euicc_sim.store import CardError

Send = Callable[[bytes], bytes]
IOT_TAIL = "900100 B40B A0050403 {} 8100 8200"
SAS = "0C11 455549 43432D53 494D2D54 4553542D 3031"


@pytest.fixture
def options(request: pytest.FixtureRequest) -> dict[str, str]:
    """The options of the card; a test gives its own."""
    found: dict[str, str] = getattr(request, "param", {})
    return found


@pytest.fixture
def card(tmp_path: Path, pki_folder: Path, options: dict[str, str]) -> Iterator[Card]:
    with Card.open(fresh_card(tmp_path / "card", pki_folder, **options), fsync=False) as found:
        yield found


def of(*rows: tuple[dict[str, str], Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("options", "said"), rows, indirect=["options"])


def consumer(**more: str) -> dict[str, str]:
    return {"card_type": "consumer", **more}


@of(
    ({}, "020500"),
    ({"sgp32": "1.0.1"}, "020500"),
    ({"sgp32": "1.3"}, "020700"),
    ({"sgp32": "1.3", "sgp22": "2.5"}, "020500"),
    ({"sgp22": "2.7"}, "020700"),
    (consumer(), "020500"),
    (consumer(sgp32="1.3"), "020500"),
    (consumer(sgp22="2.6.1"), "020601"),
    (consumer(sgp22="2.7"), "020700"),
)
def test_its_svn_is_in_both_infos(isdr: Send, said: str) -> None:
    assert es10(isdr, hx("BF2000"))[3:8] == hx("8203" + said)
    assert hx("8103 030301 8203" + said) in es10(isdr, hx("BF2200"))


@of((consumer(), "020500"), (consumer(sgp22="2.7"), "020700"))
def test_its_svn_is_in_the_answer_to_select(card: Card, said: str) -> None:
    answer = card.transmit(SELECT_ISDR)
    if answer[:1] == b"\x61":
        answer = card.transmit(hx("00C00000" + answer[1:].hex()))
    assert hx("E005 8203" + said) in answer


@of(
    ({}, "8802 0490"),
    (consumer(), "8802 0490"),
    (consumer(sgp22="2.6.1"), "8802 0490"),
    (consumer(sgp22="2.7"), "8805 03 90000018"),
    ({"sgp22": "2.7"}, "8805 03 90000018"),
    ({"sgp32": "1.3", "sgp22": "2.5"}, "8802 0490"),
    ({"sgp32": "1.3"}, "8805 03 90000038"),
)
def test_its_capability_has_the_checks_since_v2_7_and_iot_metadata_in_v1_3(
    isdr: Send, said: str
) -> None:
    assert hx(said + "A92C") in es10(isdr, hx("BF2200"))


@of(
    ({}, IOT_TAIL.format("010200")),
    ({"sgp22": "2.7"}, IOT_TAIL.format("010200") + "95010C"),
    ({"sgp32": "1.3", "sgp22": "2.6.1"}, IOT_TAIL.format("010300")),
    ({"sgp32": "1.3"}, IOT_TAIL.format("010300") + "95010C"),
    (consumer(), SAS),
    (consumer(sgp22="2.7"), SAS + "95010C"),
)
def test_its_minimum_security_level_is_the_last_field_since_v2_7(isdr: Send, said: str) -> None:
    assert es10(isdr, hx("BF2200")).endswith(hx(said))


@pytest.mark.parametrize("options", [{"sgp32": "1.3", "security_level": b"\x1e"}], indirect=True)
def test_its_minimum_security_level_can_be_another(isdr: Send) -> None:
    assert es10(isdr, hx("BF2200")).endswith(hx("95011E"))


@pytest.mark.parametrize("version", ["2.5", "2.6.1", "2.7"])
def test_others_read_the_infos_of_every_version(
    tmp_path: Path, pki_folder: Path, version: str
) -> None:
    folder = fresh_card(tmp_path / "card", pki_folder, card_type="consumer", sgp22=version)
    with Card.open(folder, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        info1, info2 = (es10(card.transmit, hx(one)) for one in ("BF2000", "BF2200"))
    svn = bytes(map(int, f"{version}.0".split(".")[:3]))
    for module, name in ((SGP22_V2_6, "svn"), (SGP22_V3_1, "lowestSvn")):
        assert judged("EUICCInfo1", info1, module)[name] == svn
    assert judged("EUICCInfo2", without_level(info2), SGP22_V2_6)["svn"] == svn
    ours = WIRE_1_2[EUICCInfo2].decode(info2)
    assert ours.get("euiccMinimumSecurityLevel") == (b"\x0c" if version == "2.7" else None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sgp22": "2.4"}, "SGP.22 2.4 is not supported; choose 2.5, 2.6.1, 2.7"),
        (
            {"security_level": b"\x0c"},
            "SGP.22 v2.5 has no security level; make the card one of v2.7",
        ),
        (
            {"sgp22": "2.7", "security_level": b"\x0c\x0c"},
            "a security level is one byte, such as 0C, not 2",
        ),
    ],
)
def test_what_no_card_can_be_is_a_sentence(
    tmp_path: Path, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CardError) as caught:
        Card.create(tmp_path / "new", **options)
    assert str(caught.value) == sentence
    assert not (tmp_path / "new").exists()
