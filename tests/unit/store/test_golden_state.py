"""Documents that releases have written: each is read with all its facts, for ever."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.eims import (
    LIST_EIM,
    ask,
    build,
    configurations,
    error_code,
    read_result,
    stored_results,
)
from support.es10 import SELECT_ISDR, es10
from support.golden import (
    ADDRESS,
    CURRENT,
    FOLDER,
    RETURNS,
    RULES,
    VERSION,
    certificate_eim,
    notification,
    profiles,
    token_eim,
    written,
)
from support.hexes import hx
from support.installing import A, C
from support.managing import (
    enable,
    enabled,
)

from euicc_sim import Card, __version__
from euicc_sim.model.eim import KeyForm
from euicc_sim.model.identity import Identity
from euicc_sim.model.state import ImmediateEnable, Limits, State, Switches
from euicc_sim.store.directory import DOCUMENT, read
from euicc_sim.store.document import parse, render

REPLAY_ERROR = 4

since_0_2_0 = pytest.mark.parametrize(
    "path",
    [one for one in sorted(FOLDER.glob("*.json")) if one.stem != "0.1.0"],
    ids=lambda one: one.stem,
)
WRITE_AGAIN = (
    "until this version is released, its document may be written again: "
    "PYTHONPATH=tests:. python -P tests/support/golden.py"
)
releases = pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda one: one.stem)


def loaded(path: Path) -> tuple[Identity, State]:
    """A release's document and packages; 0.1.0 has no Profiles, and so no folder."""
    return parse(path.read_bytes(), lambda iccid: package(path, iccid))


def package(path: Path, iccid: bytes) -> bytes:
    digits = bytes(byte >> 4 | (byte & 0xF) << 4 for byte in iccid).hex()
    return (path.with_suffix("") / "profiles" / f"{digits}.upp").read_bytes()


def test_the_current_version_has_a_document() -> None:
    releases = [tuple(map(int, one.stem.split("."))) for one in FOLDER.glob("*.json")]
    assert max(releases) == tuple(map(int, VERSION.split(".")))
    number, _, _ = __version__.partition(".dev")
    assert (FOLDER / f"{number}.json").is_file(), "see tests/golden/README.md"


def test_the_current_version_renders_its_document_again_byte_for_byte() -> None:
    identity, state = loaded(CURRENT)
    assert render(identity, state) == CURRENT.read_bytes(), WRITE_AGAIN


def test_the_current_version_would_write_the_same_fields(tmp_path: Path) -> None:
    def fields(value: object) -> object:
        if isinstance(value, dict):
            return {name: fields(one) for name, one in value.items()}
        return [fields(one) for one in value] if isinstance(value, list) else type(value)

    written(tmp_path / "card")
    found = json.loads((tmp_path / "card" / DOCUMENT).read_bytes())
    assert fields(found) == fields(json.loads(CURRENT.read_bytes())), WRITE_AGAIN


def test_the_current_version_would_write_the_same_packages(tmp_path: Path) -> None:
    written(tmp_path / "card")
    for one in profiles(b""):
        assert package(tmp_path / "card.json", one.iccid) == package(CURRENT, one.iccid)


@releases
def test_a_release_s_document_written_anew_says_the_same(path: Path) -> None:
    identity, state = loaded(path)
    again = render(identity, state)
    assert parse(again, lambda iccid: package(path, iccid)) == (identity, state)


@releases
def test_a_release_s_card_is_the_same_card(path: Path) -> None:
    identity, _ = loaded(path)
    assert identity.eid == "89049032123451234512345678901235"
    assert [one.curve for one in identity.credentials] == ["NIST", "BRP"]
    assert [one.key_file for one in identity.credentials] == [
        "SK_EUICC_ECDSA_NIST.pem",
        "SK_EUICC_ECDSA_BRP.pem",
    ]
    assert identity.limits == Limits(eims=4, results=8)
    assert identity.seed == 1


@releases
def test_a_release_s_eims_are_trusted_with_their_keys_tokens_and_counters(path: Path) -> None:
    _, state = loaded(path)
    first, second = state.eims
    assert (first.eim_id, first.counter, first.token) == ("eim1.example.com", 2, 1)
    assert (first.fqdn, first.id_type) == ("eim1.example.com", 2)
    assert first.key.form is KeyForm.KEY
    assert (second.eim_id, second.counter, second.token) == ("eim2.example.com", 41, None)
    assert (second.fqdn, second.id_type) == (None, 3)
    assert second.key.form is KeyForm.CERTIFICATE
    assert second.key.der == certificate_eim().certificate
    assert state.next_token == 2


@releases
def test_a_release_s_results_wait_under_their_numbers(path: Path) -> None:
    _, state = loaded(path)
    assert [(one.seq_number, one.eim_id) for one in state.results] == [
        (1, "eim1.example.com"),
        (2, "eim1.example.com"),
        (3, "eim2.example.com"),
    ]
    assert state.next_seq == 5


@releases
def test_a_release_s_results_are_signed_with_the_token_of_their_eim(path: Path) -> None:
    identity, state = loaded(path)
    certificate = identity.credentials[0].euicc_certificate
    for result, token in zip(state.results, (1, 1, None), strict=True):
        read_result(result.signed).check(certificate, token)


@releases
def test_a_release_s_notification_waits_as_it_was_signed(path: Path) -> None:
    _, state = loaded(path)
    assert state.notifications == (notification(4),)


@releases
def test_a_release_s_other_settings_stay(path: Path) -> None:
    _, state = loaded(path)
    assert state.default_dp_address == ADDRESS
    assert state.immediate_enable == ImmediateEnable(True, "2.999.10", "smdp.immediate.example")


def test_what_0_1_0_did_not_know_is_as_on_a_new_card() -> None:
    identity, state = loaded(FOLDER / "0.1.0.json")
    new = State()
    assert (state.profiles, state.fallback_profile, state.installation) == ((), None, None)
    assert (state.returns, state.switches) == (new.returns, new.switches)
    assert (identity.card_type, identity.authorisation_rules) == ("iot", ())


@since_0_2_0
def test_a_release_s_profiles_are_there_with_all_that_is_known_of_them(path: Path) -> None:
    identity, state = loaded(path)
    assert state.profiles == profiles(identity.ci_pk_ids[1])


@since_0_2_0
def test_a_release_s_references_and_switches_are_kept(path: Path) -> None:
    _, state = loaded(path)
    assert state.fallback_profile == A
    assert state.returns == RETURNS
    assert state.switches == Switches(memory_full=True)


@since_0_2_0
def test_a_release_s_rules_authorisation_table_is_the_same(path: Path) -> None:
    assert loaded(path)[0].authorisation_rules == RULES


@releases
def test_a_release_s_document_holds_no_private_key(path: Path) -> None:
    text = path.read_text()
    assert "PRIVATE" not in text
    for eim in (token_eim(), certificate_eim()):
        number = eim.key.private_numbers().private_value
        assert f"{number:064X}" not in text


@pytest.fixture(params=sorted(FOLDER.glob("*.json")), ids=lambda one: one.stem)
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A card with a release's state and keys of its own, since those of the release are gone."""
    path: Path = request.param
    with Card.create(tmp_path / "card", seed=1, max_eims=4, results=8, fsync=False) as card:
        new = json.loads((card.directory / DOCUMENT).read_text())
        old = json.loads(path.read_text())
        old["card"]["credentials"] = new["card"]["credentials"]
        (card.directory / DOCUMENT).write_text(json.dumps(old))
        packages = path.with_suffix("")
        if packages.is_dir():
            shutil.copytree(packages, card.directory, dirs_exist_ok=True)
        return card.directory


def test_a_package_that_a_release_has_obeyed_is_a_replay(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        for eim, counter in ((token_eim(2), 2), (certificate_eim(41), 41)):
            answer = ask(card.transmit, build(eim, LIST_EIM, counter=counter))
            assert error_code(answer) == REPLAY_ERROR


def test_a_card_goes_on_where_a_release_has_stopped(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        assert list(configurations(card.transmit)) == ["eim1.example.com", "eim2.example.com"]
        for eim in (token_eim(2), certificate_eim(41)):
            assert eim.load(card.transmit, LIST_EIM)[0][0] == "listEimResult"
        assert len(stored_results(card.transmit)) == 5
        answer = read_result(es10(card.transmit, token_eim(3).package(LIST_EIM)))
        assert answer.data["seqNumber"] == 7
    assert [one.counter for one in read(directory)[1].eims] == [4, 42]


def test_a_profile_of_a_release_can_be_enabled(directory: Path) -> None:
    with Card.open(directory, fsync=False) as card:
        card.transmit(SELECT_ISDR)
        if card.state.profiles:
            assert enabled(card.transmit) == [C]
            assert ask(card.transmit, enable(A)) == hx("BF31 03 800100")
            assert enabled(card.transmit) == [A]
    assert read(directory)[1].find_profile(A) == card.state.find_profile(A)
