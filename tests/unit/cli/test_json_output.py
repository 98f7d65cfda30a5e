"""`--json`: the names of each command's output, and that it is JSON whatever is in it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.esipa import EID
from support.hexes import hx
from support.schemas import check
from typer.testing import CliRunner

from euicc_sim import Card
from euicc_sim.cli.main import app
from euicc_sim.cli.schema import OUTPUTS
from euicc_sim.parties.eim import Eim, add_initial_eim, eim_file, operations
from euicc_sim.parties.eim.server import CardRecord, Result, StateChange
from euicc_sim.parties.eim.server.card_records import Outcome
from euicc_sim.parties.messages import exchange, select_isdr
from euicc_sim.servers.database import EimDatabase

RUDE = "\x1b[2J\u202eevil"
PAGE = Path(__file__).parents[3] / "docs" / "json.md"


def run(*words: object) -> Any:
    """The output of a command, which must be ASCII, JSON, and as its schema says."""
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    assert result.stdout.isascii()
    found = json.loads(result.stdout)
    command = next(one for one in OUTPUTS if [*words][: len(one.split())] == one.split())
    check(command, found)
    return found


@pytest.fixture
def eim(tmp_path: Path) -> Path:
    """An eIM's file."""
    eim_file.create(tmp_path / "eim1.json", Eim.create(RUDE))
    return tmp_path / "eim1.json"


@pytest.fixture
def trusting(card: Card, eim: Path) -> Path:
    """A card that has obeyed it, closed; its answer and its certificates lie beside."""
    select_isdr(card.transmit)
    with eim_file.changing(eim) as one:
        exchange(card.transmit, add_initial_eim(one.configuration()))
        package = one.package([operations.list_eim()], card.eid)
    (eim.parent / "result").write_bytes(exchange(card.transmit, package))
    (eim.parent / "certs").write_bytes(exchange(card.transmit, hx("BF5600")))
    card.close()
    return card.directory


def test_card_show(trusting: Path) -> None:
    found = run("card", "show", trusting)
    assert found["eid"] == "89049032123451234512345678901235"
    (one,) = found["eims"]
    assert (one["eimId"], one["counter"], one["idType"]) == (RUDE, 1, "proprietary")
    assert set(one["key"]) == {"form", "der"}
    assert found["results"] == [{"number": 1, "eimId": RUDE}]
    assert found["switches"]["memoryFull"] is False
    assert found["profiles"] == found["notifications"] == []
    assert found["download"] is None


def test_profile_list_and_notifications(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["card", "new", str(tmp_path / "made")])
    CliRunner().invoke(app, ["profile", "download", "--test", "--card", str(tmp_path / "made")])
    (profile,) = run("profile", "list", "--card", tmp_path / "made")
    assert profile["iccid"] == "8900101000000000100"
    (note,) = run("profile", "notifications", "--card", tmp_path / "made")
    assert set(note) == {"number", "events", "iccid", "address"}
    assert (note["number"], note["events"]) == (1, ["install"])
    shown = run("card", "show", tmp_path / "made")
    assert shown["profiles"][0]["enabled"] is False
    assert shown["profiles"][0]["iccid"] == shown["notifications"][0]["iccid"]


def test_eim_show_has_no_private_key(eim: Path) -> None:
    found = run("eim", "show", eim)
    assert (found["eimId"], found["counter"], found["curve"]) == (RUDE, 0, "secp256r1")
    private = json.loads(eim.read_bytes())
    secrets = [one for one in private.values() if isinstance(one, str) and "PRIVATE" in one]
    assert secrets
    assert "PRIVATE" not in json.dumps(found)


def test_eim_verify(trusting: Path, eim: Path) -> None:
    del trusting
    folder = eim.parent
    found = run("eim", "verify", eim, folder / "result", "--certificate", folder / "certs")
    assert found["verified"] is True
    assert (found["form"], found["counter"], found["number"]) == ("result", 1, 1)
    assert [one["operation"] for one in found["outcomes"]] == ["listEim"]


def test_eim_cards_and_results(eim: Path) -> None:
    kept = Result(
        kind="package",
        words=["listEim"],
        at="2026-01-01T00:00:00Z",
        state="done",
        outcomes=[Outcome(operation="listEim", result="ok", value=[{"eimId": RUDE}])],
    )
    with (
        closing(EimDatabase(eim.with_suffix(".db"))) as store,
        store.changing(EID, CardRecord(eid=EID)) as card,
    ):
        card.keep(kept)
    (one,) = run("eim", "cards", eim)
    assert one == {
        "eid": EID,
        "waiting": 0,
        "results": 1,
        "lastPoll": None,
        "stateChange": None,
    }
    with (
        closing(EimDatabase(eim.with_suffix(".db"))) as store,
        store.changing(EID) as card,
    ):
        card.record.state_change = StateChange(at="2026-01-01T00:00:00Z", cause="fallback")
    (one,) = run("eim", "cards", eim)
    assert one["stateChange"] == {
        "at": "2026-01-01T00:00:00Z",
        "cause": "fallback",
        "plmn": None,
    }
    (result,) = run("eim", "results", eim, EID)
    assert (result["operations"], result["state"]) == (["listEim"], "done")
    assert result["outcomes"][0]["value"] == [{"eimId": RUDE}]


def test_smdpp_codes(tmp_path: Path) -> None:
    package = tmp_path / "packages" / "test.der"
    package.parent.mkdir()
    CliRunner().invoke(app, ["profile", "edit", "--test", "-o", str(package)])
    package.with_suffix(".toml").write_text('confirmation_code = "1234"\n')
    (one,) = run("smdpp", "codes", package.parent)
    assert one["activationCode"] == "LPA:1$localhost:8443$test$$1"
    assert one["confirmationCode"] is True
    assert "1234" not in json.dumps(one)


def test_decode() -> None:
    (found,) = run("decode", "BF3E035C015A")
    assert found["type"] == "GetEuiccDataRequest"
    assert found["object"]["objects"] == [
        {"name": "tagList", "tag": "5C", "length": 1, "value": "5A"}
    ]


def test_decode_of_what_was_pasted_and_trace(tmp_path: Path) -> None:
    command = "80E2910006BF3E035C015A"
    found = run("decode", command)
    assert found["kind"] == "a command APDU"
    (tmp_path / "x.log").write_text(f"> {command}\n< 6985\n")
    (item,) = run("trace", tmp_path / "x.log")
    assert item["name"] == found["items"][0]["name"] == "GetEID"
    assert item["sw"] == "6985"
    assert item["request"] == "BF3E035C015A"


def test_decode_of_an_atr() -> None:
    assert run("decode", "3B00")["atr"] == "3B00"


def test_decode_of_a_body_in_json() -> None:
    found = run("decode", '{"eidValue":"8904","eimAcknowledgements":"v1MDgAEF"}')
    eid, acknowledged = found["fields"]
    assert eid == {"name": "eidValue", "value": "8904"}
    assert acknowledged["name"] == "eimAcknowledgements"
    assert [one["type"] for one in acknowledged["readings"]] == ["EimAcknowledgements"]


def test_decode_of_a_profile_package(tmp_path: Path) -> None:
    package = tmp_path / "test.der"
    CliRunner().invoke(app, ["profile", "edit", "--test", "-o", str(package)])
    found = run("decode", package)
    assert (found["iccid"], found["refused"]) == ("8900101000000000100", None)
    assert found["elements"][0]["name"] == "header"
    assert sum(one["size"] for one in found["elements"]) == found["size"]


def test_a_pin_is_never_in_it(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("> 0020000108 31323334FFFFFFFF\n< 9000\n")
    assert "31323334" not in json.dumps(run("trace", tmp_path / "x.log"))


@pytest.mark.parametrize("command", OUTPUTS)
def test_each_command_is_in_the_page(command: str) -> None:
    assert f"`{command}`" in PAGE.read_text()
