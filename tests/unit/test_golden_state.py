"""Documents that releases have written: each is read with all its facts, for ever.

Run as a program it writes the document of the current version, which is done before a release.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from support.eims import (
    LIST_EIM,
    Eim,
    ask,
    build,
    configurations,
    eim1,
    error_code,
    read_answer,
    stored_results,
    trust,
)
from support.es10 import SELECT_ISDR, es10
from support.hexes import hx

from euicc_sim import Card
from euicc_sim.document import parse
from euicc_sim.model.eim import KeyForm
from euicc_sim.model.identity import Identity
from euicc_sim.model.notification import Notification
from euicc_sim.model.state import ImmediateEnable, Limits, State
from euicc_sim.rendering import Renderer
from euicc_sim.storage import DOCUMENT, read
from keys import CertificateIssuer, Curve

FOLDER = Path(__file__).parents[1] / "golden" / "state"
VECTORS = Path(__file__).parents[1] / "vectors" / "sgp22-vectors.json"
VERSION = version("euicc-sim")
CURRENT = FOLDER / f"{VERSION}.json"
REPLAY_ERROR = 4

ADDRESS = "smdp.test.example"
SET_ADDRESS = hx("BF65 13 8011") + ADDRESS.encode()
ICCID = hx("98001032547698103214")
LOADED = "ES10b.LoadBoundProfilePackage (final response, success)"

releases = pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda one: one.stem)


def token_eim(counter: int = 0) -> Eim:
    """Trusted by its bare key, with a token."""
    extra = {"eimFqdn": "eim1.example.com", "eimIdType": 2}
    return eim1(counter=counter, token=1 if counter else None, extra=extra)


def certificate_eim(counter: int = 40) -> Eim:
    """Trusted by a certificate on the other curve."""
    issuer = CertificateIssuer.create(Curve.BRP, seed=2)
    signing = issuer.issue_eim_signing("eim2.example.com")
    return Eim("eim2.example.com", signing.private_key, counter=counter, certificate=signing.der)


def notification(number: int) -> Notification:
    """The ProfileInstallationResult of the vectors, under a number of this card's row."""
    found = next(
        one["response"]
        for one in json.loads(VECTORS.read_text())["vectors"]
        if one["function"] == LOADED
    )
    before, after = hx("800101 8102 0780"), bytes((0x80, 1, number)) + hx("8102 0780")
    signed = bytes.fromhex(found).replace(before, after)
    return Notification(number, frozenset({0}), "testsmdpplus1.example.com", ICCID, signed)


def document(directory: Path) -> bytes:
    """The document of a card that keeps something of everything."""
    with Card.create(directory, seed=1, max_eims=4, results=8, fsync=False) as card:
        first, second = token_eim(), certificate_eim()
        trust(card.transmit, first, token_wanted=True)
        first.load(card.transmit, ("addEim", second.configuration()))
        first.load(card.transmit, LIST_EIM)
        second.load(card.transmit, LIST_EIM)
        ask(card.transmit, SET_ADDRESS)
        state = replace(
            card.state,
            notifications=(notification(card.state.next_seq),),
            next_seq=card.state.next_seq + 1,
            immediate_enable=ImmediateEnable(True, "2.999.10", "smdp.immediate.example"),
        )
        return Renderer(card.identity).render(state)


def loaded(path: Path) -> tuple[Identity, State]:
    return parse(path.read_bytes())


def test_the_current_version_has_a_document() -> None:
    assert CURRENT.is_file(), f"write {CURRENT.name} as tests/golden/README.md says"


def test_the_current_version_renders_its_document_again_byte_for_byte() -> None:
    identity, state = loaded(CURRENT)
    assert Renderer(identity).render(state) == CURRENT.read_bytes()


def test_the_current_version_would_write_the_same_fields(tmp_path: Path) -> None:
    def fields(value: object) -> object:
        if isinstance(value, dict):
            return {name: fields(one) for name, one in value.items()}
        return [fields(one) for one in value] if isinstance(value, list) else type(value)

    written = json.loads(document(tmp_path / "card"))
    assert fields(written) == fields(json.loads(CURRENT.read_bytes()))


@releases
def test_a_release_s_document_written_anew_says_the_same(path: Path) -> None:
    identity, state = loaded(path)
    assert parse(Renderer(identity).render(state)) == (identity, state)


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
        read_answer(result.signed).check(certificate, token)


@releases
def test_a_release_s_notification_waits_as_it_was_signed(path: Path) -> None:
    _, state = loaded(path)
    assert state.notifications == (notification(4),)


@releases
def test_a_release_s_other_settings_stay(path: Path) -> None:
    _, state = loaded(path)
    assert state.default_dp_address == ADDRESS
    assert state.immediate_enable == ImmediateEnable(True, "2.999.10", "smdp.immediate.example")


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
        answer = read_answer(es10(card.transmit, token_eim(3).package(LIST_EIM)))
        assert answer.data["seqNumber"] == 7
    assert [one.counter for one in read(directory)[1].eims] == [4, 42]


def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        CURRENT.write_bytes(document(Path(folder, "card")))


if __name__ == "__main__":
    _write()
